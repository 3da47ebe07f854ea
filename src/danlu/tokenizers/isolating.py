"""Finer cuts behind those of pretokenize.py: single characters, and a longest piece.

WordPiece looks for the longest entry at each place of a piece, so its time grows with the square of the piece's
length; a longest piece keeps it linear. Each cut exists twice, for `tokenizer.json` and for arrays; tests hold both
equal.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from tokenizers import Regex
from tokenizers.pre_tokenizers import PreTokenizer, Split

from danlu.tokenizers.cutting import Flags, Points

# BERT surrounds these with spaces (google-research/bert, tokenization.py, `_is_chinese_char`); unassigned code points of
# the two ideographic planes are taken in, so that the ranges stay few.
HAN_RANGES = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))


def is_han(points: Points) -> Flags:
    """Which of the code points are Han characters."""
    found = np.zeros(len(points), dtype=np.bool_)
    for low, high in HAN_RANGES:
        found |= (points >= low) & (points <= high)
    return found


@final
@dataclass(frozen=True, kw_only=True)
class Isolation:
    """What stands alone (Han characters if `han`, each of `marks`), and how many characters a piece has at most."""

    longest: int
    han: bool = False
    marks: str = ""

    def add(self, points: Points, starts: Flags) -> None:
        """Sets `starts` at these cuts; it holds the cuts of the pattern."""
        if self.han or self.marks:
            alone = np.isin(points, [ord(mark) for mark in self.marks])
            if self.han:
                alone |= is_han(points)
            starts |= alone
            starts[1:] |= alone[:-1]
        first = np.flatnonzero(starts)
        lengths = np.diff(first, append=len(points))
        if (lengths > self.longest).any():
            within = np.arange(len(points)) - np.repeat(first, lengths)
            starts |= within % self.longest == 0

    def pre_tokenizers(self) -> list[PreTokenizer]:
        """The same cuts for the library, in order."""
        classes = "".join(f"\\x{{{low:X}}}-\\x{{{high:X}}}" for low, high in HAN_RANGES) if self.han else ""
        classes += "".join(f"\\x{{{ord(mark):X}}}" for mark in self.marks)
        alone = [Split(Regex(f"[{classes}]"), "isolated")] if classes else []
        return [*alone, Split(Regex(f"[\\s\\S]{{1,{self.longest}}}"), "isolated")]
