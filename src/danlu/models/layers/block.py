"""One layer of a transformer: attention and feed-forward, each added to the stream, normed before or after.

B batch, T positions, C width, O width of all heads together, E half of a head or 0.
"""

from abc import ABC, abstractmethod
from typing import final

from torch import Tensor, nn
from torch.nn import functional

from danlu.models.layers.attention import SelfAttention
from danlu.models.layers.cache import KeyValueCache
from danlu.models.layers.position import Heads


class Block(nn.Module, ABC):
    """What both orders of norms share. `feedforward` is called with the stream and the norm before it."""

    def __init__(
        self,
        *,
        attention: SelfAttention,
        feedforward: nn.Module,
        attention_norm: nn.Module,
        feedforward_norm: nn.Module,
        dropout: float,
    ) -> None:
        super().__init__()
        self.attention, self.feedforward = attention, feedforward
        self.attention_norm, self.feedforward_norm = attention_norm, feedforward_norm
        self.dropout = dropout

    def forward(
        self, x_BTC: Tensor, layer: int, cache: KeyValueCache | None, lengths_B: Tensor | None = None
    ) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        start = cache.length if cache else 0
        heads = self.enter(x_BTC, self.attention.turning.tables(start, start + x_BTC.shape[1], x_BTC.device))
        return self.leave(x_BTC, self.attention.attend(heads, layer, cache, lengths_B))

    @abstractmethod
    def enter(self, x_BTC: Tensor, tables_2TE: Tensor) -> Heads:
        """What comes before positions meet."""

    @abstractmethod
    def leave(self, x_BTC: Tensor, mixed_BTO: Tensor) -> Tensor:
        """What comes after: the way back into the stream, and the feed-forward part."""

    def _drop(self, x_BTC: Tensor) -> Tensor:
        # Not inside attention: there it leaves torch's fused kernel, and the layer takes 2.7 times as long on a CPU.
        return functional.dropout(x_BTC, self.dropout, self.training) if self.dropout else x_BTC


@final
class PreNormBlock(Block):
    """Each part reads the normed stream and is added to the stream as it is (Xiong et al. 2020, arXiv:2002.04745)."""

    def enter(self, x_BTC: Tensor, tables_2TE: Tensor) -> Heads:
        """What comes before positions meet."""
        return self.attention.heads(x_BTC, self.attention_norm, tables_2TE)

    def leave(self, x_BTC: Tensor, mixed_BTO: Tensor) -> Tensor:
        """What comes after: the way back into the stream, and the feed-forward part."""
        x_BTC = x_BTC + self._drop(self.attention.project(mixed_BTO))
        return x_BTC + self._drop(self.feedforward(x_BTC, self.feedforward_norm))


@final
class PostNormBlock(Block):
    """Each part reads the stream, is added to it, and the sum is normed (Vaswani et al. 2017, arXiv:1706.03762)."""

    def enter(self, x_BTC: Tensor, tables_2TE: Tensor) -> Heads:
        """What comes before positions meet."""
        return self.attention.heads(x_BTC, _AS_IT_IS, tables_2TE)

    def leave(self, x_BTC: Tensor, mixed_BTO: Tensor) -> Tensor:
        """What comes after: the way back into the stream, and the feed-forward part."""
        x_BTC = self.attention_norm(x_BTC + self._drop(self.attention.project(mixed_BTO)))
        normed_BTC: Tensor = self.feedforward_norm(x_BTC + self._drop(self.feedforward(x_BTC, _AS_IT_IS)))
        return normed_BTC


_AS_IT_IS = nn.Identity()
