"""A print kills nothing, and foreign text moves no cursor."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.cli.terminal import Terminal, printable


class _Broken(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def test_escape_sequences_vanish_whole() -> None:
    attack = "a\x1b[31mb\x1b]0;title\x07c\x1b]8;;http://x\x1b\\d\x9b2Je\x1bPq\x1b\\f\x1b(0g\x08\rh"
    assert printable(attack) == "abcdefgh"


def test_layout_and_text_stay() -> None:
    assert printable("丹炉\n\tdanlu é") == "丹炉\n\tdanlu é"


@given(st.text())
def test_no_control_character_is_left(text: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", printable(text))


@given(st.lists(st.sampled_from(["\x1b", "[", "31m", "]0;x", "\x07", "\x9d", "a", "丹"])))
def test_sequences_that_are_cut_in_two_are_harmless(pieces: list[str]) -> None:
    assert "\x1b" not in "".join(printable(piece) for piece in pieces)


@pytest.mark.parametrize("stream", [None, _Broken()])
def test_a_dead_stream_is_no_error(stream: io.StringIO | None) -> None:
    terminal = Terminal(stream)
    terminal.line("danlu")
    terminal.line("again")
    assert terminal.gone
    assert not terminal.is_terminal


def test_a_closed_stream_is_no_error() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream)
    stream.close()
    terminal.line("danlu")
    assert terminal.gone


def test_an_encoding_without_the_character_shows_its_escape() -> None:
    raw = io.BytesIO()
    terminal = Terminal(io.TextIOWrapper(raw, encoding="ascii"))
    terminal.line("丹 done \udc80")
    assert raw.getvalue() == b"\\u4e39 done \\udc80\n"
    assert not terminal.speaks("丹")


@pytest.mark.parametrize(("columns", "width"), [("40", 40), ("3", 20), ("wide", 80)])
def test_width_follows_columns(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert Terminal(io.StringIO()).width() == width


def test_no_colour_where_it_is_not_wanted() -> None:
    assert not Terminal(io.StringIO()).styled()
    assert not Terminal(io.StringIO()).live()
