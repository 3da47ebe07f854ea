"""Lines and paragraphs: pieces make the text again, and equal ones have equal hashes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus.pieces import piece_hashes, split_pieces, without
from danlu.corpus.settings import DuplicateSettings

TEXTS = st.text(alphabet="a。 \n\t字", max_size=40)


@pytest.mark.parametrize("kind", ["lines", "paragraphs"])
@given(text=TEXTS)
def test_pieces_make_the_text_again(kind: str, text: str) -> None:
    pieces = split_pieces(text, kind)
    assert "".join(pieces) == text
    assert all(pieces)
    assert without(text, kind, []).text == text
    assert without(text, kind, range(len(pieces))).text == ""


def test_what_lines_and_paragraphs_are() -> None:
    text = "第一行\n第二行\n\n\n下一段\n"
    assert split_pieces(text, "lines") == ["第一行\n", "第二行\n", "\n", "\n", "下一段\n"]
    assert split_pieces(text, "paragraphs") == ["第一行\n第二行\n\n\n", "下一段\n"]


def test_hashes_are_of_what_is_not_blank_and_long_enough() -> None:
    settings = DuplicateSettings(pieces="lines", piece_characters=3)
    hashes = piece_hashes("  甲乙丙\n甲乙丙　\n甲乙\n丙乙甲", settings)
    assert hashes[0] == hashes[1] != 0
    assert hashes[2] == 0
    assert hashes[3] not in (0, hashes[0])
