"""What stands between two pieces of text: learnt from moved middles, written until the separator."""

import pytest
import torch

from danlu.batches.batch import TokenBatch
from danlu.core.errors import UsageError
from danlu.generation.middle import fill_middle, fills_middles
from danlu.generation.sampling import SamplingSettings
from danlu.models import ARCHITECTURES
from danlu.models.model import LanguageModel
from danlu.objectives.fill_in_the_middle import FillInTheMiddle
from danlu.objectives.objective import Vocabulary
from danlu.tokenizers.byte import train
from danlu.tokenizers.tokenizer import MIDDLE, PREFIX, SEPARATOR, SUFFIX, Tokenizer, TokenizerSettings

ALPHABET = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train([], TokenizerSettings(kind="byte", control_tokens=(SEPARATOR, PREFIX, MIDDLE, SUFFIX)))


@pytest.fixture(scope="module")
def model(tokenizer: Tokenizer) -> LanguageModel:
    """A GPT that has read pieces of the alphabet with their middles moved."""
    row = ARCHITECTURES.load("gpt")
    made: LanguageModel = row.build(row.sized(60_000, tokenizer.vocab_size, 16), tokenizer.vocab_size, seed=1)
    vocabulary = Vocabulary(size=tokenizer.vocab_size, num_control=4, controls=tokenizer.control_tokens)
    objective = FillInTheMiddle(vocabulary, rate=1.0, suffix_first=0.0)
    optimizer = torch.optim.Adam(made.parameters(), lr=0.004)
    pieces = torch.tensor([[tokenizer.bos_id, *tokenizer.encode(ALPHABET[n : n + 16])] for n in range(10)])
    for step in range(300):
        torch.manual_seed(step)
        loss = objective.loss(made, TokenBatch(inputs_BT=pieces[:, :-1], targets_BT=pieces[:, 1:]))
        (loss.nats / loss.num_targets).backward()
        optimizer.step()
        optimizer.zero_grad()
    return made


def test_the_middle_is_written_and_its_end_is_known(model: LanguageModel, tokenizer: Tokenizer) -> None:
    settings = SamplingSettings(temperature=0.0)
    for text, whole in (("efg___lmnop", "efghijklmnop"), ("bcde___jklm", "bcdefghijklm")):
        assert fills_middles(tokenizer, text)
        assert "".join(fill_middle(model, tokenizer, text, settings)) == whole


def test_without_a_blank_or_the_control_tokens_nothing_is_filled(tokenizer: Tokenizer) -> None:
    assert not fills_middles(tokenizer, "abc")
    assert not fills_middles(train([], TokenizerSettings(kind="byte")), "abc___d")


@pytest.mark.parametrize(("text", "words"), [("a___b___c", "one blank"), ("x" * 20 + "___", "fills the model")])
def test_what_cannot_be_filled_is_refused(model: LanguageModel, tokenizer: Tokenizer, text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        next(fill_middle(model, tokenizer, text))
