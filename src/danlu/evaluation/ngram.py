"""An n-gram model of characters with byte fallback: the reference line that a language model has to beat.

Interpolated Witten-Bell smoothing (Witten and Bell 1991; Chen and Goodman 1998, section 2.4), down to a uniform guess:

    P_k(c | h) = (count(h c) + kinds(h) P_{k-1}(c | h')) / (count(h) + kinds(h))

where h' is h without its first symbol, kinds(h) how many different symbols followed h, and P_0 = 1 / V. A context that
was never followed by anything leaves P_{k-1} as it is. All counts come from one sort of packed n-grams: nothing loops
over the text.

N symbols of a text, V symbols that can be predicted, U different n-grams of the highest order, G of one order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

MAX_ORDER = 6
PAD = 0  # before each text: a context, never predicted
BOUNDARY = "\ud800"  # stands for PAD while texts are joined: no valid text holds half a surrogate pair
FIRST_BYTE = 1  # symbols 1 to 256 are bytes; the characters of the alphabet come behind them
FIRST_CHARACTER = 257
NUM_CODE_POINTS = 0x110000
# A character seen once in training is written as bytes there as well, so that bytes have counts of their own.
MIN_COUNT = 2
WORD_BITS = 64
HELD_OUT = 10  # one part in ten of the training text chooses the order
MANY_TEXTS = 20  # from here on whole texts are held out, below that the last tenth of each


@final
class Alphabet:
    """Characters that the training text holds at least `min_count` times; any other is written as its UTF-8 bytes."""

    def __init__(self, texts: Sequence[str], min_count: int = MIN_COUNT) -> None:
        points = np.flatnonzero(np.bincount(_code_points("".join(texts)), minlength=1) >= min_count)
        self.num_characters = len(points)
        self._symbols = np.full(NUM_CODE_POINTS, -1, dtype=np.int32)
        self._symbols[points] = FIRST_CHARACTER + np.arange(len(points), dtype=np.int32)
        self._symbols[ord(BOUNDARY)] = PAD

    @property
    def size(self) -> int:
        """V: 256 bytes and the characters."""
        return 256 + self.num_characters

    def symbols(self, texts: Sequence[str], pads: int) -> NDArray[np.int32]:
        """The symbols of `texts`, int32 [N], with `pads` pads before each text and behind the last."""
        between = BOUNDARY * pads
        points_N = _code_points(between + between.join(texts) + between)
        symbols_N = self._symbols[points_N]
        unknown = np.flatnonzero(symbols_N < 0)
        if not len(unknown):
            return symbols_N
        sizes_N = np.ones(len(points_N), dtype=np.int64)
        unknown_points = points_N[unknown]
        sizes_N[unknown] = 1 + sum((unknown_points >= limit).astype(np.int64) for limit in (0x80, 0x800, 0x10000))
        spread = np.repeat(symbols_N, sizes_N)
        written = unknown_points.astype("<u4").tobytes().decode("utf-32-le").encode()
        spread[spread < 0] = np.frombuffer(written, dtype=np.uint8).astype(np.int32) + FIRST_BYTE
        return spread


@dataclass(frozen=True, kw_only=True)
class _Order:
    """The n-grams of one order, sorted: `codes_G` = parent x base + last symbol; totals and kinds per parent."""

    codes_G: IntArray
    counts_G: IntArray
    totals: IntArray
    kinds: IntArray


@final
class NgramModel:
    """Witten-Bell n-grams of orders 1 to `order`, fitted to `texts` (each begins behind `order` - 1 pads)."""

    def __init__(self, texts: Sequence[str], order: int, min_count: int = MIN_COUNT) -> None:
        assert 1 <= order <= MAX_ORDER
        self.order = order
        self.alphabet = Alphabet(texts, min_count)
        self._base = FIRST_CHARACTER + self.alphabet.num_characters
        self._orders = _count(self.alphabet.symbols(texts, order - 1 or 1), order, self._base)

    def nats(self, texts: Sequence[str]) -> FloatArray:
        """Cross-entropy of `texts` in nats, summed, under each order 1 to `order`: float64 [order]."""
        return np.array([-np.log(chances).sum() for chances in self._chances(texts)])

    def chances(self, texts: Sequence[str]) -> FloatArray:
        """The probability of each symbol of `texts` under the highest order, float64 [N] without pads."""
        return self._chances(texts)[-1]

    def _chances(self, texts: Sequence[str]) -> list[FloatArray]:
        symbols_N = self.alphabet.symbols(texts, self.order - 1 or 1).astype(np.int64)
        predicted = np.flatnonzero(symbols_N != PAD)
        chance = np.full(len(predicted), 1 / self.alphabet.size)
        context_N = np.zeros(len(symbols_N), dtype=np.int64)  # the empty context, number 0, before each symbol
        found_by_order = []
        for table in self._orders:
            gram_N = _find(table.codes_G, context_N * self._base + symbols_N, context_N >= 0)
            gram, context = gram_N[predicted], context_N[predicted]
            count = np.where(gram >= 0, table.counts_G[gram], 0)
            kinds = np.where(context >= 0, table.kinds[context], 0)
            total = np.where(context >= 0, table.totals[context], 0) + kinds
            chance = np.where(total > 0, (count + kinds * chance) / np.maximum(total, 1), chance)
            found_by_order.append(chance)
            context_N = np.concatenate([[-1], gram_N[:-1]])
        return found_by_order


def choose_order(texts: Sequence[str]) -> int:
    """The order, 1 to MAX_ORDER, that predicts a held-out tenth of the training text best; 1 for hardly any text."""
    if len(texts) >= MANY_TEXTS:
        held = [text for i, text in enumerate(texts) if i % HELD_OUT == HELD_OUT - 1]
        kept = [text for i, text in enumerate(texts) if i % HELD_OUT != HELD_OUT - 1]
    else:
        cuts = [len(text) - len(text) // HELD_OUT for text in texts]
        held = [text[cut:] for text, cut in zip(texts, cuts, strict=True)]
        kept = [text[:cut] for text, cut in zip(texts, cuts, strict=True)]
    if not any(held) or not any(kept):
        return 1
    return int(np.argmin(NgramModel(kept, MAX_ORDER).nats(held))) + 1


def _code_points(text: str) -> IntArray:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.int64)


def _count(symbols_N: NDArray[np.int32], order: int, base: int) -> list[_Order]:
    """The tables of orders 1 to `order`: the n-grams of all lower orders are prefixes of the sorted highest ones."""
    grams = _sorted_grams(symbols_N, order, base)
    counts_U, symbols_UK = grams.counts_U, grams.symbols_UK
    changed_U = np.zeros(len(counts_U), dtype=bool)
    changed_U[0] = True
    parent_U = np.zeros(len(counts_U), dtype=np.int64)
    num_parents, tables = 1, []
    for k in range(order):
        symbol_U = symbols_UK[k]
        changed_U[1:] |= symbol_U[1:] != symbol_U[:-1]
        first = np.flatnonzero(changed_U)
        parents, last = parent_U[first], symbol_U[first].astype(np.int64)
        counts_G = np.add.reduceat(counts_U, first)
        real = last != PAD
        tables.append(
            _Order(
                codes_G=parents * base + last,
                counts_G=counts_G,
                totals=np.bincount(parents[real], weights=counts_G[real], minlength=num_parents).astype(np.int64),
                kinds=np.bincount(parents[real], minlength=num_parents),
            )
        )
        parent_U = np.cumsum(changed_U) - 1
        num_parents = len(first)
    return tables


@dataclass(frozen=True, kw_only=True)
class _Grams:
    """The different n-grams of a text in order: their counts and, for each place, their symbols."""

    counts_U: IntArray
    symbols_UK: list[IntArray]


def _sorted_grams(symbols_N: NDArray[np.int32], order: int, base: int) -> _Grams:
    """Packs each n-gram into one 64-bit number (two ranked halves where it does not fit) and sorts the numbers."""
    bits = (base - 1).bit_length()
    padded = np.concatenate([symbols_N, np.full(order - 1, PAD, dtype=np.int32)]).astype(np.int64)
    if bits * order <= 63:
        codes_U, counts_U = np.unique(_pack(padded, order, bits), return_counts=True)
        return _Grams(counts_U=counts_U, symbols_UK=_unpack(codes_U, order, bits))
    half = order // 2
    left = _ranked(_pack(padded, half, bits), half * bits)
    right = _ranked(_pack(padded, order - half, bits), (order - half) * bits)
    pairs = left.ranks_N[: len(right.ranks_N) - half] * len(right.values) + right.ranks_N[half:]
    codes_U, counts_U = np.unique(pairs, return_counts=True)
    first, second = left.values[codes_U // len(right.values)], right.values[codes_U % len(right.values)]
    return _Grams(counts_U=counts_U, symbols_UK=_unpack(first, half, bits) + _unpack(second, order - half, bits))


@dataclass(frozen=True, kw_only=True)
class _Ranked:
    """The different values in order, and which of them stands at each place."""

    values: IntArray
    ranks_N: IntArray


def _ranked(codes_N: IntArray, bits: int) -> _Ranked:
    """What np.unique(return_inverse=True) gives. Sorting numbers that carry their own place in the low bits takes 0.08 s
    for two million, sorting places takes 0.45 s, as NumPy sorts plain numbers by vector instructions.
    """
    place_bits = max(1, (len(codes_N) - 1).bit_length())
    if bits + place_bits > WORD_BITS:
        values, ranks_N = np.unique(codes_N, return_inverse=True)
        return _Ranked(values=values, ranks_N=ranks_N)
    shift = np.uint64(place_bits)
    sorted_N = np.sort((codes_N.astype(np.uint64) << shift) | np.arange(len(codes_N), dtype=np.uint64))
    places_N = (sorted_N & ((np.uint64(1) << shift) - np.uint64(1))).astype(np.int64)
    sorted_N = (sorted_N >> shift).astype(np.int64)
    changed_N = np.concatenate([[True], sorted_N[1:] != sorted_N[:-1]])
    ranks_N = np.empty(len(codes_N), dtype=np.int64)
    ranks_N[places_N] = np.cumsum(changed_N) - 1
    return _Ranked(values=sorted_N[changed_N], ranks_N=ranks_N)


def _pack(symbols: IntArray, width: int, bits: int) -> IntArray:
    """The `width` symbols from each place on as one number, the first symbol in the highest bits."""
    size = len(symbols) - width + 1
    packed = symbols[:size].copy()
    for k in range(1, width):
        packed <<= bits
        packed |= symbols[k : k + size]
    return packed


def _unpack(codes_U: IntArray, width: int, bits: int) -> list[IntArray]:
    return [(codes_U >> (bits * (width - 1 - k))) & ((1 << bits) - 1) for k in range(width)]


def _find(sorted_G: IntArray, wanted_N: IntArray, possible_N: NDArray[np.bool_]) -> IntArray:
    """Where each wanted code stands in `sorted_G`; -1 where it does not, or cannot."""
    place_N = np.minimum(np.searchsorted(sorted_G, wanted_N), len(sorted_G) - 1)
    return np.where(possible_N & (sorted_G[place_N] == wanted_N), place_N, -1)
