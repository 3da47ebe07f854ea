"""Attention of a text that is written over another that was read (Vaswani et al. 2017, arXiv:1706.03762, section 3.2.3).

B batch, T written positions, S read positions, H heads, D width of one head, C width of the model.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from danlu.models.layers.paths import on_cpu
from danlu.models.layers.products import full_attention


@dataclass(frozen=True, kw_only=True)
class Source:
    """A text that was read: a vector for each position. `lengths_B`: how many of each text are real (None: all)."""

    hidden_BSC: Tensor
    lengths_B: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class CrossKeys:
    """Keys and values [B, H, S, D] of one layer; `seen_B1S` (bool): which of them are real (None: all)."""

    k_BHSD: Tensor
    v_BHSD: Tensor
    seen_B1S: Tensor | None


class CrossAttention(nn.Module, ABC):
    """What both kinds share: matrices query, key, value and output, [outputs, inputs]."""

    def __init__(self, *, width: int, num_heads: int, head_width: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.empty(num_heads * head_width, width))
        self.key = nn.Parameter(torch.empty(num_heads * head_width, width))
        self.value = nn.Parameter(torch.empty(num_heads * head_width, width))
        self.output = nn.Parameter(torch.empty(width, num_heads * head_width))
        self.num_heads, self.head_width = num_heads, head_width

    @abstractmethod
    def keys(self, source: Source) -> CrossKeys:
        """Keys and values of the text that was read: the same for every written position."""

    @abstractmethod
    def forward(self, x_BTC: Tensor, norm: nn.Module, keys: CrossKeys) -> Tensor:
        """[B, T, C] to [B, T, C]: what norm(x) takes from the text that was read."""

    def _cut(self, joined_BSO: Tensor) -> Tensor:
        """[B, S, H * D] to [B, H, S, D]."""
        return joined_BSO.view(*joined_BSO.shape[:2], self.num_heads, self.head_width).transpose(1, 2)

    def _keys(self, source: Source, key_bias: Tensor | None, value_bias: Tensor | None) -> CrossKeys:
        hidden_BSC, seen_B1S = source.hidden_BSC, None
        if source.lengths_B is not None:
            places_S = torch.arange(hidden_BSC.shape[1], device=hidden_BSC.device)
            seen_B1S = (places_S < source.lengths_B[:, None])[:, None]
        return CrossKeys(
            k_BHSD=self._cut(functional.linear(hidden_BSC, self.key, key_bias)),
            v_BHSD=self._cut(functional.linear(hidden_BSC, self.value, value_bias)),
            seen_B1S=seen_B1S,
        )


@final
class BiasedCrossAttention(CrossAttention):
    """Biases on all four products, scores divided by sqrt(D): the classic shape."""

    def __init__(self, *, width: int, num_heads: int, head_width: int) -> None:
        super().__init__(width=width, num_heads=num_heads, head_width=head_width)
        self.query_bias = nn.Parameter(torch.empty(num_heads * head_width))
        self.key_bias = nn.Parameter(torch.empty(num_heads * head_width))
        self.value_bias = nn.Parameter(torch.empty(num_heads * head_width))
        self.output_bias = nn.Parameter(torch.empty(width))

    def keys(self, source: Source) -> CrossKeys:
        """Keys and values of the text that was read."""
        return self._keys(source, self.key_bias, self.value_bias)

    def forward(self, x_BTC: Tensor, norm: nn.Module, keys: CrossKeys) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        q_BHTD = self._cut(functional.linear(norm(x_BTC), self.query, self.query_bias))
        return functional.linear(_mixed(q_BHTD, keys), self.output, self.output_bias)


@final
class UnscaledCrossAttention(CrossAttention):
    """No biases, and scores as they are: T5 (Raffel et al. 2020, arXiv:1910.10683, section 2.1, and its code)."""

    def keys(self, source: Source) -> CrossKeys:
        """Keys and values of the text that was read."""
        return self._keys(source, None, None)

    def forward(self, x_BTC: Tensor, norm: nn.Module, keys: CrossKeys) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        q_BHTD = self._cut(functional.linear(norm(x_BTC), self.query))
        # The shared product divides by sqrt(D); this takes it back.
        return functional.linear(_mixed(q_BHTD * self.head_width**0.5, keys), self.output)


def _mixed(q_BHTD: Tensor, keys: CrossKeys) -> Tensor:
    """The mixed values [B, T, H * D]."""
    if on_cpu(q_BHTD):
        mixed_BHTD = full_attention(q_BHTD, keys.k_BHSD, keys.v_BHSD, keys.seen_B1S)
    else:
        mask = None if keys.seen_B1S is None else keys.seen_B1S[:, None]
        mixed_BHTD = functional.scaled_dot_product_attention(q_BHTD, keys.k_BHSD, keys.v_BHSD, attn_mask=mask)
    return mixed_BHTD.transpose(1, 2).flatten(2)
