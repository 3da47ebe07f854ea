"""Gated feed-forward: silu(gate(x)) * up(x), projected back.

F inner width, C width of the model.
"""

from typing import Any, final

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

from danlu.models.layers.norm import RMSNorm, normed_linear
from danlu.models.layers.paths import by_hand, run_by_hand


@final
class GatedFeedForward(nn.Module):
    """SwiGLU, Shazeer 2020 (arXiv:2002.05202), without biases: three matrices gate, up [F, C] and down [C, F]."""

    def __init__(self, *, width: int, inner_width: int) -> None:
        super().__init__()
        self.gate = nn.Parameter(torch.empty(inner_width, width))
        self.up = nn.Parameter(torch.empty(inner_width, width))
        self.down = nn.Parameter(torch.empty(width, inner_width))

    def forward(self, x: Tensor, norm: RMSNorm) -> Tensor:
        """[..., C] to [..., C]: the part applied to norm(x)."""
        return functional.linear(gate_product(normed_linear(x, norm, [self.gate, self.up])), self.down)


def gate_product(joined: Tensor) -> Tensor:
    """silu(first half) * second half of the last dimension."""
    if by_hand(joined):
        return run_by_hand(_GateProduct, joined)
    gate, up = joined.chunk(2, dim=-1)
    return functional.silu(gate) * up


class _GateProduct(Function):
    @staticmethod
    def forward(ctx: Any, joined: Tensor) -> Tensor:
        gate, up = joined.chunk(2, dim=-1)
        ctx.save_for_backward(joined)
        return functional.silu(gate).mul_(up)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (joined,) = ctx.saved_tensors
        gate, up = joined.chunk(2, dim=-1)
        out = torch.empty_like(joined)
        out_gate, out_up = out.chunk(2, dim=-1)
        open_ = torch.sigmoid(gate)
        silu = gate * open_
        torch.mul(grad, silu, out=out_up)
        # The derivative of silu is open + silu * (1 - open).
        open_.addcmul_(silu, open_, value=-1).add_(silu).mul_(grad)
        torch.mul(open_, up, out=out_gate)
        return out
