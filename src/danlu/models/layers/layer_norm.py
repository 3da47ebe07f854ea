"""LayerNorm: a vector less its mean, divided by its deviation, times a learnt gain, plus a learnt bias.

C width of the normed vector.
"""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional


@final
class LayerNorm(nn.Module):
    """Ba et al. 2016 (arXiv:1607.06450), over the last dimension."""

    def __init__(self, width: int, *, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.bias = nn.Parameter(torch.empty(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """The normed [..., C], in the dtype of `x`."""
        normed = functional.layer_norm(
            x.float(), self.weight.shape, self.weight.float(), self.bias.float(), self.epsilon
        )
        return normed.to(x.dtype)


@final
class GainLayerNorm(nn.Module):
    """LayerNorm without a bias, as ModernBERT has it (arXiv:2412.13663, section 2.1)."""

    def __init__(self, width: int, *, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """The normed [..., C], in the dtype of `x`."""
        return functional.layer_norm(x.float(), self.weight.shape, self.weight.float(), None, self.epsilon).to(x.dtype)
