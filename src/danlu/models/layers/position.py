"""Rotary positions: pairs of a head's dimensions turn by an angle that grows with the position.

B batch, T positions, H heads, D width of one head, E = D / 2.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from danlu.models.layers.norm import RMSNorm, inverse_root_mean_square
from danlu.models.layers.paths import by_hand


def rotary_tables(start: int, end: int, head_width: int, base: float, device: torch.device) -> Tensor:
    """Cosines and sines [2, end - start, E] in float32 for the positions `start` to `end` - 1."""
    # Made for whole powers of two, so that decoding does not make a table for each length.
    return _tables(1 << max(0, end - 1).bit_length(), head_width, base, device)[:, start:end]


@lru_cache(maxsize=16)
def row_tables(num_windows: int, length: int, head_width: int, base: float, device: torch.device) -> Tensor:
    """The tables of `num_windows` windows of `length` positions laid end to end: [2, windows * length, E]."""
    return rotary_tables(0, length, head_width, base, device).repeat(1, num_windows, 1)


class Turning(ABC):
    """How positions turn queries and keys."""

    @abstractmethod
    def tables(self, start: int, end: int, device: torch.device) -> Tensor:
        """Cosines and sines [2, end - start, E] of the positions `start` to `end` - 1."""

    @abstractmethod
    def row_tables(self, num_windows: int, length: int, device: torch.device) -> Tensor:
        """The tables of `num_windows` windows of `length` positions laid end to end: [2, windows * length, E]."""


@final
@dataclass(frozen=True)
class Rotary(Turning):
    """Angles that grow with the position, slower by `base` to the power of the dimension (Su et al. 2021)."""

    head_width: int
    base: float

    def tables(self, start: int, end: int, device: torch.device) -> Tensor:
        """Cosines and sines [2, end - start, D / 2] of the positions `start` to `end` - 1."""
        return rotary_tables(start, end, self.head_width, self.base, device)

    def row_tables(self, num_windows: int, length: int, device: torch.device) -> Tensor:
        """The tables of `num_windows` windows of `length` positions laid end to end: [2, windows * length, D / 2]."""
        return row_tables(num_windows, length, self.head_width, self.base, device)


@final
class Unturned(Turning):
    """Nothing turns: E is 0."""

    def tables(self, start: int, end: int, device: torch.device) -> Tensor:
        """[2, end - start, 0]."""
        return torch.empty(2, end - start, 0, device=device)

    def row_tables(self, num_windows: int, length: int, device: torch.device) -> Tensor:
        """[2, windows * length, 0]."""
        return torch.empty(2, num_windows * length, 0, device=device)


@dataclass(frozen=True, kw_only=True)
class Heads:
    """Queries [B, T, H, D], keys and values [B, T, K, D] of one layer; queries and keys normed and turned."""

    q_BTHD: Tensor
    k_BTKD: Tensor
    v_BTKD: Tensor


def split_heads(
    joined_BTO: Tensor, query_norm: RMSNorm, key_norm: RMSNorm, tables_2TE: Tensor, num_heads: int
) -> Heads:
    """Cuts joined products (`num_heads` queries, then equally many keys and values) into heads; norms and turns them.

    Turning by the angles of `tables_2TE`: halves (a, b) become (a cos - b sin, b cos + a sin), Su et al. 2021
    (arXiv:2104.09864), section 3.4.2, with the pairing of GPT-NeoX, Llama and Qwen.
    """
    joined_BTND = joined_BTO.view(*joined_BTO.shape[:2], -1, query_norm.weight.shape[0])
    if by_hand(joined_BTO):
        gains = query_norm.weight, key_norm.weight
        cut: tuple[Tensor, ...] = _SplitHeads.apply(  # type: ignore[no-untyped-call]
            joined_BTND, *gains, tables_2TE, num_heads, query_norm.epsilon
        )
        return Heads(q_BTHD=cut[0], k_BTKD=cut[1], v_BTKD=cut[2])
    num_keys = (joined_BTND.shape[2] - num_heads) // 2
    q_BTHD, k_BTKD, v_BTKD = torch.split(joined_BTND, [num_heads, num_keys, num_keys], dim=2)
    # In float32 until both are done, as by hand.
    return Heads(
        q_BTHD=plain_turn(query_norm(q_BTHD.float()), tables_2TE).to(joined_BTO.dtype),
        k_BTKD=plain_turn(key_norm(k_BTKD.float()), tables_2TE).to(joined_BTO.dtype),
        v_BTKD=v_BTKD,
    )


def cut_heads(joined_BTO: Tensor, num_heads: int, head_width: int) -> Heads:
    """Cuts joined products (`num_heads` queries, then equally many keys and values) into heads."""
    joined_BTND = joined_BTO.view(*joined_BTO.shape[:2], -1, head_width)
    num_keys = (joined_BTND.shape[2] - num_heads) // 2
    q_BTHD, k_BTKD, v_BTKD = torch.split(joined_BTND, [num_heads, num_keys, num_keys], dim=2)
    return Heads(q_BTHD=q_BTHD, k_BTKD=k_BTKD, v_BTKD=v_BTKD)


def plain_turn(x_BTHD: Tensor, tables_2TE: Tensor) -> Tensor:
    """`x_BTHD` turned, in torch's own operations; tables [2, B, T, E] turn each text by positions of its own."""
    cos_T1E, sin_T1E = tables_2TE.unsqueeze(-2).to(x_BTHD.dtype)
    first, second = x_BTHD.chunk(2, dim=-1)
    return torch.cat([first * cos_T1E - second * sin_T1E, second * cos_T1E + first * sin_T1E], dim=-1)


@lru_cache(maxsize=16)
def _tables(length: int, head_width: int, base: float, device: torch.device) -> Tensor:
    # Angles in float64, so that late positions keep their precision.
    powers_E = torch.arange(0, head_width, 2, dtype=torch.float64, device="cpu") / head_width
    angles_TE = torch.arange(length, dtype=torch.float64, device="cpu")[:, None] / base**powers_E
    return torch.stack([angles_TE.cos(), angles_TE.sin()]).to(device=device, dtype=torch.float32)


def _halves(x: Tensor) -> tuple[Tensor, Tensor]:
    half = x.shape[-1] // 2
    return x[..., :half], x[..., half:]


class _SplitHeads(Function):
    """Joined products [B, T, N, D] to queries, keys and values; the gradients of all three go into one tensor.

    Cutting by views would cost a tensor of zeros, a copy and an addition for each of the three, going back.
    """

    @staticmethod
    def forward(
        ctx: Any, x_BTND: Tensor, q_gain: Tensor, k_gain: Tensor, tables_2TE: Tensor, num_heads: int, epsilon: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        num_keys = (x_BTND.shape[2] - num_heads) // 2
        turned = slice(0, num_heads + num_keys)
        scale_BTN1 = inverse_root_mean_square(x_BTND[:, :, turned], epsilon)
        parts = slice(0, num_heads), slice(num_heads, num_heads + num_keys)
        q, k = (
            _turn(x_BTND[:, :, part], gain.float(), tables_2TE).mul_(scale_BTN1[:, :, part]).to(x_BTND.dtype)
            for part, gain in zip(parts, (q_gain, k_gain), strict=True)
        )
        ctx.save_for_backward(x_BTND, scale_BTN1, q_gain, k_gain, tables_2TE)
        ctx.parts = parts
        return q, k, x_BTND[:, :, turned.stop :]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x_BTND, scale_BTN1, q_gain, k_gain, tables_2TE = ctx.saved_tensors
        grad_BTND = torch.empty_like(x_BTND)
        grad_gains = [
            _turn_back(grad, x_BTND[:, :, part], scale_BTN1[:, :, part], gain, tables_2TE, out=grad_BTND[:, :, part])
            for grad, part, gain in zip(grads, ctx.parts, (q_gain, k_gain), strict=False)
        ]
        grad_BTND[:, :, ctx.parts[1].stop :] = grads[2]
        return grad_BTND, *grad_gains, None, None, None


def _turn(x_BTHD: Tensor, gain_D: Tensor, tables_2TE: Tensor) -> Tensor:
    """gain * x, turned; the gain goes into the (small) tables, of which each half has its own."""
    cos_T1E, sin_T1E = tables_2TE[:, :, None]
    gain_a_E, gain_b_E = _halves(gain_D)
    out_BTHD = torch.empty(x_BTHD.shape, dtype=torch.float32)
    (a, b), (out_a, out_b) = _halves(x_BTHD), _halves(out_BTHD)
    torch.mul(a, cos_T1E * gain_a_E, out=out_a).addcmul_(b, sin_T1E * gain_b_E, value=-1)
    torch.mul(b, cos_T1E * gain_b_E, out=out_b).addcmul_(a, sin_T1E * gain_a_E)
    return out_BTHD


def _turn_back(
    grad_BTHD: Tensor, x_BTHD: Tensor, scale_BTH1: Tensor, gain_D: Tensor, tables_2TE: Tensor, *, out: Tensor
) -> Tensor:
    """Writes the gradient of x into `out`, returns that of the gain."""
    cos_T1E, sin_T1E = tables_2TE[:, :, None]
    back_BTHD = torch.empty(x_BTHD.shape, dtype=torch.float32)
    (grad_a, grad_b), (back_a, back_b) = _halves(grad_BTHD), _halves(back_BTHD)
    torch.mul(grad_a, cos_T1E, out=back_a).addcmul_(grad_b, sin_T1E)
    torch.mul(grad_b, cos_T1E, out=back_b).addcmul_(grad_a, sin_T1E, value=-1)
    # Both sums over x * back: down the rows for the gain, along the head for the norm.
    product_ND = (x_BTHD * back_BTHD).flatten(0, 2)
    wide_D, scale_N = gain_D.float(), scale_BTH1.flatten()
    grad_gain_D = product_ND.T @ scale_N
    dot_BTH1 = (product_ND @ wide_D).view_as(scale_BTH1)
    share_BTH1 = dot_BTH1.mul_(scale_BTH1.pow(3)).div_(-x_BTHD.shape[-1])
    torch.mul(back_BTHD.mul_(wide_D), scale_BTH1, out=back_BTHD if out.dtype != torch.float32 else out)
    if out.dtype != torch.float32:
        out.copy_(back_BTHD.addcmul_(x_BTHD, share_BTH1))
    else:
        out.addcmul_(x_BTHD, share_BTH1)
    return grad_gain_D.to(gain_D.dtype)
