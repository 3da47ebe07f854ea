"""Words and signs as published rules for English count them, and Chinese cut by dictionary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus.measures.word_splitting import LONGEST_SPLIT, split_word

PIECES = st.sampled_from(
    ["don't", "U.S.", "e.g.", "3pm", "10km", "$5.00", "(see", "end).", "well-known", "http://a.org/b?c=d", "a@b.org", "...",
     "丹炉", "把文本炼成模型", "，", "。", "「", "é", "１２", "C++", "/", "--", "'s", "\ufffd", "🔥"]
)  # fmt: skip


@given(pieces=st.lists(PIECES, min_size=1, max_size=6))
def test_nothing_is_lost(pieces: list[str]) -> None:
    word = "".join(pieces)
    assert "".join(split_word(word)) == word
    assert all(split_word(word))


@given(word=st.text(min_size=1, max_size=40).filter(lambda text: not any(c.isspace() for c in text)))
def test_nothing_is_lost_of_any_text(word: str) -> None:
    assert "".join(split_word(word)) == word


@pytest.mark.parametrize(
    ("word", "pieces"),
    [
        ("furnace,", ["furnace", ","]),
        ('"Hello!"', ['"', "Hello", "!", '"']),
        ("don't", ["do", "n't"]),
        ("they'll", ["they", "'ll"]),
        ("Tom's", ["Tom", "'s"]),
        ("cannot", ["can", "not"]),
        ("well-known", ["well", "-", "known"]),
        ("e.g.", ["e.g."]),
        ("Mr.", ["Mr."]),
        ("end.", ["end", "."]),
        ("10km", ["10", "km"]),
        ("3pm", ["3", "pm"]),
        ("https://example.org/a-b", ["https://example.org/a-b"]),
        ("(yes)...", ["(", "yes", ")", "..."]),
    ],
)
def test_english_conventions(word: str, pieces: list[str]) -> None:
    assert split_word(word) == pieces


def test_chinese_is_cut_into_words_and_its_signs_stand_alone() -> None:
    assert split_word("我们学习语言模型。") == ["我们", "学习", "语言", "模型", "。"]
    assert split_word("用Python写的程序") == ["用", "Python", "写", "的", "程序"]


def test_a_very_long_run_is_one_word_and_quick() -> None:
    assert split_word("x1" * LONGEST_SPLIT) == ["x1" * LONGEST_SPLIT]
    assert "".join(split_word("天地玄黄" * 5000)) == "天地玄黄" * 5000
