"""Encodings: right ones are found, and decoding never fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus.encoding import decode, encoding_of, guess, looks_binary, repair_surrogates, score

ZH = "社会主义核心价值观的基本内容是什么，我们应该怎样理解它呢？大家都在讨论这个问题。"
TRADITIONAL = "這個問題我們應該怎樣理解它呢？大家都在討論，請發表您的意見。"


@given(data=st.binary(max_size=400))
def test_decoding_never_fails_and_gives_valid_unicode(data: bytes) -> None:
    decode(data).text.encode()


@given(text=st.text(max_size=200))
def test_utf_8_is_taken_as_it_is(text: str) -> None:
    data = text.encode()
    if not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")) and data.count(0) <= 0.3 * len(data):
        assert decode(data).text == text
        assert decode(data).num_repaired == 0


@pytest.mark.parametrize("length", [4, 8, 20, len(ZH)])
def test_simplified_chinese_in_gb18030(length: int) -> None:
    assert decode(ZH[:length].encode("gb18030")).encoding == "gb18030"


@pytest.mark.parametrize("encoding", ["big5hkscs", "gb18030"])
def test_traditional_chinese_in_both_encodings(encoding: str) -> None:
    decoded = decode(TRADITIONAL.encode(encoding))
    assert decoded.text == TRADITIONAL
    assert decoded.encoding == encoding


def test_a_wrong_table_scores_low() -> None:
    assert score(ZH) > 0.8
    assert score(ZH.encode("gb18030").decode("big5hkscs", "replace")) < 0.4
    assert score("plain ASCII") == 0.0


def test_a_sample_may_end_within_a_character() -> None:
    data = ZH.encode()
    assert all(encoding_of(data[:size]) == "utf-8" for size in range(len(data)))
    data = ZH.encode("gb18030")
    assert guess(data[:-1]) == "gb18030"


def test_a_named_encoding_is_believed() -> None:
    decoded = decode("é".encode("latin-1"), "latin-1")
    assert decoded.text == "é"
    assert decode(b"\xef\xbb\xbf\xe4\xb8\xad", "gb18030").text == "中"  # but for a byte order mark


def test_a_replacement_character_of_the_file_is_not_counted() -> None:
    assert decode("kept \ufffd".encode()).num_repaired == 0
    decoded = decode("中文 \ufffd 中文".encode() + b"\xff")
    assert decoded.num_repaired == 1


def test_lone_surrogates_become_replacements() -> None:
    mended = repair_surrogates("a\ud800b")
    assert mended.text == "a\ufffdb"
    assert mended.num_repaired == 1
    assert repair_surrogates("fine").num_repaired == 0


def test_binary_is_told_from_text() -> None:
    assert looks_binary(b"\x7fELF\2\1\1\0\0\0\0" * 20)
    assert not looks_binary("文本\n".encode())
    assert not looks_binary("文本，还有更多的文字。\n".encode("utf-16-le"))
    assert not looks_binary(b"")
