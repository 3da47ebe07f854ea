"""Which text a tokenizer learns from when there is more than enough: blocks at an even distance, the same each time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from danlu.tokenizers.cutting import NUM_CODE_POINTS, code_points

BLOCK = 1 << 14  # characters

Documents = Callable[[], Iterator[str]]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Texts to learn from, with their UTF-8 bytes and those of everything they were taken from."""

    texts: tuple[str, ...]
    num_bytes: int
    total_bytes: int


def take_sample(documents: Documents, num_bytes: int) -> Sample:
    """All documents when they have at most `num_bytes` of UTF-8, else every 2nd, 4th, 8th, ... block of them.

    A pure function of its arguments; reads once and holds at most `num_bytes` and a block. Lone surrogates are left out.
    """
    kept: list[tuple[str, int]] = []
    stride, held, total = 1, 0, 0
    for number, block in enumerate(_blocks(documents())):
        size = len(block.encode(errors="ignore"))
        total += size
        if number % stride:
            continue
        kept.append((block, size))
        held += size
        while held > num_bytes and len(kept) > 1:
            kept, stride = kept[::2], stride * 2
            held = sum(size for _, size in kept)
    texts = tuple(block.encode(errors="ignore").decode() for block, _ in kept)
    return Sample(texts=texts, num_bytes=held, total_bytes=total)


def count_characters(texts: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """How often each code point occurs: int64 [0x110000]."""
    counts = np.zeros(NUM_CODE_POINTS, dtype=np.int64)
    for text in texts:
        found = np.bincount(code_points(text))
        counts[: len(found)] += found
    return counts


def _blocks(texts: Iterator[str]) -> Iterator[str]:
    for text in texts:
        for start in range(0, len(text), BLOCK):
            yield text[start : start + BLOCK]
