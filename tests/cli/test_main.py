"""The whole way of a line, with recipes that do nothing, and the streams that a user may take away."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from danlu.cli.main import main
from danlu.core.errors import DataError
from danlu.core.language import Text

DANLU = [sys.executable, "-m", "danlu"]


def _run(*words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*DANLU, *words], capture_output=True, env={**os.environ, **environment})


@pytest.mark.usefixtures("fakes")
def test_a_run_prints_its_summary_and_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pretrain", "x.txt", "-o", "runs/y", "--for", "1m", "--json"]) == 0
    printed = capsys.readouterr()
    line = json.loads(printed.out.splitlines()[-1])
    assert line["folder"] == "runs/y"
    assert line["reference_lines"]["ngram"] == 2.41
    assert "runs/y is finished." in printed.out
    assert "The quote for this text" in printed.err


@pytest.mark.usefixtures("fakes")
def test_of_several_ranks_only_the_first_speaks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    assert main(["pretrain", "x.txt", "-o", "runs/y", "--for", "1m", "--json"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("fakes")
def test_text_that_goes_to_a_file_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "runs/x", "the", "--json"]) == 0
    text, line = capsys.readouterr().out.split("\n")[:2]
    assert text == " 丹炉\x1b[2J and so on"
    assert json.loads(line) == {"prompt": "the", "text": text}


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (DataError(Text("bad", "坏"), got="a", allowed=Text("b", "乙"), fix=Text("c", "丙")), 3),
        (KeyboardInterrupt(), 130),
        (MemoryError(), 6),
        (BrokenPipeError(), 0),
        (SystemExit(5), 5),
        (SystemExit("words"), 1),
        (RuntimeError("ours"), 1),
    ],
)
def test_exit_codes(
    problem: BaseException,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(*given: Any, **named: Any) -> None:
        raise problem

    monkeypatch.setattr("danlu.cli.running._load", lambda name: fails)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["doctor"]) == code
    assert "Traceback" not in capsys.readouterr().err


def test_wrong_usage_has_four_parts_and_a_json_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANLU_LANG", "zh")
    assert main(["evaluate", "runs/x", "--json", "--onn", "f"]) == 2
    printed = capsys.readouterr()
    assert json.loads(printed.out)["exit_code"] == 2
    assert "建议" in printed.err


def test_version_and_module() -> None:
    ran = _run("--version")
    assert ran.returncode == 0
    assert ran.stdout.startswith(b"danlu ")


def test_an_encoding_without_chinese_gets_english() -> None:
    ran = _run("pretrian", PYTHONIOENCODING="ascii", DANLU_LANG="zh")
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[0] == b"unknown command 'pretrian'"
    ran = _run("pretrian", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", DANLU_LANG="zh")
    assert ran.stderr.splitlines()[0] == b"unknown command 'pretrian'"


@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-", "| true", ">/dev/full", "</dev/null >&- 2>&-"])
def test_streams_may_be_closed(closing: str) -> None:
    for words in ("--help", "pretrain --help", "pretrian"):
        ran = subprocess.run(["bash", "-c", f"'{sys.executable}' -m danlu {words} {closing}"], capture_output=True)
        assert ran.returncode in (0, 2)
        assert b"Traceback" not in ran.stderr
        assert b"Exception ignored" not in ran.stderr


def test_help_at_40_columns_in_chinese() -> None:
    shown = _run("--help", COLUMNS="40", DANLU_LANG="zh").stdout.decode()
    assert "用您自己的文本" in shown


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 143), (signal.SIGINT, 130)])
def test_signals_before_there_is_anything_to_save(number: int, code: int, tmp_path: Path) -> None:
    program = (
        "import sys, time, danlu.cli.running as running; from danlu.cli.main import main;"
        "running._load = lambda name: (lambda **given: (print('ready', flush=True), time.sleep(60)));"
        "sys.exit(main(['doctor']))"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    child.send_signal(number)
    _, said = child.communicate(timeout=20)
    assert child.returncode == code
    assert b"Traceback" not in said
