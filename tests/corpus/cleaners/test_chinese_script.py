"""Conversion of the Chinese script, and the script that is recorded."""

import pytest

from danlu.corpus.cleaners.chinese_script import convert
from danlu.corpus.cleaners.settings import ChineseScriptSettings
from danlu.corpus.cleaning import clean
from danlu.corpus.reasons import count_edits

SIMPLIFIED = ChineseScriptSettings()
TRADITIONAL = ChineseScriptSettings(conversion="s2t")


def test_traditional_becomes_simplified_and_the_edit_tells() -> None:
    cleaned = clean("皇后在後面，頭髮與發展。\n", ["chinese_script"])
    assert cleaned.text == "皇后在后面，头发与发展。\n"
    assert cleaned.edits == ("chinese_script:hant:5",)
    assert count_edits(cleaned.edits) == {"chinese_script:hant": 5}


def test_one_character_has_two_forms_by_its_phrase() -> None:
    assert convert("皇后在后面，头发与发展。", TRADITIONAL).text == "皇后在後面，頭髮與發展。"


@pytest.mark.parametrize(
    "text",
    ["已经是简体。", "日本語の漢字は變わらない。機械學習のテキスト。", "English only, café.", "「」『』，。《》"],
)
def test_what_needs_none_stays(text: str) -> None:
    assert convert(text, SIMPLIFIED).text == text


def test_a_text_of_both_scripts_is_called_mixed() -> None:
    assert convert("這個電腦與网络说话", SIMPLIFIED).kinds[0][0] == "mixed"
