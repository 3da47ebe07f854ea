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
    def forward(self, ids_BT: Tensor, start: int = 0) -> Tensor:
        """[B, T, C] for ids [B, T] of any integer dtype, which stand at the positions from `start` on."""


@final
class TokenEmbedding(Embedding):
    """The rows alone; dropout (share of elements, 0 to 1) acts on the embedded vectors."""

    def __init__(self, *, vocab_size: int, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocab_size, width))
        self.dropout = dropout

    def forward(self, ids_BT: Tensor, start: int = 0) -> Tensor:
        """[B, T, C] for ids [B, T] of any integer dtype."""
        del start
        return functional.dropout(functional.embedding(ids_BT.long(), self.weight), self.dropout, self.training)


@final
class PositionEmbedding(Embedding):
    """Rows of tokens plus learnt rows of positions (Radford et al. 2019, GPT-2): at most `context_length` positions."""

    def __init__(self, *, vocab_size: int, width: int, context_length: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocab_size, width))
        self.positions = nn.Parameter(torch.empty(context_length, width))
        self.dropout = dropout

    def forward(self, ids_BT: Tensor, start: int = 0) -> Tensor:
        """[B, T, C] for ids [B, T] of any integer dtype, which stand at the positions from `start` on."""
        x_BTC = functional.embedding(ids_BT.long(), self.weight) + self.positions[start : start + ids_BT.shape[1]]
        return functional.dropout(x_BTC, self.dropout, self.training)
