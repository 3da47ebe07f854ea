"""Line in, continuation out, until the input ends."""

import io

import pytest

from danlu.cli.chat import chat
from danlu.cli.terminal import Terminal


@pytest.mark.parametrize("typed", ["once\ntwice\n", "once\ntwice\n\nnever\n", "once\ntwice"])
def test_every_line_is_continued(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    out, err = io.StringIO(), io.StringIO()
    chat(lambda line: iter([line, " upon"]), Terminal(out), Terminal(err))
    assert out.getvalue() == "once upon\ntwice upon\n"
