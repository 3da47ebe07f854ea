"""Token embedding: a row of a matrix for each token id.

B batch, T positions, V vocabulary, C width.
"""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional


@final
class TokenEmbedding(nn.Module):
    """`weight` [vocab_size, width]; dropout (share of elements, 0 to 1) acts on the embedded vectors."""

    def __init__(self, *, vocab_size: int, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(vocab_size, width))
        self.dropout = dropout

    def forward(self, ids_BT: Tensor) -> Tensor:
        """[B, T, C] for ids [B, T] of any integer dtype."""
        x_BTC = functional.embedding(ids_BT.long(), self.weight)
        return functional.dropout(x_BTC, self.dropout, self.training)
