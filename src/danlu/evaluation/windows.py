"""Documents cut into windows of a model's context, so that every token is scored exactly once.

N ids of the flat stream, D documents, W windows, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from danlu.core.streams import numpy_stream

IntArray = NDArray[np.int64]


class TokenBytes(Protocol):
    """The part of a tokenizer that tells how many bytes of text a token stands for."""

    @property
    def vocab_size(self) -> int:
        """Token ids are 0 to `vocab_size` - 1."""

    def token_bytes(self, id: int, /) -> bytes:
        """The bytes that token `number` adds to a text; none for a control token."""


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Stretches of a flat stream of ids in which each document begins with the separator.

    Window w reads `ids[start : start + length]` and is to predict `ids[start + 1 : start + length + 1]`; its first
    `skips_W[w]` predictions were scored by an earlier window, and give context only. `bytes_W`: UTF-8 bytes of the
    tokens that it scores.
    """

    ids: NDArray[np.integer]
    starts_W: IntArray
    lengths_W: IntArray
    skips_W: IntArray
    documents_W: IntArray
    bytes_W: IntArray

    def __len__(self) -> int:
        return len(self.starts_W)

    @property
    def num_tokens_W(self) -> IntArray:
        """Tokens that each window scores."""
        return self.lengths_W - self.skips_W

    def take(self, chosen: IntArray) -> "Windows":
        """The windows at the positions `chosen`; the stream is shared."""
        return Windows(
            ids=self.ids,
            starts_W=self.starts_W[chosen],
            lengths_W=self.lengths_W[chosen],
            skips_W=self.skips_W[chosen],
            documents_W=self.documents_W[chosen],
            bytes_W=self.bytes_W[chosen],
        )


def token_byte_lengths(tokenizer: TokenBytes) -> IntArray:
    """UTF-8 bytes of each token of the vocabulary, int64 [V]; control tokens stand for none."""
    return np.array([len(tokenizer.token_bytes(i)) for i in range(tokenizer.vocab_size)], dtype=np.int64)


def cut_windows(
    ids: NDArray[np.integer], starts: IntArray, *, context: int, lengths_V: IntArray, stride: int | None = None
) -> Windows:
    """Cuts each document (`ids[starts[d] : starts[d + 1]]`, the separator first) into windows of `context` tokens.

    `stride`: new tokens per window, 1 to `context` (default `context`: no overlap, each token is read once). A smaller
    stride gives each token at least `context - stride` tokens before it, and costs `context / stride` times as much.
    Documents without a token have no window.
    """
    step = context if stride is None else stride
    assert 1 <= step <= context, "stride lies between 1 and the context"
    targets_D = np.maximum(np.diff(starts) - 1, 0)
    later_D = np.maximum(-(-(targets_D - context) // step), 0)  # windows behind the first, which is a full context
    windows_D = np.where(targets_D > 0, 1 + later_D, 0)
    documents_W = np.repeat(np.arange(len(targets_D)), windows_D)
    rank_W = np.arange(len(documents_W)) - np.repeat(np.cumsum(windows_D) - windows_D, windows_D)
    scored_from_W = np.where(rank_W == 0, 0, context + (rank_W - 1) * step)
    ends_W = np.minimum(context + rank_W * step, targets_D[documents_W])
    begins_W = np.where(rank_W == 0, 0, np.maximum(scored_from_W - (context - step), 0))
    origin_W = starts[documents_W]
    bytes_before = np.concatenate([[0], np.cumsum(lengths_V[ids], dtype=np.int64)])
    return Windows(
        ids=ids,
        starts_W=origin_W + begins_W,
        lengths_W=ends_W - begins_W,
        skips_W=scored_from_W - begins_W,
        documents_W=documents_W,
        bytes_W=bytes_before[origin_W + ends_W + 1] - bytes_before[origin_W + scored_from_W + 1],
    )


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Ids of several documents in a row, each behind the separator; document d is `ids[starts[d] : starts[d + 1]]`."""

    ids: NDArray[np.uint32]
    starts: IntArray


def join_documents(documents: Sequence[NDArray[np.integer]], separator: int) -> Stream:
    """One stream with the separator before each document."""
    starts = np.concatenate([[0], np.cumsum([len(d) + 1 for d in documents], dtype=np.int64)]).astype(np.int64)
    ids = np.empty(int(starts[-1]), dtype=np.uint32)
    ids[starts[:-1]] = separator
    for start, document in zip(starts[:-1], documents, strict=True):
        ids[start + 1 : start + 1 + len(document)] = document
    return Stream(ids=ids, starts=starts)


def sample_windows(windows: Windows, num_tokens: int, *, seed: int) -> Windows:
    """A fixed sample of windows that score about `num_tokens` tokens (all when there are no more): one stream, named.

    Kept in the order of the text, so a larger sample contains the smaller one.
    """
    if int(windows.num_tokens_W.sum()) <= num_tokens:
        return windows
    order = numpy_stream(seed, "validation sample").permutation(len(windows))
    scored = np.cumsum(windows.num_tokens_W[order])
    return windows.take(np.sort(order[: int(np.searchsorted(scored, num_tokens)) + 1]))
