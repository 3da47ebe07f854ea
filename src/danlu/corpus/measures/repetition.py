"""How much of a text its own n-grams repeat, over units (Han characters and words alike).

After Gopher (Rae et al. 2021, section A1.1), with two mends: an n-gram that comes once is no repetition, and spaces
count neither as covered nor as text, so that Chinese and English shares mean the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from danlu.corpus.measures.batch import ALONE, Array, TextBatch, mix, share

TOP = (2, 3, 4)
# A Han character says less than a word: 5 words are about 8 characters (1.6 for each word of Chinese text).
DUPLICATE = {5: 8, 6: 10, 7: 11, 8: 13, 9: 14, 10: 16}
_STEP = np.uint64(0xD1342543DE82EF95)


def measure(batch: TextBatch) -> Mapping[str, Array]:
    """`top_n_gram` (n 2 to 4): share of the characters that the most frequent n-gram covers; `duplicate_n_gram` (n 5 to
    10): share that lies in n-grams which stood earlier in the text, overlaps counted once. There an n-gram that begins
    with a Han character is longer: DUPLICATE gives its length.
    """
    hashes_U, documents_U = batch.unit_hashes_U, batch.unit_documents_U
    num_documents = len(batch.texts)
    total_D = batch.count_units_D(batch.unit_lengths_U.astype(np.float64))
    ends_U = np.zeros(hashes_U.size + 1, np.int64)
    np.cumsum(batch.unit_lengths_U, out=ends_U[1:])
    last_U = np.cumsum(batch.count_units_D())[documents_U]  # where the document of each unit ends
    alone_U = ALONE[batch.classes_C[batch.unit_starts_U]]
    covered = {n: np.zeros(hashes_U.size, bool) for n in DUPLICATE}
    columns: dict[str, Array] = {}
    # Only where an n-gram comes again may the longer one come again: candidates shrink with n, and so does the sorting.
    places = np.arange(hashes_U.size)
    grams = mix(mix(documents_U.astype(np.uint64) + np.uint64(1)) * _STEP + hashes_U)
    for n in range(2, max(DUPLICATE.values()) + 1):
        fits = places + n <= last_U[places]
        places = places[fits]
        grams = mix(grams[fits] * _STEP + hashes_U[places + n - 1])
        runs = _repeated(grams, places)
        places, grams = runs.places, grams[runs.order]
        if n in TOP:
            columns[f"top_{n}_gram"] = share(_top(runs, documents_U, ends_U, n, num_documents), total_D)
        again = _again(runs)
        for short, long in DUPLICATE.items():
            for wanted, is_han in ((short, False), (long, True)):
                if wanted == n:
                    covered[short] |= _cover(again[alone_U[again] == is_han], n, hashes_U.size)
    for n, covered_U in covered.items():
        characters_D = batch.count_units_D(covered_U * batch.unit_lengths_U.astype(np.float64))
        columns[f"duplicate_{n}_gram"] = share(characters_D, total_D)
    return columns


@dataclass(frozen=True, kw_only=True)
class _Runs:
    """The n-grams that come more than once, equal ones side by side: `order` picks them from what was searched.

    `places` are their first units; `starts` and `counts` tell the runs of equal ones.
    """

    order: Array
    places: Array
    starts: Array
    counts: Array


def _repeated(grams: Array, places: Array) -> _Runs:
    """Sorts n-grams and leaves out those that stand alone."""
    order = np.argsort(grams)
    ordered = grams[order]
    fresh = np.ones(order.size, bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(fresh)
    counts = np.diff(starts, append=order.size)
    order = order[np.repeat(counts > 1, counts)]
    counts = counts[counts > 1]
    return _Runs(order=order, places=places[order], starts=np.cumsum(counts) - counts, counts=counts)


def _top(runs: _Runs, documents_U: Array, ends_U: Array, n: int, num_documents: int) -> Array:
    """Characters that the most frequent n-gram of each text covers; of equally frequent ones the longest."""
    heads = runs.places[runs.starts]
    length = np.minimum(ends_U[heads + n] - ends_U[heads], (1 << 20) - 1)
    best_D = np.zeros(num_documents, np.int64)
    np.maximum.at(best_D, documents_U[heads], runs.counts * (1 << 20) + length)
    return (best_D >> 20) * (best_D & ((1 << 20) - 1))


def _again(runs: _Runs) -> Array:
    """Where n-grams begin that stood before."""
    if not runs.starts.size:
        return runs.places
    first = np.repeat(np.minimum.reduceat(runs.places, runs.starts), runs.counts)
    again: Array = runs.places[runs.places != first]
    return again


def _cover(starts: Array, n: int, num_units: int) -> Array:
    """Which units lie in one of the n-grams that begin at `starts`."""
    change = np.zeros(num_units + 1, np.int64)
    np.add.at(change, starts, 1)
    np.add.at(change, starts + n, -1)
    covered: Array = np.cumsum(change[:-1]) > 0
    return covered
