"""What a row of ARCHITECTURES is: settings, a builder, a size dial, a count, and the Hugging Face layout if any."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from danlu.core.settings import Settings
from danlu.models.model import Direction, LanguageModel
from danlu.models.plan import ParameterCount
from danlu.models.stored import Stored


@dataclass(frozen=True, kw_only=True)
class HuggingFaceLayout:
    """How the weights and settings of an architecture are stored so that `transformers` loads them.

    `model_type` and `class_name` are those of transformers. `config` gives the fields of config.json, `settings` reads
    them back, `tensors` tells how every parameter is stored.
    """

    model_type: str
    class_name: str
    config: Callable[[Any, int], dict[str, Any]]
    settings: Callable[[Mapping[str, Any]], Settings]
    tensors: Callable[[Any], tuple[Stored, ...]]

    @property
    def bare_class(self) -> str:
        """transformers' class of the body without a head."""
        return (
            re.sub("(LMHead|ForMaskedLM|ForCausalLM|ForConditionalGeneration)(Model)?$", "", self.class_name) + "Model"
        )


class Build(Protocol):
    """Builds the network of `settings` with initial weights that are a pure function of `seed`."""

    def __call__(self, settings: Any, vocab_size: int, *, seed: int = 0) -> LanguageModel:
        """The model in float32 on the CPU."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """One architecture.

    `assemble` builds the network with weights unset (`build` adds the initial weights); `sized` picks settings for a
    number of parameters, a vocabulary and a context length; `count` equals the built model exactly. `compiles`: the body
    has something to compile for training (`Body.compile_for_training`). `whole_windows`: plans do not cut its windows into
    parts early in training, which would leave later positions without a lesson.
    """

    name: str
    settings: type[Settings]
    assemble: Callable[[Any, int], LanguageModel]
    build: Build
    direction: Direction
    default_objective: str
    sized: Callable[[int, int, int], Any]
    count: Callable[[Any, int], ParameterCount]
    layout: HuggingFaceLayout | None = None
    compiles: bool = False
    whole_windows: bool = False
