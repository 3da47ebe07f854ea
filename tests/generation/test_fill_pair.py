"""Filling in with an encoder-decoder: what its encoder reads, and where a blank ends.

T positions, V vocabulary.
"""

import pytest
import torch
from torch import Tensor

from danlu.core.errors import UsageError
from danlu.generation.fill_pair import LONGEST_BLANK, fill_between
from danlu.models import ARCHITECTURES
from danlu.models.model import LanguageModel
from danlu.tokenizers.byte import train
from danlu.tokenizers.tokenizer import MASK, PADDING, SENTINELS, Tokenizer, TokenizerSettings

CONTEXT = 48


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """One id for each byte, and the tokens that stand for what is taken out."""
    return train(
        lambda: iter(["text"]), TokenizerSettings(kind="byte", control_tokens=("<|bos|>", PADDING, MASK, *SENTINELS))
    )


def model_of(name: str, objective: str, tokenizer: Tokenizer) -> LanguageModel:
    """A small random encoder-decoder."""
    row = ARCHITECTURES.load(name)
    settings = row.sized(60_000, tokenizer.vocab_size, CONTEXT).model_copy(update={"objective": objective})
    model: LanguageModel = row.build(settings, tokenizer.vocab_size)
    return model.eval()


def prefer(model: LanguageModel, ids: list[int]) -> None:
    """Makes the next scores be highest for `ids`, one after the other."""
    left = iter(ids)

    def logits(hidden: Tensor) -> Tensor:
        del hidden
        scores_V = torch.zeros(model.vocab_size)
        scores_V[next(left)] = 9.0
        return scores_V

    model.logits = logits  # type: ignore[method-assign]


@pytest.mark.parametrize(("name", "objective"), [("t5", "denoising"), ("bart", "infilling")])
def test_the_encoder_reads_the_framed_text(name: str, objective: str, tokenizer: Tokenizer) -> None:
    model, read = model_of(name, objective, tokenizer), []
    encode = model.encode

    def noted(source_BS: Tensor, lengths_B: Tensor | None = None) -> object:
        read.append(source_BS[0].tolist())
        return encode(source_BS, lengths_B)

    model.encode = noted  # type: ignore[method-assign, assignment]
    fill_between(model, tokenizer, [[70, 71], [72], []])
    signs = list(tokenizer.sentinel_ids[:2]) if objective == "denoising" else [tokenizer.mask_id] * 2
    assert read == [tokenizer.framed([70, 71, signs[0], 72, signs[1]])]


def test_a_blank_ends_before_the_next_sentinel_or_the_end(tokenizer: Tokenizer) -> None:
    model = model_of("t5", "denoising", tokenizer)
    prefer(model, [80, 81, tokenizer.sentinel_ids[1], 82, tokenizer.bos_id])
    assert fill_between(model, tokenizer, [[70], [71], [72]]) == [[80, 81], [82]]


def test_the_sentinel_behind_the_last_blank_ends_it(tokenizer: Tokenizer) -> None:
    model = model_of("t5", "denoising", tokenizer)
    prefer(model, [80, tokenizer.sentinel_ids[1]])
    assert fill_between(model, tokenizer, [[70], [71]]) == [[80]]


def test_a_blank_in_a_whole_text_ends_where_the_text_goes_on(tokenizer: Tokenizer) -> None:
    model = model_of("bart", "infilling", tokenizer)
    prefer(model, [80, 71, 81, tokenizer.bos_id])
    assert fill_between(model, tokenizer, [[70], [71, 72], []]) == [[80], [81]]


def test_a_blank_is_never_empty_nor_endless(tokenizer: Tokenizer) -> None:
    model = model_of("t5", "denoising", tokenizer)
    (found,) = fill_between(model, tokenizer, [[70], [71]])
    assert 1 <= len(found) <= LONGEST_BLANK


def test_too_many_blanks_and_too_long_texts_are_refused(tokenizer: Tokenizer) -> None:
    model = model_of("t5", "denoising", tokenizer)
    with pytest.raises(UsageError):
        fill_between(model, tokenizer, [[70]] * (len(tokenizer.sentinel_ids) + 2))
    with pytest.raises(UsageError):
        fill_between(model, tokenizer, [[70] * CONTEXT, [71]])
