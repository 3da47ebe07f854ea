"""The objective of a run: what its tokenizer must hold, whether the network can learn it, and the objective itself."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.core.settings import Settings, plain
from danlu.models.architecture import Architecture
from danlu.models.model import LanguageModel
from danlu.objectives.choosing import classes_of, controls_of, heaviest_of, made, weights_of
from danlu.objectives.objective import Objective, Vocabulary, check_pairs
from danlu.objectives.settings import ObjectiveSettings
from danlu.tokenizers.tokenizer import SEPARATOR, Tokenizer
from danlu.tokenizers.words import word_starts


def check_objective(settings: ObjectiveSettings, row: Architecture, shape: Settings) -> None:
    """Raises UsageError, before any work, when networks of `row` cannot learn what is asked.

    `shape` is what the user set of the model: a `model.objective` in it, which decides how an encoder-decoder is asked
    later, must be one that it learns.
    """
    with torch.device("meta"):
        model = row.assemble(row.settings(), 512)
    name = settings.name or row.default_objective
    check_pairs(classes_of(name), model, row.name)
    asked = plain(shape).get("objective") if "objective" in shape.model_fields_set else None
    if asked is not None and asked not in weights_of(name):
        raise UsageError(
            Text(
                "model.objective is not what the run teaches: the model would be asked for what it never learnt",
                "model.objective 与所训练的目标不符：模型会被要求做从未学过的事",
            ),
            got=asked,
            allowed=Text("{learnt}", "{learnt}"),
            fix=Text(
                "leave model.objective out, or add --objective {asked}",
                "去掉 model.objective，或加上 --objective {asked}",
            ),
            asked=asked,
            learnt=", ".join(weights_of(name)),
        )


def written_objective(row: Architecture, tree: Mapping[str, Any]) -> str:
    """What an encoder-decoder is asked for later: the heaviest objective, unless the user chose another of its own."""
    return str((tree.get("model") or {}).get("objective") or heaviest_of(objective_named(row, tree)))


def controls_asked(row: Architecture, tree: Mapping[str, Any]) -> tuple[str, ...]:
    """The control tokens that the objective needs, the separator first; `tree` is what the user set."""
    return (SEPARATOR, *controls_of(objective_named(row, tree)))


def objective_named(row: Architecture, tree: Mapping[str, Any]) -> str:
    """The name of the objective in what the user set, or the default of `row`."""
    asked = tree.get("objective") or {}
    name = asked if isinstance(asked, str) else asked.get("name", "")
    return name or row.default_objective


def chosen_objective(
    settings: ObjectiveSettings, row: Architecture, model: LanguageModel, tokenizer: Tokenizer
) -> Objective:
    """The objective of the run. Raises UsageError when `model` or its tokenizer cannot serve it."""
    name = settings.name or row.default_objective
    check_pairs(classes_of(name), model, row.name)
    vocabulary = Vocabulary(
        size=tokenizer.vocab_size,
        num_control=len(tokenizer.control_ids()),
        bos_id=tokenizer.bos_id,
        controls=tokenizer.control_tokens,
        word_starts=partial(word_starts, tokenizer),
    )
    return made(name, vocabulary, settings)
