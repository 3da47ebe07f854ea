"""Heads turn hidden vectors into scores.

V vocabulary, C width of the model.
"""

from abc import ABC, abstractmethod
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from danlu.models.layers.embedding import Embedding


class Head(nn.Module, ABC):
    """Next-token scores: one row of `weight` [V, C] for each token of the vocabulary, no bias."""

    @property
    @abstractmethod
    def weight(self) -> Tensor:
        """The matrix [V, C] whose product with a hidden vector is its logits."""

    def forward(self, hidden: Tensor) -> Tensor:
        """Scores [..., V] in the dtype of `hidden` [..., C]."""
        return functional.linear(hidden, self.weight)


@final
class TiedHead(Head):
    """The embedding's own matrix, as Press & Wolf 2017 (arXiv:1608.05859): no parameters of its own.

    Saves V * C parameters, a large share of a small model.
    """

    def __init__(self, embed: Embedding) -> None:
        super().__init__()
        # In a tuple, so that torch does not register the embedding a second time below the head.
        self._embed = (embed,)

    @property
    def weight(self) -> Tensor:
        """The embedding's matrix [V, C]."""
        return self._embed[0].weight


@final
class FreeHead(Head):
    """A matrix of its own, [vocab_size, width]."""

    def __init__(self, vocab_size: int, width: int) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.empty(vocab_size, width))

    @property
    def weight(self) -> Tensor:
        """The head's own matrix [V, C]."""
        return self.matrix
