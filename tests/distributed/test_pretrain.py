"""`torchrun ... danlu pretrain`: the main rank writes, all learn, and the run is that of one process."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from danlu.core.artifacts import open_artifact
from danlu.core.events import read_events
from tiny_texts import GPT, steps_in, tiny_text


def _start(folder: Path, run: str, size: int) -> list["subprocess.Popen[bytes]"]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(size),
        "LOCAL_WORLD_SIZE": str(size),
    }
    shared |= {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "danlu", "pretrain", "text.txt", "-o", run, "--steps", "30", *GPT]
    processes = []
    for rank in range(size):
        environment = {**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)}
        with (folder / f"{run}-{rank}.txt").open("wb") as out:
            processes.append(subprocess.Popen(command, cwd=folder, stdout=out, stderr=out, env=environment))
    return processes


def _wait(folder: Path, run: str, processes: list["subprocess.Popen[bytes]"]) -> list[int]:
    codes = [process.wait(timeout=150) for process in processes]
    if codes != [0] * len(codes):
        raise AssertionError("\n".join((folder / f"{run}-{rank}.txt").read_text() for rank in range(len(codes))))
    return codes


def _losses(run: Path) -> list[float]:
    steps = [e for e in read_events(run / "metrics.jsonl") if e["event"] == "step"]
    assert [s["step"] for s in steps] == list(range(1, 31))
    return [s["loss"] for s in steps]


def test_two_processes_make_the_run_of_one(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(tiny_text(), encoding="utf-8")
    assert _wait(tmp_path, "one", _start(tmp_path, "one", 1)) == [0]
    assert _wait(tmp_path, "two", _start(tmp_path, "two", 2)) == [0, 0]
    assert _losses(tmp_path / "two") == pytest.approx(_losses(tmp_path / "one"), rel=1e-5)
    open_artifact(tmp_path / "two", "run", verify="hashes")
    manifest = json.loads((tmp_path / "two" / "manifest.json").read_bytes())
    assert not [name for name in manifest["files"] if name.startswith("ranks")]

    processes = _start(tmp_path, "stopped", 2)
    while max(steps_in(tmp_path / "stopped"), default=0) == 0 and processes[0].poll() is None:
        time.sleep(0.005)
    processes[1].send_signal(signal.SIGTERM)
    assert [p.wait(timeout=150) for p in processes] == [143, 143]
    assert _wait(tmp_path, "stopped", _start(tmp_path, "stopped", 2)) == [0, 0]
    assert _losses(tmp_path / "stopped") == _losses(tmp_path / "two")
