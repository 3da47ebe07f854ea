"""Cleaners: each mends one thing in a text and says how often. Chinese punctuation and full-width forms stay."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from danlu.corpus import CLEANERS


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """A text after a cleaner, and how many places it changed."""

    text: str
    num_changes: int


Cleaner = Callable[[str], Cleaned]

# Tab, line feed, and the marks that join or order letters of real scripts (ZWNJ, ZWJ, LRM, RLM) stay.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
_ASCII_CONTROLS = bytes([*range(9), 11, 12, 13, *range(14, 32), 127])
_TRAILING = re.compile(r"[ \t]+(?=\n|$)")


def line_ends(text: str) -> Cleaned:
    r"""CR LF and CR become LF; byte order marks at the start go."""
    if "\r" not in text and not text.startswith("\ufeff"):
        return Cleaned(text=text, num_changes=0)
    mended = text.lstrip("\ufeff")
    return Cleaned(
        text=mended.replace("\r\n", "\n").replace("\r", "\n"),
        num_changes=mended.count("\r") + len(text) - len(mended),
    )


def control_characters(text: str) -> Cleaned:
    """Control characters, directional overrides and stray byte order marks go; tab and line feed stay."""
    # Bytes are deleted 10 times as quickly as a pattern is searched, and most English text is ASCII.
    if text.isascii() and len(text.encode().translate(None, _ASCII_CONTROLS)) == len(text):
        return Cleaned(text=text, num_changes=0)
    mended, num_changes = _CONTROLS.subn("", text)
    return Cleaned(text=mended, num_changes=num_changes)


def nfc(text: str) -> Cleaned:
    """Canonical composition (NFC): `e` + accent becomes one character. No width folding, so Chinese signs stay.

    CJK compatibility ideographs map to their unified form; everything else looks as before.
    """
    if unicodedata.is_normalized("NFC", text):
        return Cleaned(text=text, num_changes=0)
    mended = unicodedata.normalize("NFC", text)
    changed = sum(1 for a, b in zip(text, mended, strict=False) if a != b) if len(mended) == len(text) else 0
    return Cleaned(text=mended, num_changes=max(1, changed, len(text) - len(mended)))


def trailing_space(text: str) -> Cleaned:
    """Spaces and tabs at the ends of lines go."""
    if " \n" not in text and "\t\n" not in text and text[-1:] not in (" ", "\t"):
        return Cleaned(text=text, num_changes=0)
    mended, num_changes = _TRAILING.subn("", text)
    return Cleaned(text=mended, num_changes=num_changes)


_CITATION = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")


def citations(text: str) -> Cleaned:
    """Marks such as `[12]` and `[citation needed]` go, as in C4 (Raffel et al. 2020, section 2.2)."""
    num_changes = 0
    while "[" in text:
        text, found = _CITATION.subn("", text)
        num_changes += found
        if not found:
            break
        # Again, since what a mark stood in may have become one: `[[1]2]`.
    return Cleaned(text=text, num_changes=num_changes)


@dataclass(frozen=True, kw_only=True)
class CleanText:
    """A text after several cleaners, and one edit `name:changes` for each that acted."""

    text: str
    edits: tuple[str, ...]


def clean(text: str, names: Sequence[str]) -> CleanText:
    """`text` after the cleaners `names` (rows of CLEANERS) in order."""
    edits = []
    for name in names:
        cleaned = _cleaner(name)(text)
        if cleaned.num_changes:
            text = cleaned.text
            edits.append(f"{name}:{cleaned.num_changes}")
    return CleanText(text=text, edits=tuple(edits))


@cache
def _cleaner(name: str) -> Cleaner:
    found: Cleaner = CLEANERS.load(name)
    return found
