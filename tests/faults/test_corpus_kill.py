"""A corpus build killed while it reads and while it writes ends, with the same command, in the same bytes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from danlu.core.artifacts import file_sha256
from danlu.runtime.shards import LOCK, Workers, run_shards, wait_for_workers

COMMAND = ("corpus.preset=minimal", "corpus.duplicates.near=true", "corpus.reading.shard_bytes=16384")


def start(here: Path, name: str) -> "subprocess.Popen[bytes]":
    words = ["corpus", "build", "texts", "-o", name, *COMMAND, "runtime.executor=processes", "runtime.processes=2"]
    return subprocess.Popen([sys.executable, "-m", "danlu", *words], cwd=here, stdout=subprocess.DEVNULL)


def kill_when(process: "subprocess.Popen[bytes]", seen: Callable[[], bool]) -> None:
    while process.poll() is None and not seen():
        time.sleep(0.002)
    process.kill()
    assert process.wait() == -signal.SIGKILL


def tree(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}


@pytest.mark.serial
def test_killed_while_reading_and_while_writing_it_ends_in_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    for number in range(2000):
        text = f"第{number}篇文章，讲的是山水与天地之间的第{number * 7 % 1000}件事。\n" * 4
        (tmp_path / "texts" / f"{number:04d}.txt").write_text(text, encoding="utf-8")
    assert start(tmp_path, "whole").wait() == 0
    work = tmp_path / "killed" / "work"
    kill_when(start(tmp_path, "killed"), lambda: len(list(work.glob("read/*.json"))) > 2)
    kill_when(start(tmp_path, "killed"), lambda: len(list(work.glob("written/*.json"))) > 2)
    (tmp_path / "killed" / "documents" / "part-00000.parquet.tmp").write_bytes(b"left over")
    (tmp_path / "killed" / "manifest.json.tmp").write_bytes(b"left over")
    assert start(tmp_path, "killed").wait() == 0
    assert tree(tmp_path / "killed") == tree(tmp_path / "whole")


def slow(task: str) -> dict[str, str]:
    Path(task).touch()
    time.sleep(0.5)
    return {}


def test_a_new_call_waits_for_a_worker_that_was_left_behind(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        list(run_shards(slow, [str(tmp_path / "began")], Workers(), marks=tmp_path / "marks"))
        os._exit(0)
    while not (tmp_path / "began").exists():
        time.sleep(0.002)
    wait_for_workers(tmp_path / "marks")
    assert sorted(path.name for path in (tmp_path / "marks").iterdir()) == [LOCK, "00000.json"]
    assert os.waitpid(child, 0)[1] == 0
