"""One layer of a decoder that reads another text: self-attention, attention over that text, feed-forward.

B batch, T positions, C width.
"""

from abc import ABC, abstractmethod
from typing import final

from torch import Tensor, nn
from torch.nn import functional

from danlu.models.layers.attention import SelfAttention
from danlu.models.layers.cache import KeyValueCache
from danlu.models.layers.cross_attention import CrossAttention, CrossKeys


class DecoderBlock(nn.Module, ABC):
    """What both orders of norms share (Vaswani et al. 2017, arXiv:1706.03762, section 3.1)."""

    def __init__(
        self,
        *,
        attention: SelfAttention,
        cross: CrossAttention,
        feedforward: nn.Module,
        attention_norm: nn.Module,
        cross_norm: nn.Module,
        feedforward_norm: nn.Module,
        dropout: float,
    ) -> None:
        super().__init__()
        self.attention, self.cross, self.feedforward = attention, cross, feedforward
        self.attention_norm, self.cross_norm, self.feedforward_norm = attention_norm, cross_norm, feedforward_norm
        self.dropout = dropout

    @abstractmethod
    def forward(self, x_BTC: Tensor, layer: int, cache: KeyValueCache | None, keys: CrossKeys) -> Tensor:
        """[B, T, C] to [B, T, C]; `keys` are those of the text that was read."""

    def _attended(self, x_BTC: Tensor, norm: nn.Module, layer: int, cache: KeyValueCache | None) -> Tensor:
        start = cache.length if cache else 0
        tables_2TE = self.attention.turning.tables(start, start + x_BTC.shape[1], x_BTC.device)
        heads = self.attention.heads(x_BTC, norm, tables_2TE)
        return self._drop(self.attention.project(self.attention.attend(heads, layer, cache)))

    def _drop(self, x_BTC: Tensor) -> Tensor:
        return functional.dropout(x_BTC, self.dropout, self.training) if self.dropout else x_BTC


@final
class PreNormDecoderBlock(DecoderBlock):
    """Each part reads the normed stream and is added to the stream as it is."""

    def forward(self, x_BTC: Tensor, layer: int, cache: KeyValueCache | None, keys: CrossKeys) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        x_BTC = x_BTC + self._attended(x_BTC, self.attention_norm, layer, cache)
        x_BTC = x_BTC + self._drop(self.cross(x_BTC, self.cross_norm, keys))
        return x_BTC + self._drop(self.feedforward(x_BTC, self.feedforward_norm))


@final
class PostNormDecoderBlock(DecoderBlock):
    """Each part reads the stream, is added to it, and the sum is normed."""

    def forward(self, x_BTC: Tensor, layer: int, cache: KeyValueCache | None, keys: CrossKeys) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        x_BTC = self.attention_norm(x_BTC + self._attended(x_BTC, _AS_IT_IS, layer, cache))
        x_BTC = self.cross_norm(x_BTC + self._drop(self.cross(x_BTC, _AS_IT_IS, keys)))
        normed_BTC: Tensor = self.feedforward_norm(x_BTC + self._drop(self.feedforward(x_BTC, _AS_IT_IS)))
        return normed_BTC


_AS_IT_IS = nn.Identity()
