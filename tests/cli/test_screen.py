"""The live view: every drawing fits the terminal, in both languages, and a lost terminal is no error."""

import io

import pytest

from danlu.cli.layout import display_width
from danlu.cli.progress import Progress
from danlu.cli.screen import Screen
from danlu.cli.terminal import Terminal

from .conftest import told


class _Tty(io.StringIO):
    """Text in memory that passes for a terminal."""

    def isatty(self) -> bool:
        return True


def _screen(monkeypatch: pytest.MonkeyPatch, tongue: str, columns: int) -> tuple[Screen, _Tty]:
    monkeypatch.setenv("DANLU_LANG", tongue)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    stream = _Tty()
    return Screen(Terminal(stream), Progress(budget=60.0, age=lambda: 30.0)), stream


@pytest.mark.parametrize("tongue", ["en", "zh"])
@pytest.mark.parametrize("columns", [40, 80])
def test_every_drawing_fits(tongue: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    screen, _ = _screen(monkeypatch, tongue, columns)
    with screen:
        for event in told():
            screen(event)
            for line in screen.drawing().plain.splitlines():
                assert display_width(line) < columns, line
    assert "\x1b" not in screen.drawing().plain


def test_what_a_run_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, stream = _screen(monkeypatch, "en", 80)
    with screen:
        for event in told():
            screen(event)
        shown = screen.drawing().plain
    for part in ("step 40 of 40", "bits per byte", "21.2K tokens/s", "41% of peak", "30s left", "validation 2.100",
                 "sample: ", "\u2588"):  # fmt: skip
        assert part in shown
    assert "evil" not in shown
    left_behind = stream.getvalue().splitlines()
    assert any("train" in line and "3.5s" in line for line in left_behind[-8:])


def test_a_lost_terminal_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, stream = _screen(monkeypatch, "en", 80)
    with screen:
        for number, event in enumerate(told()):
            screen(event)
            if number == 10:
                stream.close()
