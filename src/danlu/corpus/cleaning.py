"""Cleaners: each mends one thing in a text and says how often. Chinese punctuation and full-width forms stay."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from danlu.corpus import CLEANERS, PRESETS
from danlu.corpus.cleaners.cleaner import Cleaned, Cleaner, Row
from danlu.corpus.cleaners.settings import CleaningSettings
from danlu.corpus.presets import Preset
from danlu.corpus.settings import CorpusSettings

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
    """A text after several cleaners. Each that acted leaves an edit `name:changes`, or one `name:kind:changes` for each kind."""

    text: str
    edits: tuple[str, ...]


DEFAULTS = CleaningSettings()


def clean(text: str, names: Sequence[str], settings: CleaningSettings = DEFAULTS) -> CleanText:
    """`text` after the cleaners `names` (rows of CLEANERS) in order, each with its part of the settings."""
    edits: list[str] = []
    for name in names:
        cleaned = apply(name, text, settings)
        if cleaned.num_changes:
            text = cleaned.text
            edits += [f"{name}:{kind}:{count}" for kind, count in cleaned.kinds] or [f"{name}:{cleaned.num_changes}"]
    return CleanText(text=text, edits=tuple(edits))


def apply(name: str, text: str, settings: CleaningSettings = DEFAULTS) -> Cleaned:
    """`text` after one row of CLEANERS."""
    row = _row(name)
    if not isinstance(row, Cleaner):
        return row(text)
    return row.clean(text, getattr(settings, row.settings) if row.settings else None)


def cleaners_of(settings: CorpusSettings) -> tuple[str, ...]:
    """The cleaners of a build: those of the preset and `also`, less `without`, in the order of the table CLEANERS.

    Raises UsageError with the nearest name for one that is not there.
    """
    return _cleaners_of(settings.preset, settings.cleaning.also, settings.cleaning.without)


@cache
def _cleaners_of(preset: str, also: tuple[str, ...], without: tuple[str, ...]) -> tuple[str, ...]:
    # Looking at the entry points costs 30 ms, and every document asks.
    found: Preset = PRESETS.load(preset)
    for name in (*also, *without):
        _row(name)
    wanted = {*found.cleaners, *also} - {*without}
    return tuple(name for name in CLEANERS.names() if name in wanted)


@cache
def _row(name: str) -> Row:
    found: Row = CLEANERS.load(name)
    return found
