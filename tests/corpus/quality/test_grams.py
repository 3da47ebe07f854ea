"""The n-grams of the learned score: alike for both scripts, never across documents."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.quality.grams import hashed_grams, is_han_D

BITS = 18


def orders(text: str) -> list[int]:
    return np.bincount(hashed_grams(TextBatch([text]), BITS).orders_G, minlength=4)[1:].tolist()


def test_words_come_in_ones_and_twos_and_han_also_in_threes() -> None:
    assert orders("one two three four") == [4, 3, 0]
    assert orders("一二三四") == [4, 3, 2]
    assert orders("一二 three 四五六") == [6, 5, 1]
    assert orders("") == orders(" ,.!\n") == [0, 0, 0]


def test_case_and_signs_do_not_count() -> None:
    first, second = (hashed_grams(TextBatch([text]), BITS).buckets_G for text in ("The Cat, (sat)", "the cat sat"))
    assert np.array_equal(first, second)


@given(texts=st.lists(st.text(max_size=30), max_size=6))
def test_a_text_has_the_same_grams_among_others(texts: list[str]) -> None:
    together = hashed_grams(TextBatch(texts), BITS)
    for place, text in enumerate(texts):
        alone = hashed_grams(TextBatch([text]), BITS)
        assert np.array_equal(together.buckets_G[together.documents_G == place], alone.buckets_G)


def test_the_script_is_that_of_most_units() -> None:
    assert is_han_D(TextBatch(["全是汉字", "only words", "汉字多 few", "", "一 two three"])).tolist() == [
        True, False, True, False, False,
    ]  # fmt: skip
