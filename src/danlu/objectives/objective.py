"""The contract of an objective: a batch of windows and a network in, a summed loss out.

Network, objective and head are three things: any body trains under any objective that its direction allows.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from torch import Tensor

from danlu.batches.batch import TokenBatch
from danlu.core.errors import UsageError
from danlu.core.language import Text, say
from danlu.models.model import LanguageModel
from danlu.models.stack import Stack
from danlu.objectives.settings import ObjectiveSettings
from danlu.tokenizers.tokenizer import MASK, SENTINELS

WordStarts = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.bool_]]
"""For a row of ids: which of them begin a word."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one part of a loss came to: summed nats over `num_targets` decisions."""

    nats: float
    num_targets: int


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Summed cross-entropy (nats, a differentiable scalar) over `num_targets` predicted tokens.

    `parts`: the figures of an objective that learns several things at once, one for each of its `parts`, in their order.
    """

    nats: Tensor
    num_targets: int
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """What objectives know of the token ids: there are `size` of them, the first `num_control` are control tokens.

    `controls`: the ids of control tokens by name, `bos_id` that of the separator. `word_starts` tells where words begin;
    None: nobody can tell.
    """

    size: int
    num_control: int = 1
    bos_id: int = 0
    controls: Mapping[str, int] = field(default_factory=dict)
    word_starts: WordStarts | None = None

    @property
    def mask_id(self) -> int | None:
        """What stands where a token is hidden; None: the tokenizer has no such token."""
        return self.controls.get(MASK)

    @property
    def sentinel_ids(self) -> tuple[int, ...]:
        """What stands for spans that are taken out, in order; none: the tokenizer was made without."""
        return tuple(self.controls[name] for name in SENTINELS if name in self.controls)

    def control(self, name: str) -> int:
        """The id of a control token. Raises UsageError when the tokenizer was made without it."""
        if name not in self.controls:
            raise UsageError(
                Text("this tokenizer lacks a control token of the objective", "该分词器缺少训练目标所需的控制符"),
                got=Text("no {name} among {known}", "{known} 中没有 {name}"),
                allowed=Text("a tokenizer with the control token {name}", "带有控制符 {name} 的分词器"),
                fix=Text(
                    "leave --tokenizer out, or train one with tokenizer.control_tokens that name it",
                    "去掉 --tokenizer，或在 tokenizer.control_tokens 中写入它并重新训练分词器",
                ),
                name=name,
                known=", ".join(self.controls) or "-",
            )
        return self.controls[name]


class Objective(ABC):
    """One way to learn from raw text."""

    name: ClassVar[str]
    directions: ClassVar[frozenset[str]]
    """The directions of networks it can train: "left-to-right", "bidirectional", "encoder-decoder"."""
    controls: ClassVar[tuple[str, ...]] = ()
    """Control tokens that it needs beside the separator."""
    needs_attention: ClassVar[bool] = False
    """Whether the network must be a stack of attention, which can be told to look ahead."""
    parts: ClassVar[tuple[str, ...]] = ()
    """The names of what it learns at once, where that is more than one thing."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    @classmethod
    def of(cls, vocabulary: Vocabulary, settings: ObjectiveSettings) -> Self:
        """The objective with those of `settings` that concern it."""
        del settings
        return cls(vocabulary)

    @classmethod
    def can_train(cls, model: LanguageModel) -> bool:
        """Whether `model` reads in a direction that it can use, and can be told to look ahead where that is needed."""
        return model.direction in cls.directions and (isinstance(model.body, Stack) or not cls.needs_attention)

    @abstractmethod
    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """The loss of one (micro-)batch. Sums, so that micro-batches and ranks add up to the whole batch exactly."""

    def of_step(self, seed: int, step: int) -> "Objective":
        """What is learnt in step number `step`: itself, or the one whose turn it is; a pure function of both numbers."""
        del seed, step
        return self


def check_pairs(objectives: Sequence[type[Objective]], model: LanguageModel, architecture: str) -> None:
    """Raises UsageError that names every one of `objectives` which cannot train `model`."""
    wrong = [objective for objective in objectives if not objective.can_train(model)]
    if not wrong:
        return
    needed = [say(_needed(o), name=o.name, needs=" / ".join(sorted(o.directions))) for o in wrong]
    raise UsageError(
        Text("{architecture} cannot be trained with {names}", "{architecture} 不能用 {names} 目标训练"),
        got=Text("{architecture}, which reads {direction}", "{architecture}，阅读方向为 {direction}"),
        allowed=Text("{needed}", "{needed}"),
        fix=Text("choose another --objective or --arch", "请改用其他 --objective 或 --arch"),
        architecture=architecture,
        names=", ".join(objective.name for objective in wrong),
        needed="; ".join(needed),
        direction=model.direction,
    )


def _needed(objective: type[Objective]) -> Text:
    if objective.needs_attention:
        return Text("{name}: a transformer that reads {needs}", "{name}：阅读方向为 {needs} 的 Transformer")
    return Text("{name}: a network that reads {needs}", "{name}：阅读方向为 {needs} 的网络")
