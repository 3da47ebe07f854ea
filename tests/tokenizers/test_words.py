"""Where words begin, in both languages and for every way to spell them."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings
from danlu.tokenizers.words import word_starts
from tiny_texts import tiny_text

TEXT = "The furnace doesn't melt. 我们学习语言模型，well-known GPT2模型"
WORDS = [
    "The",
    " ",
    "furnace",
    " ",
    "doesn't",
    " ",
    "melt",
    ".",
    " ",
    "我们",
    "学习",
    "语言",
    "模型",
    "，",
    "well-known",
    " ",
    "GPT2",
    "模型",
]


def made(kind: str) -> Tokenizer:
    """A tokenizer of `kind` that learnt a few hundred entries."""
    settings = TokenizerSettings(kind=kind, vocab_size=400)
    tokenizer: Tokenizer = TOKENIZERS.load(kind)(lambda: iter([tiny_text(20), TEXT * 5]), settings)
    return tokenizer


def words_of(tokenizer: Tokenizer, ids: list[int]) -> list[str]:
    """The text of `ids`, cut where words begin."""
    starts = np.flatnonzero(word_starts(tokenizer, np.array(ids))).tolist()
    return [tokenizer.decode(ids[begin:end]) for begin, end in zip(starts, [*starts[1:], len(ids)], strict=True)]


@pytest.mark.parametrize("kind", ["byte", "char"])
def test_words_of_both_languages(kind: str) -> None:
    tokenizer = made(kind)
    assert words_of(tokenizer, tokenizer.encode(TEXT)) == WORDS


def test_a_space_goes_with_the_word_behind_it_where_the_tokenizer_joins_them() -> None:
    tokenizer = made("bpe")
    found = words_of(tokenizer, tokenizer.encode("melt furnaces, 学习语言模型"))
    assert found[:2] == ["melt", " furnaces"]
    assert found[-3:] == ["学习", "语言", "模型"]


@settings(max_examples=50)
@given(text=st.text(), cut=st.integers(0, 3))
def test_any_ids_have_starts_and_control_tokens_stand_alone(text: str, cut: int) -> None:
    tokenizer = BYTES
    ids = np.array([tokenizer.bos_id, *tokenizer.encode(text)[cut:], tokenizer.bos_id, *tokenizer.encode("ab")])
    starts = word_starts(tokenizer, ids)
    assert starts.shape == ids.shape
    assert starts[ids == tokenizer.bos_id].all()
    assert starts[0]
    assert starts[-2]
    assert not starts[-1]


BYTES = made("byte")


@pytest.mark.serial
@pytest.mark.parametrize("piece", [TEXT, "山" * 100, "a" * 100])
def test_more_than_a_megabyte_a_second(piece: str) -> None:
    tokenizer = made("bpe")
    text = piece * (1_000_000 // len(piece.encode()))
    ids = np.array(tokenizer.encode(text))
    word_starts(tokenizer, ids[:100])
    begun = time.process_time()
    word_starts(tokenizer, ids)
    assert time.process_time() - begun < 1.0
