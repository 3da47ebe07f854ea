"""Pages are taken apart in another process: one that never ends costs its time, one that dies costs itself."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from danlu.corpus.readers import confined
from danlu.corpus.readers.confined import ask
from danlu.corpus.readers.confined_work import JOBS
from made_files import html
from reading_files import read_file

PAGE = "<html><body><article><p>这是一页文字,足够长,可以读取。A page that is long enough to be read.</p></article></body></html>"


def worker_id() -> int:
    ask("html", PAGE.encode(), 10)
    return confined._worker()._process.pid


def test_one_process_serves_many_pages() -> None:
    first = worker_id()
    for _ in range(20):
        answer = ask("html", PAGE.encode(), 10)
        assert "足够长" in answer.text
        assert answer.reason == ""
    assert worker_id() == first


def test_a_page_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    long = html("\n".join(f"Paragraph {number} of a page." for number in range(100_000)))
    started = time.monotonic()
    found = read_file(tmp_path / "a.html", long, html_seconds=0.3)
    assert found.reasons == ["too_slow"]
    assert time.monotonic() - started < 10
    assert read_file(tmp_path / "b.html", PAGE.encode()).texts


def test_a_page_nested_deeper_than_parsers_go(tmp_path: Path) -> None:
    for tag in ("div", "table><tr><td"):
        found = read_file(tmp_path / "a.html", f"<{tag}>".encode() * 20_000 + b"deep text")
        assert [text.strip() for text in found.texts] == ["deep text"]


def test_a_process_that_sleeps_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "WALL_LEAST", 0.3)
    os.kill(worker_id(), signal.SIGSTOP)
    answer = ask("html", PAGE.encode(), 0.01)
    assert answer.reason == "too_slow"
    assert ask("html", PAGE.encode(), 10).reason == ""


def test_a_process_that_dies_costs_one_page() -> None:
    os.kill(worker_id(), signal.SIGSTOP)
    held = confined._worker()._process
    os.kill(held.pid, signal.SIGKILL)
    held_answer = ask("html", PAGE.encode(), 10)
    assert held_answer.reason in ("", "reader_failed")
    assert ask("html", PAGE.encode(), 10).reason == ""


def test_a_job_that_raises_is_told() -> None:
    assert ask("pdf", b"/no/such/file.pdf", 10).reason in ("damaged_pdf", "reader_failed")
    assert ask("wiki", b"text", 10).reason == "reader_failed"  # without the variant it needs
    assert ask("wiki", b"''text''", 10, variant="zh-hans").text == "text"


def test_any_bytes_are_taken() -> None:
    for job in JOBS:
        for data in (b"", b"\xff\xfe\x00", bytes(range(256)), b"<" * 5000):
            answer = ask(job, data, 10, **({"variant": "zh-hans"} if job == "wiki" else {}))
            assert answer.reason in ("", "reader_failed", "damaged_pdf", "encrypted")


def test_no_process_is_left_behind() -> None:
    code = (
        "from danlu.corpus.readers import confined as c\n"
        "print(c.ask('chapter', b'<p>x</p>', 9).text, c._worker()._process.pid, flush=True)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    text, pid = ended.stdout.split()
    assert text == "x"
    assert ended.stderr == ""
    assert not Path(f"/proc/{pid}").exists()
