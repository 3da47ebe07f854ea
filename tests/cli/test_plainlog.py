"""Plain lines: few, and without control characters."""

import io
import re

import pytest

from danlu.cli.plainlog import SECONDS_BETWEEN, PlainLog
from danlu.cli.progress import Progress
from danlu.cli.terminal import Terminal

from .conftest import told


@pytest.mark.parametrize("tongue", ["en", "zh"])
def test_stages_quote_and_measurements(tongue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", tongue)
    stream, now = io.StringIO(), [0.0]
    with PlainLog(Terminal(stream), Progress(), clock=lambda: now[0]) as watch:
        for event in told():
            now[0] += 1.0
            watch(event)
    shown = stream.getvalue()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)
    steps = [line for line in shown.splitlines() if re.match(r"  (step|第) ", line)]
    assert 3 < len(steps) <= now[0] / SECONDS_BETWEEN
    assert "1.32M" in shown
    assert ("goes on from step 4" if tongue == "en" else "从第 4 步继续") in shown
    assert "evil" not in shown


def test_a_long_corpus_build_tells_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    stream, now = io.StringIO(), [0.0]
    progress = Progress(clock=lambda: now[0])
    with PlainLog(Terminal(stream), progress, clock=lambda: now[0]) as watch:
        watch({"event": "corpus_files", "num_files": 1, "skipped": {}})
        for done in range(1, 21):
            now[0] += 1.0
            watch({"event": "corpus_read", "done": done, "of": 20, "bytes_done": done * 1e6, "bytes_total": 20e6})
    lines = stream.getvalue().splitlines()
    assert lines[0] == "  corpus  5.00 MB / 20.0 MB  15s left"
    assert len(lines) == 4
