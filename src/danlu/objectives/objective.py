"""The contract of an objective: a batch of windows and a network in, a summed loss out.

Network, objective and head are three things: any body trains under any objective that its direction allows.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from danlu.batches.batch import TokenBatch
from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.models.model import LanguageModel


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Summed cross-entropy (nats, a differentiable scalar) over `num_targets` predicted tokens."""

    nats: Tensor
    num_targets: int


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """What objectives know of the token ids: there are `size` of them, the first `num_control` are control tokens.

    `mask_id` stands where a token is hidden; None: the tokenizer has no such token. `sentinel_ids` stand for spans, and
    `end_id`, the document separator, ends what is written.
    """

    size: int
    num_control: int = 1
    mask_id: int | None = None
    sentinel_ids: tuple[int, ...] = ()
    end_id: int = 0


class Objective(ABC):
    """One way to learn from raw text."""

    name: ClassVar[str]
    directions: ClassVar[frozenset[str]]
    """The directions of networks it can train: "left-to-right", "bidirectional", "encoder-decoder"."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    @abstractmethod
    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """The loss of one (micro-)batch. Sums, so that micro-batches and ranks add up to the whole batch exactly."""


def check_direction(objective: Objective, model: LanguageModel, architecture: str) -> None:
    """Raises UsageError when the network reads in a direction that the objective cannot use."""
    if model.direction not in objective.directions:
        raise UsageError(
            Text("{architecture} cannot be trained with {name}", "{architecture} 不能用 {name} 目标训练"),
            got=model.direction,
            allowed=Text("a network that reads {directions}", "阅读方向为 {directions} 的网络"),
            fix=Text("choose another --objective or --arch", "请改用其他 --objective 或 --arch"),
            architecture=architecture,
            name=objective.name,
            directions=", ".join(sorted(objective.directions)),
        )
