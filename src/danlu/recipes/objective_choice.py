"""The objective of a run: what its tokenizer must hold, whether the network can learn it, and the objective itself."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch

from danlu.models.architecture import Architecture
from danlu.models.model import LanguageModel
from danlu.objectives.choosing import classes_of, controls_of, made
from danlu.objectives.objective import Objective, Vocabulary, check_pairs
from danlu.objectives.settings import ObjectiveSettings
from danlu.tokenizers.tokenizer import SEPARATOR, Tokenizer
from danlu.tokenizers.words import word_starts


def check_objective(settings: ObjectiveSettings, row: Architecture) -> None:
    """Raises UsageError, before any work, when networks of `row` cannot learn what is asked."""
    with torch.device("meta"):
        model = row.assemble(row.settings(), 512)
    check_pairs(classes_of(settings.name or row.default_objective), model, row.name)


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
