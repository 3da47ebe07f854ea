"""Feed-forward parts without biases, as T5 has them (Raffel et al. 2020, arXiv:1910.10683; T5 1.1 is the gated one).

F inner width, C width of the model.
"""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from danlu.models.layers.feedforward import tanh_gelu


@final
class ReluFeedForward(nn.Module):
    """ReLU of up(x), projected down."""

    def __init__(self, *, width: int, inner_width: int) -> None:
        super().__init__()
        self.up = nn.Parameter(torch.empty(inner_width, width))
        self.down = nn.Parameter(torch.empty(width, inner_width))

    def forward(self, x: Tensor, norm: nn.Module) -> Tensor:
        """[..., C] to [..., C]: the part applied to norm(x)."""
        return functional.linear(functional.relu(functional.linear(norm(x), self.up)), self.down)


@final
class TanhGatedFeedForward(nn.Module):
    """GELU (by its tanh form) of gate(x), times up(x), projected down (Shazeer 2020, arXiv:2002.05202)."""

    def __init__(self, *, width: int, inner_width: int) -> None:
        super().__init__()
        self.gate = nn.Parameter(torch.empty(inner_width, width))
        self.up = nn.Parameter(torch.empty(inner_width, width))
        self.down = nn.Parameter(torch.empty(width, inner_width))

    def forward(self, x: Tensor, norm: nn.Module) -> Tensor:
        """[..., C] to [..., C]: the part applied to norm(x)."""
        gate, up = functional.linear(norm(x), torch.cat([self.gate, self.up])).chunk(2, dim=-1)
        return functional.linear(tanh_gelu(gate) * up, self.down)
