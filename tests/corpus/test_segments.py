"""Segments: they concatenate back, and are about as long as asked for."""

from hypothesis import given
from hypothesis import strategies as st

from danlu.corpus.segments import cut, pause


@given(
    text=st.text(alphabet=st.sampled_from("ab 。.\n丹"), max_size=3000),
    above=st.integers(16, 400),
    size=st.integers(8, 200),
)
def test_segments_concatenate_back(text: str, above: int, size: int) -> None:
    segments = cut(text, above, size)
    assert "".join(segments) == text
    assert len(text.encode()) > above or segments == [text]


def test_cuts_stand_behind_blank_lines() -> None:
    paragraph = "一段话。" * 20 + "\n\n"
    segments = cut(paragraph * 100, 4096, 2048)
    assert len(segments) > 5
    assert all(segment.endswith("。\n\n") for segment in segments)
    assert all(1000 < len(segment.encode()) < 3100 for segment in segments[:-1])


def test_the_strongest_pause_wins() -> None:
    text = "aaaa bbbb.\ncccc\n\ndddd eeee"
    assert text[: pause(text, 2, 20, 5)] == "aaaa bbbb.\ncccc\n\n"
    assert text[: pause(text, 2, 12, 5)] == "aaaa bbbb.\n"
    assert text[: pause(text, 2, 9, 7)] == "aaaa "
    assert pause("x" * 30, 5, 20, 12) == 12
