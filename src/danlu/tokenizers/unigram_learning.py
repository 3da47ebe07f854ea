"""Pieces of a unigram model and their probabilities, learnt from words (Kudo 2018, arXiv:1804.10959, section 3.2).

As in the paper: many recurring strings to begin with, then rounds that set probabilities by expectation-maximisation
and drop the pieces whose loss would cost least, until the size is met. Counts are those of the likeliest segmentation
of each word (the Viterbi form of the E-step), found by the `tokenizers` library. Its own trainer is not used: it counts
a string once for each different word, so that ` this` was no candidate (English manuals, about 8,000 entries: 3.23 bytes
per token, by this file 3.89), and its order of ties changes from process to process.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer as LibraryTokenizer
from tokenizers.models import Unigram

from danlu.tokenizers.cutting import Cutter, Points, code_points, slices
from danlu.tokenizers.isolating import Isolation

# Scores are whole multiples of this, so that sums of them are exact: a tie falls the same way wherever a text is cut.
SCORE_STEP = 2.0**-16
LONGEST_PIECE = 16  # characters, as in SentencePiece (max_sentencepiece_length)
LONGEST_WORD = 64
SEEDS_PER_PIECE = 8
KEPT_PER_ROUND, EM_STEPS = 0.75, 2  # as in SentencePiece (shrinking_factor, num_sub_iterations)
MARGIN = 1.1  # rounds end this far above the size; the last cut is by probability
Numbers = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


class ScoredPiece(NamedTuple):
    """A piece and the natural logarithm of its probability."""

    piece: str
    score: float


class _Words(NamedTuple):
    """Different words and how often each occurs, in the order of their code points."""

    texts: list[str]
    counts: Numbers


def learn_pieces(texts: Iterable[str], alphabet: Numbers, room: int, min_frequency: int) -> list[ScoredPiece]:
    """At most `room` pieces: each character of `alphabet` (code points, not more than `room`), and longer ones.

    Longer ones recur at least `min_frequency` times inside words. A pure function of its arguments.
    """
    words = _words(texts, alphabet)
    if not words.texts:
        return []
    model = _Model(words, *_recurring(words, SEEDS_PER_PIECE * room, min_frequency))
    model.improve()
    while len(model.pieces) > MARGIN * room:
        model.prune(max(int(MARGIN * room), int(KEPT_PER_ROUND * len(model.pieces))))
        model.improve()
    model.prune(room, by_score=True)
    return [ScoredPiece(piece, score) for piece, score in zip(model.pieces, model.scores.tolist(), strict=True)]


def _words(texts: Iterable[str], alphabet: Numbers) -> _Words:
    cutter, cuts, counts = Cutter(), Isolation(longest=LONGEST_WORD), Counter[str]()
    for part in _parts(texts, alphabet):
        points = code_points(part)
        starts = cutter.starts(points)
        cuts.add(points, starts)
        counts.update(slices(part, starts))
    words = sorted(word for word in counts if word)
    return _Words(words, np.array([counts[word] for word in words], dtype=np.int64))


def _parts(texts: Iterable[str], alphabet: Numbers) -> Iterator[str]:
    """`texts` cut at characters outside of `alphabet`, which are left out."""
    kept = set(map(chr, alphabet.tolist())) - {"\0"}
    for text in texts:
        rare = set(text) - kept
        yield from filter(None, text.translate(dict.fromkeys(map(ord, rare), "\0")).split("\0"))


class _Strings(NamedTuple):
    """Strings of one length: where each stands first, and how often it occurs."""

    length: int
    first: Numbers
    counts: Numbers


def _recurring(words: _Words, most: int, min_frequency: int) -> tuple[list[str], Numbers]:
    """All characters and the `most` strings of most characters (occurrences times length), with their occurrences."""
    joined = "".join(words.texts)
    found = list(_strings(words, code_points(joined), max(2, min_frequency)))
    lengths = np.repeat([one.length for one in found], [len(one.first) for one in found])
    first = np.concatenate([one.first for one in found])
    counts = np.concatenate([one.counts for one in found])
    gain = np.where(lengths == 1, np.iinfo(np.int64).max, lengths * counts)
    chosen = np.sort(np.argsort(-gain, kind="stable")[: max(most, len(found[0].first))])
    pieces = [joined[at : at + n] for at, n in zip(first[chosen].tolist(), lengths[chosen].tolist(), strict=True)]
    return pieces, counts[chosen]


def _strings(words: _Words, points: Points, min_frequency: int) -> Iterator[_Strings]:
    """All strings inside words, by length, that occur `min_frequency` times; single characters in any case.

    A string of n characters is the pair of its first and its last n - 1: sorted pairs count it exactly.
    """
    lengths = np.array([len(word) for word in words.texts])
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(points))  # characters up to the end of the word
    weights = np.repeat(words.counts, lengths)
    _, first, numbers = np.unique(points, return_index=True, return_inverse=True)
    yield _Strings(1, first, np.bincount(numbers, weights=weights).astype(np.int64))
    for length in range(2, LONGEST_PIECE + 1):
        at = np.flatnonzero((numbers[:-1] >= 0) & (numbers[1:] >= 0) & (left[:-1] >= length))
        if not len(at):
            return
        pairs = numbers[at] * (int(numbers.max()) + 1) + numbers[at + 1]
        _, first, inverse = np.unique(pairs, return_index=True, return_inverse=True)
        counts = np.bincount(inverse, weights=weights[at]).astype(np.int64)
        often = counts >= min_frequency
        yield _Strings(length, at[first[often]], counts[often])
        numbers = np.full(len(points), -1)
        numbers[at] = np.where(often, np.cumsum(often) - 1, -1)[inverse]


@final
class _Model:
    """Pieces with scores; characters are never dropped."""

    def __init__(self, words: _Words, pieces: list[str], counts: Numbers) -> None:
        self._words = words
        self.pieces, self.counts = pieces, counts
        self.scores = _scores(counts)

    def improve(self) -> None:
        """Steps of expectation-maximisation; pieces that no word uses any more are dropped."""
        for _ in range(EM_STEPS):
            self.counts = self._used()
            self._keep((self.counts > 0) | self._characters())
            self.scores = _scores(self.counts)

    def prune(self, most: int, *, by_score: bool = False) -> None:
        """Keeps the `most` pieces whose loss would lower the likelihood of the words most (or the likeliest pieces)."""
        worth = self.scores if by_score else self.counts * (self.scores - _without_themselves(self.pieces, self.scores))
        worth = np.where(self._characters(), np.inf, worth)
        kept = np.zeros(len(worth), dtype=np.bool_)
        kept[np.argsort(-worth, kind="stable")[:most]] = True
        self._keep(kept)

    def _characters(self) -> npt.NDArray[np.bool_]:
        return np.array([len(piece) == 1 for piece in self.pieces], dtype=np.bool_)

    def _keep(self, kept: npt.NDArray[np.bool_]) -> None:
        self.pieces = [piece for piece, keep in zip(self.pieces, kept.tolist(), strict=True) if keep]
        self.counts, self.scores = self.counts[kept], self.scores[kept]

    def _used(self) -> Numbers:
        """How often each piece stands in the likeliest segmentations."""
        unknown = ("\0", float(self.scores.min()))  # the library wants one; every character has its entry
        entries = [unknown, *zip(self.pieces, self.scores.tolist(), strict=True)]
        found = LibraryTokenizer(Unigram(entries, unk_id=0)).encode_batch_fast(self._words.texts)
        lengths = np.array([len(one) for one in found])
        ids = np.fromiter(chain.from_iterable(one.ids for one in found), dtype=np.int64, count=int(lengths.sum()))
        weights = np.repeat(self._words.counts, lengths)
        return np.bincount(ids, weights=weights, minlength=len(entries))[1:].astype(np.int64)


def _scores(counts: Numbers) -> Scores:
    """Logarithms of shares; what was not seen counts as half a time."""
    raised: Scores = np.log(np.maximum(counts, 0.5) / max(1, int(counts.sum())))
    return np.asarray(np.round(raised / SCORE_STEP) * SCORE_STEP)


def _without_themselves(pieces: Sequence[str], scores: Scores) -> Scores:
    """The score of each piece's likeliest segmentation into other pieces; 0 for characters, which have none."""
    number_of = {piece: number for number, piece in enumerate(pieces)}
    known = np.append(scores, -np.inf)  # number -1: no such piece
    result = np.zeros(len(pieces))
    for length in range(2, LONGEST_PIECE + 1):
        group = [number for number, piece in enumerate(pieces) if len(piece) == length]
        if not group:
            continue
        best = np.full((len(group), length + 1), -np.inf)
        best[:, 0] = 0.0
        for end in range(1, length + 1):
            for start in range(1 if end == length else 0, end):
                inner = [number_of.get(pieces[number][start:end], -1) for number in group]
                np.maximum(best[:, end], best[:, start] + known[inner], out=best[:, end])
        result[group] = best[:, length]
    return result
