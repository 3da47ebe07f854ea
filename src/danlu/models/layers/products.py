"""Attention of whole windows as batched matrix products, with a backward pass by hand.

torch's fused kernel for CPUs goes back three to six times as slowly as forth on short windows: for 8,192 tokens, 6 heads
of 64 and bfloat16, both ways together took 72 ms over windows of 64, 87 over 128, 92 over 256; the products here take
18, 34 and 40 (docs/log, short windows).

B windows, H heads, M = B * H, T positions, D width of one head, R rows and S keys of one stripe.
"""

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

# Rows of a stripe see no key behind the stripe: with four stripes a window costs 5/8 of its full square. Stripes of 64,
# 128 and 256 rows took 40, 58 and 58 ms over windows of 256, and 73, 69 and 99 over 512.
STRIPE = 64


def causal_attention(q_BHTD: Tensor, k_BHTD: Tensor, v_BHTD: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(D), keys up to the row's own) v: [B, H, T, D], as `scaled_dot_product_attention`.

    Scores are kept in the dtype of the inputs for the way back: B * H * T * T numbers.
    """
    batch, heads = q_BHTD.shape[:2]
    flat = (x.reshape(batch * heads, *x.shape[2:]) for x in (q_BHTD, k_BHTD, v_BHTD))
    mixed_MTD: Tensor = _CausalAttention.apply(*flat)  # type: ignore[no-untyped-call]
    return mixed_MTD.view(q_BHTD.shape)


@lru_cache(maxsize=32)
def _mask(first: int, last: int, dtype: torch.dtype) -> Tensor:
    """[last - first, last]: 0 where a row sees a key, minus infinity behind it."""
    rows = torch.arange(first, last)[:, None]
    hidden_RS = torch.arange(last)[None, :] > rows
    return torch.zeros(last - first, last, dtype=dtype).masked_fill_(hidden_RS, float("-inf"))


def _stripes(length: int) -> list[tuple[int, int]]:
    return [(first, min(first + STRIPE, length)) for first in range(0, length, STRIPE)]


class _CausalAttention(Function):
    @staticmethod
    def forward(ctx: Any, q_MTD: Tensor, k_MTD: Tensor, v_MTD: Tensor) -> Tensor:
        scale = q_MTD.shape[-1] ** -0.5
        mixed_MTD = torch.empty_like(q_MTD)
        shares = []
        for first, last in _stripes(q_MTD.shape[1]):
            mask_RS = _mask(first, last, q_MTD.dtype)
            scores_MRS = torch.baddbmm(mask_RS, q_MTD[:, first:last], k_MTD[:, :last].mT, alpha=scale)
            shares.append(torch.softmax(scores_MRS, -1))
            mixed_MTD[:, first:last] = torch.bmm(shares[-1], v_MTD[:, :last])
        ctx.save_for_backward(q_MTD, k_MTD, v_MTD, *shares)
        return mixed_MTD

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_MTD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        q_MTD, k_MTD, v_MTD, *shares = ctx.saved_tensors
        scale = q_MTD.shape[-1] ** -0.5
        grad_q, grad_k, grad_v = (torch.empty_like(x) for x in (q_MTD, k_MTD, v_MTD))
        # the last stripe is the only one that reaches every key, so it writes and the others add
        for share_MRS, (first, last) in reversed(list(zip(shares, _stripes(q_MTD.shape[1]), strict=True))):
            rows = grad_MTD[:, first:last]
            grad_share_MRS = torch.bmm(rows, v_MTD[:, :last].mT)
            grad_score_MRS = torch._softmax_backward_data(grad_share_MRS, share_MRS, -1, share_MRS.dtype)
            grad_q[:, first:last] = torch.bmm(grad_score_MRS, k_MTD[:, :last]).mul_(scale)
            new_k = torch.bmm(grad_score_MRS.mT, q_MTD[:, first:last]).mul_(scale)
            new_v = torch.bmm(share_MRS.mT, rows)
            if last == q_MTD.shape[1]:
                grad_k.copy_(new_k)
                grad_v.copy_(new_v)
            else:
                grad_k[:, :last] += new_k
                grad_v[:, :last] += new_v
        return grad_q, grad_k, grad_v


def full_attention(q_BHTD: Tensor, k_BHSD: Tensor, v_BHSD: Tensor, seen_BTS: Tensor | None = None) -> Tensor:
    """softmax(q k^T / sqrt(D), over the keys that are seen) v: [B, H, T, D], as `scaled_dot_product_attention`.

    `seen_BTS` (bool, [B or 1, T or 1, S]): whether a row sees a key; None: all. A row that sees nothing sees all alike.
    """
    batch, heads, length, width = q_BHTD.shape
    flat = (x.reshape(batch * heads, *x.shape[2:]) for x in (q_BHTD, k_BHSD, v_BHSD))
    bias = None
    if seen_BTS is not None:
        lowest = torch.finfo(q_BHTD.dtype).min
        bias_BTS = torch.zeros(seen_BTS.shape, dtype=q_BHTD.dtype).masked_fill_(~seen_BTS, lowest)
        rows = bias_BTS.shape[1]
        bias = bias_BTS[:, None].expand(batch, heads, rows, -1).reshape(batch * heads, rows, -1)
    mixed_MTD: Tensor = _FullAttention.apply(*flat, bias)  # type: ignore[no-untyped-call]
    return mixed_MTD.view(batch, heads, length, width)


class _FullAttention(Function):
    @staticmethod
    def forward(ctx: Any, q_MTD: Tensor, k_MSD: Tensor, v_MSD: Tensor, bias_MTS: Tensor | None) -> Tensor:
        scale = q_MTD.shape[-1] ** -0.5
        if bias_MTS is None:
            scores_MTS = torch.bmm(q_MTD * scale, k_MSD.mT)
        else:
            scores_MTS = torch.baddbmm(bias_MTS, q_MTD, k_MSD.mT, alpha=scale)
        share_MTS = torch.softmax(scores_MTS, -1)
        ctx.save_for_backward(q_MTD, k_MSD, v_MSD, share_MTS)
        return torch.bmm(share_MTS, v_MSD)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_MTD: Tensor) -> tuple[Tensor | None, ...]:
        q_MTD, k_MSD, v_MSD, share_MTS = ctx.saved_tensors
        scale = q_MTD.shape[-1] ** -0.5
        grad_share_MTS = torch.bmm(grad_MTD, v_MSD.mT)
        grad_score_MTS = torch._softmax_backward_data(grad_share_MTS, share_MTS, -1, share_MTS.dtype)
        grad_q = torch.bmm(grad_score_MTS, k_MSD).mul_(scale)
        grad_k = torch.bmm(grad_score_MTS.mT, q_MTD).mul_(scale)
        return grad_q, grad_k, torch.bmm(share_MTS.mT, grad_MTD), None
