"""Blanks of a text are filled, the surest first."""

import pytest
import torch

from danlu.core.errors import UsageError
from danlu.generation.fill import fill_example, fill_text, filled
from danlu.models import ARCHITECTURES
from danlu.models.model import LanguageModel
from danlu.tokenizers.byte import train
from danlu.tokenizers.tokenizer import CONTROLS_OF_MASKED, Tokenizer, TokenizerSettings


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train([], TokenizerSettings(kind="byte", control_tokens=CONTROLS_OF_MASKED))


@pytest.fixture(scope="module")
def model(tokenizer: Tokenizer) -> LanguageModel:
    row = ARCHITECTURES.load("bert")
    made: LanguageModel = row.build(row.sized(60_000, tokenizer.vocab_size, 40), tokenizer.vocab_size, seed=1)
    return made


def test_blanks_are_filled_and_the_rest_stays(model: LanguageModel, tokenizer: Tokenizer) -> None:
    text = fill_text(model, tokenizer, "one ___ and ____ two")
    assert text.startswith("one ")
    assert text.endswith(" two")
    assert "_" * 3 not in text
    assert model.training


def test_the_surest_is_filled_first(model: LanguageModel, tokenizer: Tokenizer) -> None:
    mask = tokenizer.mask_id
    assert mask is not None
    ids = torch.tensor([tokenizer.bos_id, 70, mask, 80, 90, mask])
    with torch.no_grad():
        logits = model.eval().logits(model(ids[None]).hidden_BTC)[0]
    logits[:, sorted(tokenizer.control_ids())] = -torch.inf
    best = torch.log_softmax(logits, -1).max(-1)
    first = 2 if best.values[2] > best.values[5] else 5
    assert filled(model, tokenizer, ids)[first] == best.indices[first]


def test_an_example_shows_what_was_filled_in(model: LanguageModel, tokenizer: Tokenizer) -> None:
    assert fill_example(model, tokenizer, tokenizer.encode("0123456789abcdef")).count("[") == 2


def test_what_has_no_blank_or_is_too_long_is_refused(model: LanguageModel, tokenizer: Tokenizer) -> None:
    with pytest.raises(UsageError, match="blanks"):
        fill_text(model, tokenizer, "no blank")
    with pytest.raises(UsageError, match="longer"):
        fill_text(model, tokenizer, "x" * 60 + "___")
