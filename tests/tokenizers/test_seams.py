"""Cutting at seams changes no id."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.tokenizers.bpe import train
from danlu.tokenizers.cutting import code_points, slices
from danlu.tokenizers.seams import Seams
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings

CHARACTERS = "的一是不了人我在有他这中大来上国，。、啊𠀀😀한か"


def cut(entries: list[bytes], text: str) -> list[str]:
    points = code_points(text)
    starts = np.zeros(len(points), dtype=np.bool_)
    starts[:1] = True
    Seams(entries).add(points, starts)
    return slices(text, starts)


@pytest.mark.parametrize(
    ("entries", "pieces"),
    [
        ([], ["的", "一", "是", "的"]),
        (["的一".encode()], ["的一", "是", "的"]),
        (["一是的".encode()], ["的", "一是的"]),
        (["的".encode() + b"\xe4"], ["的一", "是", "的"]),  # 一 begins with E4, 是 with E6
        ([b"\x80\xe6"], ["的", "一是", "的"]),  # 一 ends with 80
        ([b"\x80" + "是".encode()], ["的", "一是", "的"]),
        ([b"\x84\xe4\xb8"], ["的一", "是", "的"]),
    ],
)
def test_a_seam_is_where_no_entry_crosses(entries: list[bytes], pieces: list[str]) -> None:
    assert cut(entries, "的一是的") == pieces


def test_short_words_are_left_whole() -> None:
    assert cut([], "plain text") == ["plain text"]


def _learnt(seed: int) -> Tokenizer:
    generator = np.random.Generator(np.random.PCG64(seed))
    text = "".join(generator.choice(list(CHARACTERS), size=4000, p=_weights()))
    return train(lambda: iter([text]), TokenizerSettings(vocab_size=600))


def _weights() -> list[float]:
    weights = [1 / rank for rank in range(1, len(CHARACTERS) + 1)]
    return [weight / sum(weights) for weight in weights]


LEARNT = [_learnt(seed) for seed in range(3)]


@given(text=st.text(st.sampled_from(CHARACTERS)) | st.text(), number=st.integers(0, 2))
def test_ids_are_those_of_the_library(text: str, number: int) -> None:
    tokenizer = LEARNT[number]
    assert tokenizer.encode(text) == tokenizer.library.encode(text).ids


@given(entries=st.lists(st.integers(1, 599), max_size=12), number=st.integers(0, 2))
def test_joined_entries_encode_as_in_the_library(entries: list[int], number: int) -> None:
    tokenizer = LEARNT[number]
    text = tokenizer.decode([entry for entry in entries if entry < tokenizer.vocab_size])
    assert tokenizer.encode(text) == tokenizer.library.encode(text).ids
