"""Gopher's, C4's, FineWeb's and MAP-NEO's measures against plain counting over the same text."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus.measures import map_neo, published_repetition, published_words, web_lines
from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.measures.stop_words import PUBLISHED
from danlu.corpus.measures.word_splitting import split_word

LINES = st.lists(
    st.sampled_from(
        ["", "the cat sat with that dog .", "- a point", "To be continued...", "丹炉把文本炼成模型。", "# # title", "see … there",
         "12 34", "好。", "是的，这样。"]
    ),
    max_size=8,
)  # fmt: skip


def one(measure: Any, text: str, line_rules: tuple[str, ...] = ()) -> Mapping[str, float]:
    """The measures of one text as plain numbers."""
    return {name: values.tolist()[0] for name, values in measure(TextBatch([text], line_rules)).items()}


def tokens_of(text: str) -> list[str]:
    return [piece for run in text.split() for piece in split_word(run)]


def is_sign(token: str) -> bool:
    return not any(character.isalnum() for character in token)


def is_han(token: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in token)


@given(lines=LINES)
def test_words_are_what_plain_counting_gives(lines: list[str]) -> None:
    text = "\n".join(lines)
    found, tokens = one(published_words.measure, text), tokens_of(text)
    han = [token for token in tokens if is_han(token)]
    latin = [token for token in tokens if not is_han(token) and not is_sign(token)]
    whole = max(1, len(tokens))
    assert found["num_han_words"] == len(han)
    assert found["num_latin_words"] == len(latin)
    assert found["num_published_words"] == len(han) + len(latin)
    assert found["latin_word_length"] == pytest.approx(sum(map(len, latin)) / max(1, len(latin)), rel=1e-6)
    assert found["hashes_per_word"] == pytest.approx(text.count("#") / whole, rel=1e-6)
    assert found["ellipses_per_word"] == pytest.approx((text.count("...") + text.count("…")) / whole, rel=1e-6)
    letters = [token for token in tokens if any(character.isalpha() for character in token)]
    assert found["alphabetic_words"] == pytest.approx(len(letters) / whole, rel=1e-6)
    assert found["num_published_stop_words"] == len({PUBLISHED[token] for token in tokens if token in PUBLISHED})
    all_lines = text.splitlines()
    bullets = sum(line.startswith(("•", "-")) for line in all_lines)
    assert found["gopher_bullet_lines"] == pytest.approx(bullets / max(1, len(all_lines)), rel=1e-6)


@given(lines=LINES)
def test_repeated_lines_are_what_plain_counting_gives(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = one(published_repetition.measure, text)
    kept = [line.strip() for line in lines if line.strip()]
    again = [line for place, line in enumerate(kept) if line in kept[:place]]
    assert found["gopher_duplicate_lines"] == pytest.approx(len(again) / max(1, len(kept)), rel=1e-6)
    characters = sum(map(len, again)) / max(1, len(text))
    assert found["gopher_duplicate_line_characters"] == pytest.approx(characters, rel=1e-6)


def test_repeated_paragraphs() -> None:
    found = one(published_repetition.measure, "one two\nthree\n\nfour\n\none two\nthree\n")
    assert found["gopher_duplicate_paragraphs"] == pytest.approx(1 / 3)
    assert found["gopher_duplicate_paragraph_characters"] == pytest.approx(13 / 35)


def test_the_most_frequent_pair_counts_its_space_and_chinese_has_none() -> None:
    english = one(published_repetition.measure, "red cat red cat red dog")
    assert english["gopher_top_2_gram"] == pytest.approx(2 * len("red cat") / len("red cat red cat red dog"))
    chinese = one(published_repetition.measure, "我们学习，我们学习。")
    assert chinese["gopher_top_2_gram"] == pytest.approx(8 / 10)


def test_a_sentence_that_comes_once_is_no_repetition() -> None:
    found = one(published_repetition.measure, "This is a test.")
    assert not any(found.values())


RULES = web_lines.LINE_RULES
PAGE = """A good line with several words.
no end here
Two words.
Please enable JavaScript in your browser now.
This site uses cookies to serve you well.
if (x) { return y; } is code.
第一句话说完了。第二句话也说完了。
继续阅读更多内容"""


def test_each_line_rule_takes_its_line() -> None:
    found = one(web_lines.measure, PAGE, RULES)
    gone = {name: found[f"lines_{name}"] for name in RULES}
    assert gone == {"long_word": 0, "unpunctuated": 2, "few_words": 1, "javascript": 1, "policy": 1}
    assert found["curly_lines"] == 1
    kept = web_lines.edited_texts(TextBatch([PAGE], RULES))[0].split("\n")
    assert kept[0] == "A good line with several words."
    assert "第一句话说完了。第二句话也说完了。" in kept
    assert len(kept) == found["num_kept_lines"] == 3


def test_sentences_of_both_scripts() -> None:
    assert one(web_lines.measure, "One here. Two here! Three?")["num_sentences"] == 3
    assert one(web_lines.measure, "一句话。两句话！三句话？")["num_sentences"] == 3
    assert one(web_lines.measure, "")["num_sentences"] == 0


def test_lines_that_end_a_sentence() -> None:
    found = one(web_lines.measure, "他说：“走吧。”\n标题\nDone.\n他笑了……")
    assert found["terminal_lines"] == pytest.approx(0.5)  # an ellipsis does not end one: a rule of its own asks for it
    assert found["fineweb_short_lines"] == 1


@given(text=st.text(alphabet=st.sampled_from("丹炉ab1２。，【】#… \n-"), max_size=80))
def test_map_neo_is_what_plain_counting_gives(text: str) -> None:
    found = one(map_neo.measure, text)
    visible = [character for character in text if not character.isspace()]
    counts = Counter(visible)
    whole = max(1, len(visible))
    assert found["map_neo_characters"] == len(visible)
    assert found["map_neo_unique"] == pytest.approx(len(counts) / whole, rel=1e-6)
    entropy = -sum(count / whole * math.log(count / whole) for count in counts.values())
    assert found["map_neo_entropy"] == pytest.approx(entropy, abs=1e-5)
    assert found["map_neo_hashes"] == pytest.approx(text.count("#") / whole, rel=1e-6)


def test_map_neo_reads_what_stands_in_brackets() -> None:
    assert one(map_neo.measure, "【公告】今天【放假】")["map_neo_brackets"] == pytest.approx(4 / 10)
    assert one(map_neo.measure, "】公告【")["map_neo_brackets"] == 0
