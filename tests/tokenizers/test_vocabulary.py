"""The size of a vocabulary."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.tokenizers.sampling import count_characters
from danlu.tokenizers.vocabulary import auto_vocab_size, frequent_wide_characters, vocabulary_reason

MUCH = 10**10


@pytest.mark.parametrize(("parameters", "size"), [(10**6, 1344), (3 * 10**6, 1728), (10**7, 3008), (33 * 10**6, 6016)])
def test_much_text_leaves_it_to_the_model(parameters: int, size: int) -> None:
    assert auto_vocab_size(MUCH, parameters) == size


def test_little_text_bounds_it() -> None:
    assert auto_vocab_size(1_115_394, None) == 2240
    assert auto_vocab_size(1000, 10**9) == 1024
    assert auto_vocab_size(MUCH, None) == 16384


def test_chinese_gets_its_frequent_characters() -> None:
    assert auto_vocab_size(500_000, 10**6, num_wide_characters=1366) == 1792


@given(st.integers(0, 10**13), st.none() | st.integers(0, 10**12), st.integers(0, 5000))
def test_it_stays_in_range_and_never_falls_with_more_text(num_bytes: int, parameters: int | None, wide: int) -> None:
    size = auto_vocab_size(num_bytes, parameters, num_wide_characters=wide)
    assert 1024 <= size <= 16384
    assert size % 64 == 0
    assert size <= auto_vocab_size(num_bytes * 2, parameters, num_wide_characters=wide)


def test_frequent_wide_characters() -> None:
    assert frequent_wide_characters(count_characters(("炉" * 90 + "火" * 9 + "丹",))) == 2
    assert frequent_wide_characters(count_characters(("plain text " * 20 + "炉",))) == 0
    assert frequent_wide_characters(np.zeros(0x110000, dtype=np.int64)) == 0


def test_reasons_say_when_the_text_was_too_short() -> None:
    assert "repeats only 300" in vocabulary_reason({"requested_vocab_size": 900, "target_vocab_size": 900}, 300)
    assert vocabulary_reason({"requested_vocab_size": 900, "target_vocab_size": 900}, 900) == "as asked"
    assert "amount of text" in vocabulary_reason({"requested_vocab_size": "auto", "target_vocab_size": 900}, 900)
    assert "kind" in vocabulary_reason({}, 257)
