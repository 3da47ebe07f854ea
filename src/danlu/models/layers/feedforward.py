"""Feed-forward parts: gated ones and the classic one.

F inner width, C width of the model.
"""

from collections.abc import Callable
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

    def forward(self, x: Tensor, norm: nn.Module) -> Tensor:
        """[..., C] to [..., C]: the part applied to norm(x)."""
        assert isinstance(norm, RMSNorm)
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


@final
class DenseFeedForward(nn.Module):
    """activation(up(x)) projected down, with biases: the classic part (Vaswani et al. 2017, section 3.3)."""

    def __init__(self, *, width: int, inner_width: int, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.up = nn.Parameter(torch.empty(inner_width, width))
        self.up_bias = nn.Parameter(torch.empty(inner_width))
        self.down = nn.Parameter(torch.empty(width, inner_width))
        self.down_bias = nn.Parameter(torch.empty(width))
        self.activation = activation

    def forward(self, x: Tensor, norm: nn.Module) -> Tensor:
        """[..., C] to [..., C]: the part applied to norm(x)."""
        inner = self.activation(functional.linear(norm(x), self.up, self.up_bias))
        return functional.linear(inner, self.down, self.down_bias)


@final
class UnbiasedFeedForward(nn.Module):
    """activation(up(x)) projected down, without biases (T5: Raffel et al. 2020, arXiv:1910.10683)."""

    def __init__(self, *, width: int, inner_width: int, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.up = nn.Parameter(torch.empty(inner_width, width))
        self.down = nn.Parameter(torch.empty(width, inner_width))
        self.activation = activation

    def forward(self, x: Tensor, norm: nn.Module) -> Tensor:
        """[..., C] to [..., C]: the part applied to norm(x)."""
        return functional.linear(self.activation(functional.linear(norm(x), self.up)), self.down)


@final
class GeluGatedFeedForward(nn.Module):
    """GeGLU, Shazeer 2020 (arXiv:2002.05202), without biases: activation(gate(x)) * up(x), projected down; `activation` is
    GELU or its tanh form."""

    def __init__(
        self, *, width: int, inner_width: int, activation: Callable[[Tensor], Tensor] = functional.gelu
    ) -> None:
        super().__init__()
        self.gate = nn.Parameter(torch.empty(inner_width, width))
        self.up = nn.Parameter(torch.empty(inner_width, width))
        self.down = nn.Parameter(torch.empty(width, inner_width))
        self.activation = activation

    def forward(self, x: Tensor, norm: nn.Module) -> Tensor:
        """[..., C] to [..., C]: the part applied to norm(x)."""
        gate, up = functional.linear(norm(x), torch.cat([self.gate, self.up])).chunk(2, dim=-1)
        return functional.linear(self.activation(gate) * up, self.down)


def tanh_gelu(x: Tensor) -> Tensor:
    """GELU by its tanh form (Hendrycks & Gimpel 2016, arXiv:1606.08415, section 2), as GPT-2 has it."""
    return functional.gelu(x, approximate="tanh")
