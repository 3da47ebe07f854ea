"""Lines or paragraphs of texts: their hashes for the whole corpus, and texts without those that stood before."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from danlu.corpus.measures.batch import Array
from danlu.corpus.settings import DuplicateSettings

_ENDS = {"lines": re.compile(r"\n"), "paragraphs": re.compile(r"\n[ \t]*(?:\n[ \t]*)*\n")}


def split_pieces(text: str, kind: str) -> list[str]:
    """The lines or paragraphs of a text, each with what ends it: `"".join(split_pieces(text, kind)) == text`."""
    ends = [0, *(match.end() for match in _ENDS[kind].finditer(text))]
    return [text[start:end] for start, end in zip(ends, [*ends[1:], len(text)], strict=True) if end > start]


def piece_hashes(text: str, settings: DuplicateSettings) -> Array:
    """64 bits for each piece but for blanks at its ends (uint64); 0 for one too short to be looked for."""
    found = []
    for piece in split_pieces(text, settings.pieces):
        bare = piece.strip()
        is_long = len(bare) >= settings.piece_characters
        found.append(hashlib.blake2b(bare.encode(), digest_size=8).digest() if is_long else bytes(8))
    return np.frombuffer(b"".join(found), np.uint64)


def piece_column(texts: Sequence[str], settings: DuplicateSettings) -> pa.Array:
    """The hashes of the pieces of each text, one after another, for the scratch file."""
    return pa.array([piece_hashes(text, settings).tobytes() for text in texts], pa.large_binary())


@dataclass(frozen=True, kw_only=True)
class Shortened:
    """A text without some of its pieces, and how many went."""

    text: str
    num_removed: int


def without(text: str, kind: str, places: Sequence[int]) -> Shortened:
    """`text` without the pieces at `places`; for substrings those are `[start, end, start, end, ...]` in bytes."""
    if kind == "substrings":
        data = text.encode()
        stays = [0, *places, len(data)]
        kept = b"".join(data[start:end] for start, end in zip(stays[::2], stays[1::2], strict=True))
        return Shortened(text=kept.decode(), num_removed=len(places) // 2)
    out = frozenset(places)
    pieces = [piece for place, piece in enumerate(split_pieces(text, kind)) if place not in out]
    return Shortened(text="".join(pieces), num_removed=len(out))
