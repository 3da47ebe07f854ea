"""Samples are even, bounded, and the same each time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from danlu.tokenizers.sampling import BLOCK, count_characters, take_sample


def test_little_text_is_taken_whole() -> None:
    sample = take_sample(lambda: iter(["ab", "", "丹"]), 100)
    assert "".join(sample.texts) == "ab丹"
    assert (sample.num_bytes, sample.total_bytes) == (5, 5)


@given(st.integers(1, 40), st.integers(BLOCK, 5 * BLOCK))
def test_much_text_is_thinned_evenly(num_blocks: int, limit: int) -> None:
    blocks = [chr(0x41 + number) * BLOCK for number in range(num_blocks)]
    sample = take_sample(lambda: iter(["".join(blocks[:7]), *blocks[7:]]), limit)
    assert sample.total_bytes == num_blocks * BLOCK
    assert BLOCK <= sample.num_bytes <= max(limit, BLOCK)
    taken = [ord(text[0]) - 0x41 for text in sample.texts]
    assert len(set(np.diff(taken).tolist())) <= 1
    assert sample.num_bytes * 2 >= min(limit, sample.total_bytes) or len(taken) == 1


def test_counts_of_characters() -> None:
    counts = count_characters(("aab", "丹a", ""))
    assert (counts[ord("a")], counts[ord("b")], counts[ord("丹")], counts.sum()) == (3, 1, 1, 5)
