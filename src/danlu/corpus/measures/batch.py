"""Many texts as one array of code points, so that measuring costs array operations and not a loop over characters.

Units are what the scripts count in: a Han, kana or Hangul character is one, a run of other letters and digits (a word)
is one; so a text may mix scripts. Arrays end in what they run over: `_C` characters, `_U` units, `_D` documents.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Measure = Callable[["TextBatch"], Mapping[str, Array]]

OTHER, SPACE, LETTER, HAN, KANA, HANGUL, DIGIT, PUNCTUATION, CONTROL = range(9)  # units are LETTER to DIGIT
NEWLINE = ord("\n")
_CATEGORIES = {"Z": SPACE, "L": LETTER, "M": LETTER, "N": DIGIT, "P": PUNCTUATION, "C": CONTROL, "S": OTHER}
_PRIME = np.uint64(0x9E3779B97F4A7C15)


@final
class TextBatch:
    """Texts (valid Unicode) and what several measures need of them; computed on first use."""

    def __init__(self, texts: Sequence[str], line_rules: Sequence[str] = ()) -> None:
        self.texts = texts
        self.line_rules = tuple(line_rules)  # which lines do not count (rows of LINE_RULES)
        self.shared: dict[str, object] = {}  # what several measures make of the texts beside this
        self.codes_C = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32)
        self.num_characters_D = np.array([len(text) for text in texts], dtype=np.int64)
        self.ends_D = np.cumsum(self.num_characters_D)
        self.starts_D = self.ends_D - self.num_characters_D

    @cached_property
    def classes_C(self) -> Array:
        """The class of each character (OTHER, SPACE, LETTER, ...)."""
        # Bytes are looked up 4 times as quickly as numbers, and most characters of Latin text are one.
        low_C = self.codes_C.astype(np.uint8)
        classes_C = np.frombuffer(bytearray(low_C.tobytes().translate(_byte_classes())), np.uint8)
        wide = np.flatnonzero(self.codes_C > 255)
        classes_C[wide] = _class_table()[self.codes_C[wide]]
        return classes_C

    @cached_property
    def unit_starts_U(self) -> Array:
        """Where each unit begins."""
        starts_U: Array = np.flatnonzero(self._unit_begins_C)
        return starts_U

    @cached_property
    def unit_lengths_U(self) -> Array:
        """Characters in each unit."""
        within_C = self._in_unit_C.astype(np.int64)
        return np.add.reduceat(within_C, self.unit_starts_U) if self.unit_starts_U.size else within_C[:0]

    @cached_property
    def unit_documents_U(self) -> Array:
        """The document of each unit."""
        return self.owners(self.unit_starts_U)

    @cached_property
    def unit_hashes_U(self) -> Array:
        """64 bits for each unit, equal for equal units but for the case of Latin letters."""
        starts_U = self.unit_starts_U
        if not starts_U.size:
            return np.zeros(0, np.uint64)
        # A polynomial over all characters, what stands between units counting 0; a unit's part of the sum, with the
        # power of its place taken out again, is the same wherever it stands. 5 times as quick as hashing each unit.
        up_C, down_C = prefix_powers(self.codes_C.size)
        sums_U = np.add.reduceat(_hash_table()[self.codes_C] * up_C, starts_U)
        return mix(sums_U * down_C[starts_U])

    def owners(self, places: Array) -> Array:
        """The document of each of some places in the batch, which must be in order."""
        counts_D = np.searchsorted(places, self.ends_D) - np.searchsorted(places, self.starts_D)
        return np.repeat(np.arange(len(self.texts)), counts_D)

    def sum_D(self, values_C: Array) -> Array:
        """Sums of a number per character over each document (int64)."""
        total_C = np.zeros(values_C.size + 1, np.int64)
        np.cumsum(values_C, out=total_C[1:])
        sums_D: Array = total_C[self.ends_D] - total_C[self.starts_D]
        return sums_D

    def count_D(self, which_C: Array) -> Array:
        """How many characters of each document are marked in `which_C` (bool)."""
        places = np.flatnonzero(which_C)
        return np.searchsorted(places, self.ends_D) - np.searchsorted(places, self.starts_D)

    def count_units_D(self, weights_U: Array | None = None) -> Array:
        """Units of each document, or the sum of a number per unit."""
        if weights_U is None:
            starts_U = self.unit_starts_U
            return np.searchsorted(starts_U, self.ends_D) - np.searchsorted(starts_U, self.starts_D)
        return np.bincount(self.unit_documents_U, weights_U, minlength=len(self.texts))

    @cached_property
    def _in_unit_C(self) -> Array:
        return (self.classes_C >= LETTER) & (self.classes_C <= DIGIT)

    @cached_property
    def _unit_begins_C(self) -> Array:
        begins_C = (self.classes_C >= HAN) & (self.classes_C <= HANGUL)  # comparing is 5 times as quick as looking up
        word_C = self._in_unit_C & ~begins_C
        first_C = word_C.copy()
        first_C[1:] &= ~word_C[:-1]
        inside = self.starts_D[self.starts_D < word_C.size]
        first_C[inside] = word_C[inside]
        return begins_C | first_C


def share(part: Array, whole: Array) -> Array:
    """`part / whole` as float32, 0 where there is nothing."""
    return (part / np.maximum(whole, 1)).astype(np.float32)


def mix(values: Array) -> Array:
    """Scrambles 64-bit values so that each bit of the result depends on all of them (the finalizer of SplitMix64)."""
    values = values * _PRIME
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


ALONE = np.zeros(9, bool)
ALONE[[HAN, KANA, HANGUL]] = True
_UNIT = ALONE.copy()
_UNIT[[LETTER, DIGIT]] = True


@cache
def powers() -> Array:
    """1024 powers of an odd 64-bit number: the weights that make a sum of hashes depend on the order."""
    return np.cumprod(np.full(1024, _PRIME, dtype=np.uint64))


def prefix_powers(count: int) -> "tuple[Array, Array]":
    """`count` powers of an odd 64-bit number, and their inverses modulo 2^64: for hashes of runs from one sum."""
    kept = next((size for size in _KEPT_POWERS if size >= count), None)
    up, down = _make_powers(count) if kept is None else _kept_powers(kept)
    return up[:count], down[:count]


_KEPT_POWERS = (1 << 16, 1 << 21)  # 1 and 32 MB; a larger batch, of one huge document, makes its own


@cache
def _kept_powers(size: int) -> "tuple[Array, Array]":
    return _make_powers(size)


def _make_powers(size: int) -> "tuple[Array, Array]":
    up = np.full(size, _PRIME, np.uint64)
    down = np.full(size, pow(int(_PRIME), -1, 2**64), np.uint64)
    return np.cumprod(up), np.cumprod(down)


@cache
def _hash_table() -> Array:
    """64 bits for each code point, equal for both cases of a Latin letter; 0 for what is in no unit."""
    codes = np.arange(0x110000, dtype=np.uint64)
    codes[65:91] += np.uint64(32)
    return np.where(_UNIT[_class_table()], mix(codes + np.uint64(1)), np.uint64(0))


# Blocks of one class; they also spare 100,000 look-ups (50 ms) when the table is made.
_BLOCKS = (
    (0x2E80, 0x2FDF, HAN),
    (0x3005, 0x3007, HAN),
    (0x3041, 0x30FA, KANA),
    (0x30FC, 0x30FF, KANA),
    (0x3400, 0x4DBF, HAN),
    (0x4E00, 0x9FFF, HAN),
    (0xAC00, 0xD7A3, HANGUL),
    (0xD800, 0xF8FF, CONTROL),
    (0xF900, 0xFAFF, HAN),
    (0xFFFD, 0xFFFF, CONTROL),
    (0x10000, 0x1CFFF, LETTER),  # old and rare scripts
    (0x1D000, 0x1D3FF, OTHER),
    (0x1D400, 0x1D7CB, LETTER),  # mathematical letters
    (0x1D7CE, 0x1D7FF, DIGIT),
    (0x1D800, 0x1FFFF, OTHER),  # signs and emoji
    (0x20000, 0x3FFFF, HAN),
)


@cache
def _byte_classes() -> bytes:
    return _class_table()[:256].tobytes()


@cache
def _class_table() -> Array:
    """Class of every code point, from blocks and, for the rest of the basic plane, from its category."""
    table = np.full(0x110000, CONTROL, np.uint8)
    known = np.zeros(0x10000, bool)
    for low, high, kind in _BLOCKS:
        table[low : high + 1] = kind
        known[low : high + 1] = True
    rest = np.flatnonzero(~known)
    table[rest] = [_CATEGORIES[unicodedata.category(chr(code))[0]] for code in rest.tolist()]
    table[[9, 10, 11, 12, 13, 0x85]] = SPACE
    return table
