"""Wrongly decoded text is decoded anew where that is sure; sound text of any language never changes."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from danlu.corpus.cleaners.mojibake import repair
from danlu.corpus.cleaning import clean

SOUND = {
    "zh": "中文网页在浏览器中显示为乱码，原因是编码声明与实际编码不同。\n第二行：旧网页多用 GBK，新网页用 UTF-8。",
    "hant": "繁體中文網頁在瀏覽器中顯示為亂碼，原因是編碼聲明與實際編碼不同。",
    "ja": "日本語のテキストが文字化けしています。これは文字コードの問題です。",
    "ko": "한국어 텍스트가 깨져 보이는 것은 문자 인코딩 문제 때문입니다.",
    "de": "Größere Übungen für Schüler, „ähnlich“ wie früher – natürlich außer Änderungen.",
    "fr": "À Noël, l’élève naïf a goûté « à » l’œuvre où ça déçoit : là-bas.",
    "en": "It’s a “quoted” sentence — don’t you think so? 10 µm ± 2 °C, café.",
    "vi": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền.",
}
FREQUENT = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"


@pytest.mark.parametrize("language", SOUND)
def test_sound_text_stays(language: str) -> None:
    assert repair(SOUND[language]).num_changes == 0


@pytest.mark.parametrize("language", ["zh", "hant", "ja", "ko", "en"])
def test_utf8_read_as_latin_comes_back(language: str) -> None:
    damaged = SOUND[language].encode().decode("latin-1")
    assert repair(damaged).text == SOUND[language]
    assert repair(damaged.encode().decode("latin-1")).text == SOUND[language]


@pytest.mark.parametrize(
    ("language", "encoding"), [("hant", "gb18030"), ("hant", "big5"), ("ja", "gb18030"), ("ko", "euc_kr")]
)
def test_double_byte_text_read_as_latin_comes_back(language: str, encoding: str) -> None:
    cleaned = repair(SOUND[language].encode(encoding).decode("latin-1"))
    assert cleaned.text == SOUND[language]
    assert cleaned.kinds == (("as_latin", 1),)


@pytest.mark.parametrize("language", ["zh", "hant", "ja"])
def test_utf8_read_as_gbk_comes_back_but_for_what_was_lost(language: str) -> None:
    """A run of an odd number of bytes has lost its last one, so the character there cannot be known."""
    cleaned = repair(SOUND[language].encode().decode("gb18030", "replace"))
    assert [kind for kind, _ in cleaned.kinds] == ["utf8_as_gbk"]
    assert cleaned.text.count("\ufffd") <= 0.2 * len(SOUND[language])
    for line, mended in zip(SOUND[language].split("\n"), cleaned.text.split("\n"), strict=True):
        left = iter(line)
        assert all(sign in left for sign in mended.replace("\ufffd", ""))  # the same signs in the same order


@settings(max_examples=30)
@given(sentences=st.lists(st.text(alphabet=FREQUENT, min_size=4, max_size=20), min_size=2, max_size=6))
def test_whole_sentences_come_back_from_every_wrong_table(sentences: list[str]) -> None:
    even = [sentence[: len(sentence) // 2 * 2] for sentence in sentences]  # no byte is lost in runs of six
    text = "\n".join(even)
    # Readers lose bytes that GBK has no character for; only what they kept can come back.
    damaged = text.encode().decode("gb18030", "replace")
    assume("\ufffd" not in damaged)
    assert repair(damaged).text == text
    assert repair(text.encode("gb18030").decode("latin-1")).text == text
    assert repair(text.encode().decode("latin-1")).text == text
    assert repair(text).num_changes == 0


def test_curly_quotes_read_as_gbk_come_back() -> None:
    damaged = "I don鈥檛 know what he鈥檚 up to 鈥?really.\n"
    assert repair(damaged).text == "I don’t know what he’s up to \ufffdreally.\n"


def test_what_was_lost_twice_is_lost_again() -> None:
    """U+FFFD read as GBK: nothing can bring the text back, but the rules on lost characters can see it."""
    lost = "锟斤拷" * 5 + "页面" + "锟斤拷" * 4
    assert repair(lost).text == "\ufffd" * 10 + "页面" + "\ufffd" * 8
    about = "所谓“锟斤拷”，是编码转换出错时常见的乱码，由两个替换字符的字节拼成。"
    assert repair(about).num_changes == 0


def test_a_page_about_damage_keeps_its_examples() -> None:
    about = "如果重音字母被 “Ã©”、“Ã¨” 或 “Ã§” 取代，说明文件其实是 UTF-8。"
    assert repair(about).num_changes == 0


def test_sound_lines_beside_damaged_ones_stay() -> None:
    sound, damaged = SOUND["zh"].split("\n")[0], SOUND["hant"].encode("big5").decode("latin-1")
    cleaned = clean(f"{sound}\nplain English\n{damaged}\n", ["mojibake"])
    assert cleaned.text == f"{sound}\nplain English\n{SOUND['hant']}\n"
    assert cleaned.edits == ("mojibake:as_latin:1",)


def test_too_little_evidence_changes_nothing() -> None:
    assert repair("ÖÐ").num_changes == 0
    assert repair("涓枃").num_changes == 0
