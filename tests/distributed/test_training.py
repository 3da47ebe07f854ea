"""Two ranks learn what one learns from the same global batch."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SUPPORT = Path(__file__).parents[1] / "support"
TRAIN = """
import json, os, sys
from pathlib import Path
import torch
from danlu.core.errors import InterruptedRun
from danlu.runtime.signals import Signals
from danlu.runtime.world import join_world
from tiny_training import TinyRun, tiny_settings

torch.set_num_threads(1)
folder, stop_at = Path(sys.argv[1]), int(sys.argv[2])
with join_world(timeout_seconds=60) as world:
    settings = tiny_settings("checkpoint_every=4", "micro_batch_tokens=8", "validations=3", "optimizer.l2=1e-4", "ema=0.9")
    run = TinyRun(folder=folder / str(world.rank), settings=settings, num_steps=12, world=world)
    loop = run.loop()
    def stop(event):
        if world.rank == 1 and loop.state.counters.step == stop_at:
            os.kill(os.getpid(), 15)
    loop.watch = stop
    code = 0
    try:
        with Signals() as signals:
            loop.run(signals)
    except InterruptedRun as stopped:
        code = stopped.exit_code
    total = sum(float(p.detach().double().sum()) for p in loop.state.model.parameters())
    saved = sorted(p.name for p in (folder / str(world.rank)).glob("checkpoints/step-*"))
    print(json.dumps({"losses": [s["loss"] for s in run.steps()], "total": total, "code": code, "saved": saved}))
"""


def _run(folder: Path, size: int, stop_at: int = -1) -> list[dict[str, Any]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(size),
        "LOCAL_WORLD_SIZE": str(size),
    }
    shared |= {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(SUPPORT)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", TRAIN, str(folder), str(stop_at)],
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    told = []
    for process in started:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        told.append(json.loads(out.splitlines()[-1]))
    return told


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one process says of the run."""
    (told,) = _run(tmp_path_factory.mktemp("alone"), 1)
    return told


def test_two_ranks_have_the_loss_curve_of_one(tmp_path: Path, alone: dict[str, Any]) -> None:
    first, second = _run(tmp_path, 2)
    assert len(alone["losses"]) == 12
    assert first["losses"] == pytest.approx(alone["losses"], rel=1e-5)
    assert second["losses"] == first["losses"]
    assert second["total"] == first["total"]
    assert first["total"] == pytest.approx(alone["total"], rel=1e-4)
    assert first["saved"] == alone["saved"]
    assert second["saved"] == []  # the main rank writes


def test_a_signal_to_one_rank_stops_both_after_the_same_step(tmp_path: Path) -> None:
    first, second = _run(tmp_path, 2, stop_at=6)
    assert first["code"] == second["code"] == 143
    assert len(first["losses"]) == len(second["losses"]) == 6
    assert "step-6" in first["saved"]
