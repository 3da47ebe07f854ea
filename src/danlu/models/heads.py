"""Heads turn hidden vectors into scores.

V vocabulary, C width of the model.
"""

from abc import ABC, abstractmethod
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.models.layers.embedding import Embedding


class Head(nn.Module, ABC):
    """Scores of tokens: the products of a hidden vector's `features` with `weight` [V, C], plus `bias` [V] if there is one.

    An objective takes the three apart, so that it computes scores only where it needs them.
    """

    bias: nn.Parameter | None

    def __init__(self) -> None:
        super().__init__()
        self.register_parameter("bias", None)

    @property
    @abstractmethod
    def weight(self) -> Tensor:
        """The matrix [V, C] whose product with a feature vector is its logits."""

    def features(self, hidden: Tensor) -> Tensor:
        """What is multiplied with `weight`: [..., C] for [..., C]; the hidden vectors themselves unless a row says other."""
        return hidden

    def forward(self, hidden: Tensor) -> Tensor:
        """Scores [..., V] in the dtype of `hidden` [..., C]."""
        return functional.linear(self.features(hidden), self.weight, self.bias)


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
class ScaledTiedHead(Head):
    """The embedding's own matrix, over hidden vectors times `scale`: T5's is C ** -0.5, so that an embedding of deviation
    1 gives scores of deviation 1 (Raffel et al. 2020, arXiv:1910.10683, and its code)."""

    def __init__(self, embed: Embedding, scale: float) -> None:
        super().__init__()
        self._embed, self.scale = (embed,), scale

    @property
    def weight(self) -> Tensor:
        """The embedding's matrix [V, C]."""
        return self._embed[0].weight

    def features(self, hidden: Tensor) -> Tensor:
        """[..., C] to [..., C]."""
        return hidden * self.scale


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


@final
class TransformHead(Head):
    """The head of masked models: GELU of a square matrix, a norm, then the embedding's own matrix and a bias for each token
    (Devlin et al. 2019, arXiv:1810.04805, and its code). `dense_bias` is None where a row has none (ModernBERT)."""

    dense_bias: nn.Parameter | None

    def __init__(self, embed: Embedding, *, width: int, norm: nn.Module, biased: bool) -> None:
        super().__init__()
        self._embed = (embed,)
        self.dense = nn.Parameter(torch.empty(width, width))
        self.register_parameter("dense_bias", nn.Parameter(torch.empty(width)) if biased else None)
        self.norm = norm
        self.bias = nn.Parameter(torch.empty(embed.weight.shape[0]))

    @property
    def weight(self) -> Tensor:
        """The embedding's matrix [V, C]."""
        return self._embed[0].weight

    def features(self, hidden: Tensor) -> Tensor:
        """[..., C] to [..., C]."""
        normed: Tensor = self.norm(functional.gelu(functional.linear(hidden, self.dense, self.dense_bias)))
        return normed


@final
class MissingHead(Head):
    """What a body without a head has in its place (a folder that holds a bare encoder): vectors, and no scores.

    A random head would give scores that look like the model's; so every use raises UsageError.
    """

    def __init__(self, architecture: str) -> None:
        super().__init__()
        self._architecture = architecture

    @property
    def weight(self) -> Tensor:
        """Raises UsageError."""
        raise self._refused()

    def features(self, hidden: Tensor) -> Tensor:
        """Raises UsageError."""
        raise self._refused()

    def _refused(self) -> UsageError:
        return UsageError(
            Text(
                "this model has no head: it gives vectors, not scores of tokens",
                "该模型没有输出头：只给出向量，不能为词元评分",
            ),
            got=Text("a {architecture} body without a head", "没有输出头的 {architecture} 主体"),
            allowed=Text("a folder that holds the head's weights too", "同时含有输出头权重的目录"),
            fix=Text(
                "use its vectors (danlu.load(PATH).vectors), or import the folder of the whole model",
                "使用其向量（danlu.load(PATH).vectors），或导入完整模型的目录",
            ),
            architecture=self._architecture,
        )
