"""Embeddings: a row of a matrix for each token id, and for each position where a network learns positions.

B batch, T positions, V vocabulary, C width.
"""

from abc import ABC, abstractmethod
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional


class Embedding(nn.Module, ABC):
    """Token ids to vectors. `weight` [vocab_size, width] holds a row for each token, which a tied head shares."""

    weight: nn.Parameter

    @abstractmethod
    def forward(self, ids_BT: Tensor, start: int = 0, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C] for ids [B, T] of any integer dtype, which stand at the positions from `start` on.

        `segments_BT`: which of two texts a position belongs to, 0 or 1, for rows that tell them apart (None: 0).
        """

    @abstractmethod
    def at(self, ids_BT: Tensor, places_BT: Tensor, segments_BT: Tensor | None = None) -> Tensor:
        """As `forward`, for ids that stand at the positions `places_BT` (integers), which each text has of its own."""


@final
class TokenEmbedding(Embedding):
    """The rows alone; dropout (share of elements, 0 to 1) acts on the embedded vectors."""

    def __init__(self, *, vocab_size: int, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocab_size, width))
        self.dropout = dropout

    def forward(self, ids_BT: Tensor, start: int = 0, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C] for ids [B, T] of any integer dtype."""
        del start, segments_BT
        return functional.dropout(functional.embedding(ids_BT.long(), self.weight), self.dropout, self.training)

    def at(self, ids_BT: Tensor, places_BT: Tensor, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C]; positions do not matter."""
        del places_BT, segments_BT
        embedded: Tensor = self(ids_BT)
        return embedded


@final
class PositionEmbedding(Embedding):
    """Rows of tokens plus learnt rows of positions (Radford et al. 2019, GPT-2): at most `context_length` positions."""

    def __init__(self, *, vocab_size: int, width: int, context_length: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocab_size, width))
        self.positions = nn.Parameter(torch.empty(context_length, width))
        self.dropout = dropout

    def forward(self, ids_BT: Tensor, start: int = 0, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C] for ids [B, T] of any integer dtype, which stand at the positions from `start` on."""
        del segments_BT
        return self._added(ids_BT, self.positions[start : start + ids_BT.shape[1]])

    def at(self, ids_BT: Tensor, places_BT: Tensor, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C]."""
        del segments_BT
        return self._added(ids_BT, functional.embedding(places_BT, self.positions))

    def _added(self, ids_BT: Tensor, rows: Tensor) -> Tensor:
        x_BTC = functional.embedding(ids_BT.long(), self.weight) + rows
        return functional.dropout(x_BTC, self.dropout, self.training)


@final
class SegmentEmbedding(Embedding):
    """Rows of tokens, positions and segments, summed and normed (Devlin et al. 2019, arXiv:1810.04805, section 3.2).

    The first position has the row `first_position` of `positions`: 0, or 2 in RoBERTa, whose rows 0 and 1 are unused.
    """

    def __init__(
        self,
        *,
        vocab_size: int,
        width: int,
        num_positions: int,
        first_position: int,
        num_segments: int,
        norm: nn.Module,
        dropout: float,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocab_size, width))
        self.positions = nn.Parameter(torch.empty(num_positions, width))
        self.segments = nn.Parameter(torch.empty(num_segments, width))
        self.first_position, self.norm, self.dropout = first_position, norm, dropout

    def forward(self, ids_BT: Tensor, start: int = 0, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C] for ids [B, T] of any integer dtype, which stand at the positions from `start` on."""
        first = self.first_position + start
        return self._added(ids_BT, self.positions[first : first + ids_BT.shape[1]], segments_BT)

    def at(self, ids_BT: Tensor, places_BT: Tensor, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C]."""
        return self._added(ids_BT, functional.embedding(self.first_position + places_BT, self.positions), segments_BT)

    def _added(self, ids_BT: Tensor, rows: Tensor, segments_BT: Tensor | None) -> Tensor:
        x_BTC = functional.embedding(ids_BT.long(), self.weight) + rows
        x_BTC = x_BTC + (self.segments[0] if segments_BT is None else functional.embedding(segments_BT, self.segments))
        return functional.dropout(self.norm(x_BTC), self.dropout, self.training)


@final
class NormedEmbedding(Embedding):
    """Rows of tokens, normed (ModernBERT, arXiv:2412.13663, section 2.1)."""

    def __init__(self, *, vocab_size: int, width: int, norm: nn.Module, dropout: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocab_size, width))
        self.norm, self.dropout = norm, dropout

    def forward(self, ids_BT: Tensor, start: int = 0, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C] for ids [B, T] of any integer dtype."""
        del start, segments_BT
        x_BTC = self.norm(functional.embedding(ids_BT.long(), self.weight))
        return functional.dropout(x_BTC, self.dropout, self.training)

    def at(self, ids_BT: Tensor, places_BT: Tensor, segments_BT: Tensor | None = None) -> Tensor:
        """[B, T, C]; positions are told by attention."""
        del places_BT, segments_BT
        embedded: Tensor = self(ids_BT)
        return embedded
