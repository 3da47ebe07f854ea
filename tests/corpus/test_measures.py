"""Measures against plain loops over the same text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus.measures import characters, language, lines, repetition, size
from danlu.corpus.measures.batch import TextBatch

MIXED = st.text(alphabet=st.sampled_from("ab  the\n的是丹炉。.,-1#…é\U0001f600𠀀カ"), max_size=120)
UNIT = re.compile(r"[\u4e00-\u9fff\U00020000-\U0003ffff\u3040-\u30ff]|[a-zA-Z0-9\u00e9]+")


def units(text: str) -> list[str]:
    return [unit.lower() for unit in UNIT.findall(text)]


@given(texts=st.lists(MIXED, max_size=4))
def test_size_is_what_plain_counting_gives(texts: list[str]) -> None:
    found = size.measure(TextBatch(texts))
    assert found["num_bytes"].tolist() == [len(text.encode()) for text in texts]
    assert found["num_characters"].tolist() == [len(text) for text in texts]
    assert found["num_lines"].tolist() == [text.count("\n") for text in texts]
    assert found["num_units"].tolist() == [len(units(text)) for text in texts]
    assert found["num_han"].tolist() == [len(re.findall("[\u4e00-\u9fff\U00020000-\U0003ffff]", t)) for t in texts]


@given(texts=st.lists(MIXED, min_size=1, max_size=3))
def test_lines_are_what_plain_counting_gives(texts: list[str]) -> None:
    found = lines.measure(TextBatch(texts))
    for place, text in enumerate(texts):
        kept = [line.strip() for line in text.split("\n") if line.strip()]
        assert found["num_text_lines"][place] == len(kept)
        # Inner spaces do not tell lines apart.
        seen = ["".join(line.split()) for line in kept]
        again = [line for number, line in enumerate(seen) if line in seen[:number]]
        assert found["duplicate_lines"][place] == pytest.approx(len(again) / max(1, len(kept)))
        dashes = sum(1 for line in kept if line.startswith("-"))
        assert found["bullet_lines"][place] == pytest.approx(dashes / max(1, len(kept)))


def naive_top(words: list[str], n: int) -> float:
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    counts = {gram: grams.count(gram) for gram in grams if grams.count(gram) > 1}
    total = sum(map(len, words))
    best = max(((count, sum(map(len, gram))) for gram, count in counts.items()), default=(0, 0))
    return best[0] * best[1] / max(1, total)


def naive_duplicate(words: list[str], n: int) -> float:
    covered, seen = set(), set()
    for i, word in enumerate(words):
        length = n if word.isascii() else repetition.DUPLICATE[n]
        gram = tuple(words[i : i + length])
        if len(gram) == length:
            covered |= set(range(i, i + length)) if gram in seen else set()
            seen.add(gram)
    return sum(len(words[i]) for i in covered) / max(1, sum(map(len, words)))


@given(texts=st.lists(st.lists(st.sampled_from(["a", "bb", "丹", "炉", "\n"]), max_size=60), min_size=1, max_size=3))
def test_repetition_is_what_plain_counting_gives(texts: list[list[str]]) -> None:
    found = repetition.measure(TextBatch([" ".join(text) for text in texts]))
    for place, text in enumerate(texts):
        words = [word for word in text if word != "\n"]
        for n in repetition.TOP:
            assert found[f"top_{n}_gram"][place] == pytest.approx(naive_top(words, n))
        for n in repetition.DUPLICATE:
            assert found[f"duplicate_{n}_gram"][place] == pytest.approx(naive_duplicate(words, n))


def test_an_n_gram_that_comes_once_is_no_repetition() -> None:
    found = repetition.measure(TextBatch(["This is a test.", "这是一次测试。"]))
    assert all(values.tolist() == [0.0, 0.0] for values in found.values())


def test_characters_of_a_mixed_text() -> None:
    found = characters.measure(TextBatch(["的确 the cat of 2024 ... # \ufffd", "…"]))
    assert found["num_words"].tolist() == [4, 0]
    assert found["mean_word_length"][0] == pytest.approx((3 + 3 + 2 + 4) / 4)
    assert found["num_stop_words"].tolist() == [3, 0]
    assert found["symbols_per_unit"][0] == pytest.approx(2 / 6)
    assert found["repaired_share"][0] == pytest.approx(1 / 19)
    assert found["letter_units"][0] == pytest.approx(5 / 6)


def test_full_width_one_is_a_digit_and_no_quote() -> None:
    found = characters.measure(TextBatch(["０１２３４５６７８９"]))
    assert found["digit_share"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("今天天气很好，我们去公园。", "zh"),
        ("這個問題我們應該討論。", "zh"),
        ("昨日は雨でしたが、今日は晴れです。", "ja"),
        ("오늘은 날씨가 매우 좋습니다.", "ko"),
        ("The weather is nice today, so we went to the park.", "en"),
        ("Das Wetter ist heute sehr schön, und wir gehen in den Park.", "de"),
        ("佢哋琴日喺屋企食飯，唔知你有冇嚟？", "yue"),
        ("我哋今日去咗睇戲，啲人好多。", "yue"),
        ("『世界人権宣言』", "ja"),
        ("国連総会採択、実施対象", "ja"),
        ("蘭氣已熏宮，新橤半粧叢。色含輕重霧，香引去來風。", "zh"),
        ("唔，好的，我知道了。", "zh"),
        ("12345 !!!", "und"),
        ("", "und"),
    ],
)
def test_languages(text: str, name: str) -> None:
    """Case 13 of what others get wrong: short Han text is Chinese, whatever the model takes it for."""
    found = language.measure(TextBatch([text]))
    assert found["language"][0] == name
    assert 0 <= found["language_score"][0] <= 1


@pytest.mark.parametrize("text", ["你好", "春眠不觉晓", "公司简介", "今天吃什么", "學而時習之", "天下大同", "上海话"])
def test_short_chinese_is_chinese(text: str) -> None:
    """The model alone calls some of these Wu, Cantonese, Japanese or English; 80 characters are all that others read."""
    found = language.measure(TextBatch([text, text * 40, "12 " * 100 + text]))
    assert found["language"].tolist() == ["zh"] * 3
