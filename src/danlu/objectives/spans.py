"""Windows with spans of tokens taken out: where they lie, what is left, and what was taken.

B windows, T positions, M spans, N hidden tokens, S positions of what is left.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Spans:
    """`hidden_BT`: what is taken out. `begins_BT`: where a span begins; one without a token begins before a token that
    stays. Both bool."""

    hidden_BT: Tensor
    begins_BT: Tensor

    @property
    def numbers_BT(self) -> Tensor:
        """The number of the newest span at each position, from 0; -1 before the first."""
        return self.begins_BT.long().cumsum(1) - 1


@dataclass(frozen=True, kw_only=True)
class Packed:
    """Rows of ids without gaps; `lengths_B` are real (None: all). `real_BS`: whether an id is a token of the text."""

    ids_BS: Tensor
    lengths_B: Tensor | None
    tokens_BS: Tensor


def shares(num_windows: int, total: int, parts: int, device: torch.device) -> Tensor:
    """[num_windows, parts] whole numbers of at least 0 whose sum is `total`, each such row as likely as another."""
    # Bars among stars: `parts` - 1 of all places are bars, and the stars between them are counted.
    places = total + parts - 1
    bars = torch.rand(num_windows, places, device=device).topk(parts - 1, dim=1).indices.sort(dim=1).values
    edge = torch.full((num_windows, 1), -1, device=device)
    return torch.diff(torch.cat([edge, bars, torch.full_like(edge, places)], dim=1), dim=1) - 1


def lay(lengths_BM: Tensor, length: int, *, last: int = 0) -> Spans:
    """Spans of `lengths_BM` tokens (equal sums) at random places of windows of `length`, at least one token between them.

    `last`: tokens that stay behind the last span at least.
    """
    num_windows, num_spans = lengths_BM.shape
    device = lengths_BM.device
    num_left = length - int(lengths_BM[0].sum())
    gaps = shares(num_windows, num_left - (num_spans - 1) - last, num_spans + 1, device)[:, :num_spans]
    gaps[:, 1:] += 1
    begins_BM = gaps.cumsum(1) + lengths_BM.cumsum(1) - lengths_BM
    steps = torch.zeros(num_windows, length + 1, dtype=torch.long, device=device)
    ones = torch.ones_like(begins_BM)
    begins_BT = steps.scatter(1, begins_BM, 1)[:, :length].bool()
    hidden = steps.scatter_add(1, begins_BM, ones).scatter_add_(1, begins_BM + lengths_BM, -ones).cumsum(1)
    return Spans(hidden_BT=hidden[:, :length] > 0, begins_BT=begins_BT)


def left_over(ids_BT: Tensor, spans: Spans, signs_BT: Tensor, real_BT: Tensor | None = None) -> Packed:
    """What is left, with the id of `signs_BT` where a span begins; `real_BT`: which positions belong to the text."""
    return _pack(ids_BT, ~spans.hidden_BT, spans, signs_BT, real_BT)


def taken_out(ids_BT: Tensor, spans: Spans, signs_BT: Tensor, real_BT: Tensor | None = None) -> Packed:
    """What was taken out, each span behind the id of `signs_BT`."""
    return _pack(ids_BT, spans.hidden_BT, spans, signs_BT, real_BT)


def _pack(ids_BT: Tensor, keep_BT: Tensor, spans: Spans, signs_BT: Tensor, real_BT: Tensor | None) -> Packed:
    pairs = torch.stack([signs_BT, ids_BT], dim=2).flatten(1)
    keep = torch.stack([spans.begins_BT, keep_BT], dim=2)
    if real_BT is not None:
        keep = keep & real_BT[:, :, None]
    keep = keep.flatten(1)
    counts_B = keep.sum(1)
    size = int(counts_B.max())
    rows, columns = keep.nonzero(as_tuple=True)
    places = (keep.cumsum(1) - 1)[rows, columns]
    ids_BS = torch.zeros(len(ids_BT), size, dtype=ids_BT.dtype, device=ids_BT.device)
    ids_BS[rows, places] = pairs[rows, columns]
    tokens_BS = torch.zeros(ids_BS.shape, dtype=torch.bool, device=ids_BT.device)
    tokens_BS[rows, places] = columns % 2 == 1
    equal = bool((counts_B == size).all())
    return Packed(ids_BS=ids_BS, lengths_B=None if equal else counts_B, tokens_BS=tokens_BS)
