"""Places inside a piece that no entry of the vocabulary crosses: both sides can be encoded apart, with equal ids.

Chinese clauses hardly repeat, so a memory of whole pieces is of no use there; cut at seams they become some thousand
short strings that do repeat. Merges only ever build entries, so where no entry holds the two characters (or the parts
of them that it would hold) side by side, no merge crosses, and each side sees the merges it would see alone.
"""

from collections.abc import Iterable, Iterator
from typing import final

import numpy as np
import numpy.typing as npt

from danlu.tokenizers.cutting import NUM_CODE_POINTS, Flags, Points

Classes = npt.NDArray[np.uint16]

FIRST_WIDE = 0x2E80  # below it words are short and repeat: looking for seams would cost more than it saves
# A neighbour is a whole character or, where an entry holds only a part of it, a byte: its last one on the left side
# (64 continuation bytes), its first one on the right side (0xE0 and above from U+0800 on).
NUM_LAST, FIRST_BYTE, NUM_FIRST = 64, 0xE0, 32


@final
class Seams:
    """The seams of one vocabulary, given as the bytes of its entries."""

    def __init__(self, entries: Iterable[bytes]) -> None:
        crossings = {crossing for entry in entries for crossing in _crossings(entry)}
        on_left = _numbered({left for left, _ in crossings if isinstance(left, str)}, NUM_LAST)
        on_right = _numbered({right for _, right in crossings if isinstance(right, str)}, NUM_FIRST)
        self._left, self._right = _last_bytes(), _first_bytes()
        crossed = np.zeros((NUM_LAST + len(on_left), NUM_FIRST + len(on_right)), dtype=np.bool_)
        for left, right in crossings:
            row = on_left[left] if isinstance(left, str) else left & 0x3F
            column = on_right[right] if isinstance(right, str) else max(right - FIRST_BYTE, 0)
            crossed[row, column] = True
        # A character is crossed wherever one that shares its byte is.
        for character, row in on_left.items():
            crossed[row] |= crossed[self._left[ord(character)]]
        for character, column in on_right.items():
            crossed[:, column] |= crossed[:, self._right[ord(character)]]
        self._left[[ord(character) for character in on_left]] = list(on_left.values())
        self._right[[ord(character) for character in on_right]] = list(on_right.values())
        self._crossed = crossed

    def add(self, points: Points, starts: Flags) -> None:
        """Sets `starts` at every seam between two characters from U+2E80 on."""
        wide = points >= FIRST_WIDE
        inner = np.flatnonzero(wide[1:] & wide[:-1]) + 1
        seams = ~self._crossed[self._left[points[inner - 1]], self._right[points[inner]]]
        starts[inner[seams]] = True


def _crossings(entry: bytes) -> Iterator[tuple[str | int, str | int]]:
    """All pairs of neighbours inside one entry: a character as text, a part of one as its outer byte."""
    borders = [place for place in range(1, len(entry)) if entry[place] & 0xC0 != 0x80]
    edges = [0, *borders, len(entry)]
    for number, border in enumerate(borders):
        left, right = entry[edges[number] : border], entry[border : edges[number + 2]]
        yield _character(left) or left[-1], _character(right) or right[0]


def _character(part: bytes) -> str | None:
    try:
        return part.decode()
    except UnicodeDecodeError:
        return None


def _numbered(characters: set[str], start: int) -> dict[str, int]:
    return {character: number for number, character in enumerate(sorted(characters), start)}


def _last_bytes() -> Classes:
    """Low six bits of every code point: its last UTF-8 byte, for those that have several."""
    return (np.arange(NUM_CODE_POINTS, dtype=np.uint32) & 0x3F).astype(np.uint16)


def _first_bytes() -> Classes:
    """First UTF-8 byte of every code point, less 0xE0; 0 below U+1000 (no seams are looked for there)."""
    points = np.arange(NUM_CODE_POINTS, dtype=np.uint32)
    return np.where(points > 0xFFFF, 0x10 + (points >> 18), points >> 12).astype(np.uint16)
