"""A world of one needs nothing; two processes agree; a lost one is told in words."""

import json
import os
import socket
import subprocess
import sys

import pytest
import torch

from danlu.core.errors import UsageError
from danlu.runtime.world import ALONE, TORCHRUN, join_world

START = """
import json, sys, time, torch
from danlu.core.errors import WorkerLostError
from danlu.runtime.world import join_world
"""
AGREE = (
    START
    + """
with join_world(timeout_seconds=60) as world:
    with join_world() as again:
        assert again == world
    total = world.all_reduce_sum(torch.tensor([1.0 + world.rank, 0.25]))
    largest = world.all_reduce_max(torch.tensor(10 * world.rank))
    agreed = world.agreed([0.1 + world.rank, 7.0])
    world.barrier()
    print(json.dumps([world.rank, world.size, world.is_main, total.tolist(), int(largest), agreed]))
"""
)
LOSE = (
    START
    + """
try:
    with join_world(timeout_seconds=5) as world:
        world.barrier()
        if world.rank == 1:
            import os
            os._exit(9)
        world.all_reduce_sum(torch.ones(1))
except WorkerLostError as lost:
    print(json.dumps([lost.exit_code, lost.render("zh")]))
"""
)


def _run(code: str, size: int = 2) -> list[subprocess.CompletedProcess[str]]:
    """`code` in `size` processes that find each other as torchrun arranges it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(size)}
    shared |= {"LOCAL_WORLD_SIZE": str(size), "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]
    done = []
    for process in started:
        out, err = process.communicate(timeout=120)
        done.append(subprocess.CompletedProcess(process.args, process.returncode, out, err))
    return done


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when nothing like torchrun started this process."""
    for name in (*TORCHRUN, "LOCAL_RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_variables")
def test_a_world_of_one_needs_no_group() -> None:
    with join_world() as world:
        assert world == ALONE
        assert world.is_main
        tensor = torch.tensor([3.0])
        assert world.all_reduce_sum(tensor) is tensor
        assert world.all_reduce_max(tensor) is tensor
        assert world.broadcast(tensor) is tensor
        assert world.agreed([0.1, 2.0]) == [0.1, 2.0]
        world.barrier()
    assert not torch.distributed.is_initialized()


@pytest.mark.usefixtures("no_variables")
def test_a_world_size_of_one_is_a_world_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "1")
    monkeypatch.setenv("RANK", "0")
    with join_world() as world:
        assert world == ALONE


@pytest.mark.usefixtures("no_variables")
def test_half_of_the_variables_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UsageError, match="MASTER_ADDR"), join_world():
        pass


def test_two_processes_agree() -> None:
    first, second = _run(AGREE)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert json.loads(first.stdout) == [0, 2, True, [3.0, 0.5], 10, [0.1, 7.0]]
    assert json.loads(second.stdout) == [1, 2, False, [3.0, 0.5], 10, [0.1, 7.0]]


def test_a_lost_process_is_told_in_words() -> None:
    first, second = _run(LOSE)
    assert second.returncode == 9
    code, message = json.loads(first.stdout)
    assert code == 8
    assert "进程组中有进程丢失" in message
