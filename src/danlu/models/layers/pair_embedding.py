"""Embeddings of networks that read one text and write another: the rows of tokens are shared by both.

B batch, T written positions, S read positions, V vocabulary, C width.
"""

import math
from abc import abstractmethod
from functools import lru_cache
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from danlu.models.layers.embedding import Embedding
from danlu.models.layers.relative import RelativePositions


class PairEmbedding(Embedding):
    """`forward` embeds what is written, `source` what is read."""

    @abstractmethod
    def source(self, ids_BS: Tensor) -> Tensor:
        """[B, S, C] for the ids [B, S] of a text that is read; it begins at position 0."""

    @abstractmethod
    def source_at(self, ids_BS: Tensor, places_BS: Tensor) -> Tensor:
        """As `source`, for ids that stand at the positions `places_BS` (integers), which each text has of its own."""


@final
class SinusoidEmbedding(PairEmbedding):
    """Rows of tokens times sqrt(C), plus sines and cosines of the position (Vaswani et al. 2017, sections 3.4, 3.5)."""

    def __init__(self, *, vocab_size: int, width: int, dropout: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocab_size, width))
        self.dropout = dropout

    def forward(self, ids_BT: Tensor, start: int = 0, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C] for ids [B, T] of any integer dtype, which stand at the positions from `start` on."""
        del segments_BT
        end, width = start + ids_BT.shape[1], self.weight.shape[1]
        return self._added(ids_BT, sinusoids(1 << max(0, end - 1).bit_length(), width, self.weight.device)[start:end])

    def at(self, ids_BT: Tensor, places_BT: Tensor, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C]; each place counts from 0."""
        del segments_BT
        return self._added(ids_BT, sines_of(places_BT, self.weight.shape[1]))

    def source_at(self, ids_BS: Tensor, places_BS: Tensor) -> Tensor:
        """[B, S, C]."""
        return self.at(ids_BS, places_BS)

    def _added(self, ids_BT: Tensor, rows: Tensor) -> Tensor:
        x_BTC = functional.embedding(ids_BT.long(), self.weight) * math.sqrt(self.weight.shape[1])
        return functional.dropout(x_BTC + rows.to(self.weight.dtype), self.dropout, self.training)

    def source(self, ids_BS: Tensor) -> Tensor:
        """[B, S, C]: both texts count their positions from 0."""
        embedded: Tensor = self(ids_BS)
        return embedded


@lru_cache(maxsize=16)
def sinusoids(length: int, width: int, device: torch.device) -> Tensor:
    """[length, width] float32: sin(t / 10000^(2i / width)) at 2i, the cosine at 2i + 1 (Vaswani et al. 2017, 3.5)."""
    return sines_of(torch.arange(length, device="cpu"), width).to(device)


def sines_of(places: Tensor, width: int) -> Tensor:
    """[..., width] float32 for places [...] (integers): the rows of `sinusoids` that stand there."""
    powers_E = torch.arange(0, width, 2, dtype=torch.float64, device=places.device) / width
    angles = places[..., None].double() / 10000.0**powers_E  # in float64, so that late positions keep their precision
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)[..., :width].float()


@final
class DistanceEmbedding(PairEmbedding):
    """Rows of tokens alone, and beside them the biases of distances that attention adds (T5, arXiv:1910.10683, 2.1).

    `source_distances` belong to the text that is read, `distances` to the one that is written; all layers share them.
    """

    def __init__(
        self,
        *,
        vocab_size: int,
        width: int,
        source_distances: RelativePositions,
        distances: RelativePositions,
        dropout: float,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocab_size, width))
        self.source_distances, self.distances = source_distances, distances
        self.dropout = dropout

    def forward(self, ids_BT: Tensor, start: int = 0, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C] for ids [B, T] of any integer dtype."""
        del start, segments_BT
        return functional.dropout(functional.embedding(ids_BT.long(), self.weight), self.dropout, self.training)

    def at(self, ids_BT: Tensor, places_BT: Tensor, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C]; positions are told by attention."""
        del places_BT, segments_BT
        embedded: Tensor = self(ids_BT)
        return embedded

    def source_at(self, ids_BS: Tensor, places_BS: Tensor) -> Tensor:
        """[B, S, C]."""
        return self.at(ids_BS, places_BS)

    def source(self, ids_BS: Tensor) -> Tensor:
        """[B, S, C]."""
        embedded: Tensor = self(ids_BS)
        return embedded


@final
class NormedPairEmbedding(PairEmbedding):
    """Rows of tokens plus learnt rows of positions, normed; both texts have positions and a norm of their own (BART,
    Lewis et al. 2020, arXiv:1910.13461, and its code). The first position has the row `first_position`."""

    def __init__(
        self,
        *,
        vocab_size: int,
        width: int,
        num_positions: int,
        first_position: int,
        source_norm: nn.Module,
        norm: nn.Module,
        dropout: float,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocab_size, width))
        self.source_positions = nn.Parameter(torch.empty(num_positions, width))
        self.positions = nn.Parameter(torch.empty(num_positions, width))
        self.source_norm, self.norm = source_norm, norm
        self.first_position, self.dropout = first_position, dropout

    def forward(self, ids_BT: Tensor, start: int = 0, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C] for ids [B, T] of any integer dtype, which stand at the positions from `start` on."""
        del segments_BT
        first = self.first_position + start
        return self._normed(ids_BT, self.positions[first : first + ids_BT.shape[1]], self.norm)

    def at(self, ids_BT: Tensor, places_BT: Tensor, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C]."""
        del segments_BT
        return self._normed(ids_BT, functional.embedding(self.first_position + places_BT, self.positions), self.norm)

    def source(self, ids_BS: Tensor) -> Tensor:
        """[B, S, C]."""
        first = self.first_position
        return self._normed(ids_BS, self.source_positions[first : first + ids_BS.shape[1]], self.source_norm)

    def source_at(self, ids_BS: Tensor, places_BS: Tensor) -> Tensor:
        """[B, S, C]."""
        rows = functional.embedding(self.first_position + places_BS, self.source_positions)
        return self._normed(ids_BS, rows, self.source_norm)

    def _normed(self, ids_BT: Tensor, rows: Tensor, norm: nn.Module) -> Tensor:
        x_BTC = functional.embedding(ids_BT.long(), self.weight) + rows
        return functional.dropout(norm(x_BTC), self.dropout, self.training)
