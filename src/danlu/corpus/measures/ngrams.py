"""How much of a text its own n-grams repeat, for any cutting into tokens: words for Gopher, characters for MAP-NEO.

Exact, without hashing: an n-gram is the number of its first n-1 tokens and the last token in one 64-bit key. Only where
an n-gram comes again can the longer one come again, so candidates shrink with n, and the sorting with them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from danlu.corpus.measures.batch import Array

TOKEN_BITS = 21


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Tokens (`_T`) of some documents in order. `token_T` lies below 2 ** 21, `document_T` below 2 ** 21.

    `length_T` are characters; `gap_T` is the space that stands behind each token when an n-gram is written out.
    """

    token_T: Array
    document_T: Array
    length_T: Array
    gap_T: Array
    num_documents: int


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """The n-grams that stand more than once in a document, equal ones side by side.

    `places` are their first tokens; `starts` and `counts` tell the runs of equal ones, `first` where each run's n-gram
    stands first.
    """

    n: int
    places: Array
    starts: Array
    counts: Array
    first: Array


def repeats(tokens: Tokens, longest: int) -> Iterator[Repeats]:
    """The repeated n-grams for n = 2, 3, ... `longest`."""
    size = tokens.token_T.size
    bits = max(TOKEN_BITS, size.bit_length())
    keys = (tokens.document_T.astype(np.int64) << TOKEN_BITS) | tokens.token_T
    places, keys = _sorted_by_key(np.arange(size), keys, bits)
    fresh = _differs_from_last(keys)
    # Each token has a number of its own in each document, so what reaches into the next document is like nothing else.
    rank_T = np.full(size + 1, size, np.int64)
    rank_T[places] = np.cumsum(fresh) - 1
    places, fresh = _repeating(places, fresh)
    for n in range(2, longest + 1):
        keys = (np.cumsum(fresh) << bits) | rank_T[places + n - 1]
        places, keys = _sorted_by_key(places, keys, bits)
        places, fresh = _repeating(places, _differs_from_last(keys))
        starts = np.flatnonzero(fresh)
        counts = np.diff(starts, append=fresh.size)
        yield Repeats(n=n, places=places, starts=starts, counts=counts, first=places[starts])


def _sorted_by_key(places: Array, keys: Array, bits: int) -> tuple[Array, Array]:
    """Both in the order of the keys, equal ones in the order of their places, which have `bits`, as keys have twice.

    Key and place in one number: to sort numbers is 6 to 13 times as quick as to find their order.
    """
    if 3 * bits > 63:
        order = np.argsort(keys, kind="stable")
        return places[order], keys[order]
    packed = np.sort((keys << bits) | places)
    return packed & ((1 << bits) - 1), packed >> bits


def _differs_from_last(keys: Array) -> Array:
    fresh = np.ones(keys.size, bool)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    return fresh


def _repeating(places: Array, fresh: Array) -> tuple[Array, Array]:
    """Those that stand in a run of at least two; `fresh` marks the first of each run."""
    several = ~fresh
    several[:-1] |= several[1:]
    return places[several], fresh[several]


def top_characters(tokens: Tokens, found: Repeats) -> Array:
    """Characters that the most frequent n-gram of each document covers, spaces between its words counted; 0 when none
    comes twice. Of equally frequent ones the one that stands first counts.
    """
    best_D = np.zeros(tokens.num_documents, np.int64)
    np.maximum.at(best_D, tokens.document_T[found.first], (found.counts << 40) | ((1 << 40) - 1 - found.first))
    has_D = best_D > 0
    place_D = np.where(has_D, (1 << 40) - 1 - (best_D & ((1 << 40) - 1)), 0)
    written_T = np.zeros(tokens.token_T.size + 1, np.int64)
    np.cumsum(tokens.length_T + tokens.gap_T, out=written_T[1:])
    last_D = np.minimum(place_D + found.n - 1, max(0, tokens.token_T.size - 1))
    if not tokens.token_T.size:
        return best_D
    length_D = written_T[last_D] + tokens.length_T[last_D] - written_T[place_D]
    covered_D: Array = np.where(has_D, (best_D >> 40) * length_D, 0)
    return covered_D


def duplicate_characters(tokens: Tokens, found: Repeats) -> Array:
    """Characters of each document in n-grams that stood before, taken from left to right without overlap."""
    chosen = _without_overlap(_later(found), found.n)
    total_T = np.zeros(tokens.token_T.size + 1, np.int64)
    np.cumsum(tokens.length_T, out=total_T[1:])
    lengths = (total_T[chosen + found.n] - total_T[chosen]).astype(np.float64)
    return np.bincount(tokens.document_T[chosen], lengths, minlength=tokens.num_documents)


def covered_characters(tokens: Tokens, found: Repeats) -> Array:
    """Characters of each document in n-grams that stand more than once, first ones too, overlaps counted once."""
    change_T = np.zeros(tokens.token_T.size + 1, np.int64)
    np.add.at(change_T, found.places, 1)
    np.add.at(change_T, found.places + found.n, -1)
    covered_T = np.cumsum(change_T[:-1]) > 0
    return np.bincount(tokens.document_T, covered_T * tokens.length_T, minlength=tokens.num_documents)


def _later(found: Repeats) -> Array:
    """The places, in order, of n-grams that stood before in their document."""
    later: Array = found.places[found.places != np.repeat(found.first, found.counts)]
    later.sort()
    return later


def _without_overlap(places: Array, n: int) -> Array:
    """Of places in order those that a reader takes who jumps n tokens on after each."""
    if not places.size:
        return places
    following = np.searchsorted(places, places + n)
    # After a gap of n tokens the reader always takes the next place, so all such places begin at once.
    fresh = np.ones(places.size + 1, bool)
    fresh[1:-1] = np.diff(places) >= n
    taken = np.zeros(places.size, bool)
    front = np.flatnonzero(fresh[:-1])
    while front.size:
        taken[front] = True
        front = following[front]
        front = front[~fresh[front]]
    chosen: Array = places[taken]
    return chosen
