"""Columns, with Han characters two wide."""

from hypothesis import given
from hypothesis import strategies as st

from danlu.cli.layout import cut, display_width, pad, two_columns, wrap

TEXTS = st.text(alphabet=st.sampled_from("ab c丹炉,。\u0301é-"), max_size=80)


def test_width_of_mixed_text() -> None:
    assert display_width("danlu 丹炉") == 10
    assert display_width("e\u0301") == 1


@given(TEXTS, st.integers(4, 40))
def test_wrapped_lines_fit_and_lose_nothing_but_blanks(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(display_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(TEXTS, st.integers(3, 40))
def test_cut_text_fits(text: str, width: int) -> None:
    shown = cut(text, width)
    assert display_width(shown) <= width
    assert shown == text or shown.endswith("...")


@given(TEXTS, st.integers(0, 30))
def test_padding_reaches_the_column(text: str, width: int) -> None:
    assert display_width(pad(text, width)) == max(width, display_width(text))


def test_words_stay_whole_and_han_text_breaks_anywhere() -> None:
    assert wrap("one two three", 8) == ["one two", "three"]
    assert wrap("春眠不觉晓,处处闻啼鸟。", 12) == ["春眠不觉晓,", "处处闻啼鸟。"]


def test_columns_beside_each_other_and_below_each_other() -> None:
    rows = [("--for TIME", "the time it may take"), ("-o", "where")]
    assert list(two_columns(rows, 80)) == ["  --for TIME  the time it may take", "  -o          where"]
    assert list(two_columns(rows, 30)) == ["  --for TIME", "      the time it may take", "  -o", "      where"]
