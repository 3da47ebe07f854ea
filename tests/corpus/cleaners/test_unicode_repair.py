"""Damaged characters are mended, and what is only unusual stays."""

import pytest

from danlu.corpus.cleaners.settings import UnicodeSettings
from danlu.corpus.cleaners.unicode_repair import repair

DAMAGE = [
    ("\x1b[36;44mblue\x1b[0m", "blue", "terminal"),
    ("\x1b[\x1b[0m0m", "", "terminal"),
    ("qui\x92ê \x93so\x94", "qui’ê “so”", "windows"),
    ("con\xadtin\xaduous", "continuous", "invisible"),
    ("中\u200b文", "中文", "invisible"),
    ("one\u2028two", "one\ntwo", "lines"),
    ("10\xa0km", "10 km", "spaces"),
    ("ef\ufb01cient o\ufb03ce", "efficient office", "ligatures"),
    ("⻋⾥有⼈，⻚⾯", "车里有人，页面", "radicals"),
]


@pytest.mark.parametrize(("text", "mended", "kind"), DAMAGE)
def test_damage_is_mended_and_named(text: str, mended: str, kind: str) -> None:
    cleaned = repair(text, UnicodeSettings())
    assert cleaned.text == mended
    assert [name for name, _ in cleaned.kinds] == [kind]
    assert repair(mended, UnicodeSettings()).num_changes == 0


@pytest.mark.parametrize(
    "text",
    [
        "部首：⼀、⼆ 与 ⽔",  # radicals that are meant: no character beside them
        "ไทย\u200bไทย",  # parts words
        "👨\u200d👩\u200d👧 نمی\u200cدانم",  # joiners
        "ᠲᠥᠷᠥᠵᠦ\u202fᠲᠡᠢ",  # a Mongolian ending
        "新\x9b建 \x99\x80像",  # remains of lost bytes
        "“全角”，‘引号’…—１２３ＡＢＣ\u3000空格",
        "&lt;b&gt; &amp; &nbsp;",
    ],
)
def test_what_is_meant_stays(text: str) -> None:
    assert repair(text, UnicodeSettings()).text == text


def test_entities_are_decoded_when_asked_and_no_tag_is_there() -> None:
    settings = UnicodeSettings(html_entities=True)
    assert repair("AT&amp;amp;T &lt; 3", settings).text == "AT&T < 3"
    assert repair("<p>AT&amp;T</p>", settings).text == "<p>AT&amp;T</p>"


def test_each_kind_can_be_left_out() -> None:
    settings = UnicodeSettings(ligatures=False, spaces=False, radicals=False)
    text = "\ufb01\xa0⼈人"
    assert repair(text, settings).text == text
