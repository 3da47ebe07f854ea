"""Rank and size of the processes that train together: gloo on CPU, NCCL on GPU, and no group at all for one."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import final

import torch
import torch.distributed as dist
from torch import Tensor

from danlu.core.errors import UsageError, WorkerLostError
from danlu.core.language import Text

TIMEOUT_SECONDS = 600.0
TORCHRUN = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@final
@dataclass(frozen=True, kw_only=True)
class World:
    """The processes of one run. In a world of one every method is the identity and needs no process group.

    All methods but `is_main` are collective: every rank calls them in the same order, or all wait until the timeout
    and then raise WorkerLostError.
    """

    rank: int
    size: int
    local_rank: int

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that writes files and prints."""
        return self.rank == 0

    def all_reduce_sum(self, tensor: Tensor) -> Tensor:
        """Sums `tensor` over all ranks, in place; returns it. The same bytes on every rank."""
        if self.size > 1:
            with _lost_workers():
                dist.all_reduce(tensor, op=dist.ReduceOp.SUM)
        return tensor

    def all_reduce_max(self, tensor: Tensor) -> Tensor:
        """The largest value over all ranks, in place; returns it. A stop asked of one rank reaches all by it."""
        if self.size > 1:
            with _lost_workers():
                dist.all_reduce(tensor, op=dist.ReduceOp.MAX)
        return tensor

    def broadcast(self, tensor: Tensor) -> Tensor:
        """The main rank's values on every rank, in place; returns it."""
        if self.size > 1:
            with _lost_workers():
                dist.broadcast(tensor, src=0)
        return tensor

    def agreed(self, values: Sequence[float], device: str = "cpu") -> list[float]:
        """The main rank's numbers (clock readings, estimates) on every rank; others may pass any of equal length."""
        if self.size == 1:
            return list(values)
        numbers = self.broadcast(torch.tensor(values, dtype=torch.float64, device=device)).tolist()
        return [float(number) for number in numbers]

    def barrier(self) -> None:
        """Returns when every rank has come here."""
        if self.size > 1:
            with _lost_workers():
                dist.barrier()


ALONE = World(rank=0, size=1, local_rank=0)


@contextmanager
def join_world(*, device: str = "cpu", timeout_seconds: float = TIMEOUT_SECONDS) -> Iterator[World]:
    """The world that this process belongs to: the process group that exists, else the one that torchrun's variables
    describe (made here, left at the end), else a world of one.

    Raises UsageError when only some of torchrun's variables are set, WorkerLostError when the others do not turn up.
    """
    if dist.is_available() and dist.is_initialized():
        yield _world_of_group()
        return
    if not _started_by_torchrun():
        yield ALONE
        return
    _stay_on_this_machine()
    backend = "nccl" if device == "cuda" else "gloo"
    with _lost_workers():
        if device == "cuda":
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        dist.init_process_group(backend, timeout=timedelta(seconds=timeout_seconds))
    try:
        yield _world_of_group()
    finally:
        dist.destroy_process_group()


def _world_of_group() -> World:
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    return World(rank=dist.get_rank(), size=dist.get_world_size(), local_rank=local_rank)


def _started_by_torchrun() -> bool:
    """Whether torchrun's variables describe more than one process."""
    missing = [name for name in TORCHRUN if not os.environ.get(name)]
    if not os.environ.get("WORLD_SIZE", "1").isdigit() or os.environ.get("WORLD_SIZE", "1") == "1":
        return False
    if missing:
        raise UsageError(
            Text("the variables of a group of processes are incomplete", "进程组的环境变量不完整"),
            got=Text("WORLD_SIZE without {missing}", "有 WORLD_SIZE，但缺少 {missing}").en.format(
                missing=", ".join(missing)
            ),
            allowed=Text("all of {names}, or none", "{names} 全部设置，或都不设置"),
            fix=Text("start with torchrun, or unset WORLD_SIZE", "用 torchrun 启动，或取消 WORLD_SIZE"),
            names=", ".join(TORCHRUN),
        )
    return True


def _stay_on_this_machine() -> None:
    """One machine needs no network: gloo else looks the host's name up, which fails or hangs on many a machine."""
    here = os.environ.get("LOCAL_WORLD_SIZE") == os.environ.get("WORLD_SIZE")
    if here and "lo" in {name for _, name in socket.if_nameindex()}:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")


@contextmanager
def _lost_workers() -> Iterator[None]:
    """Says in words what a backend throws when a peer is gone; DistError covers NCCL, RuntimeError gloo."""
    try:
        yield
    except (RuntimeError, ValueError) as problem:
        raise WorkerLostError(
            Text(
                "a process of the group was lost or stopped answering",
                "进程组中有进程丢失或不再响应",
            ),
            got=str(problem).split("\n", 1)[0][:300],
            allowed=Text("all processes of the group alive and in step", "进程组的所有进程都在运行且保持同步"),
            fix=Text(
                "see the other processes' messages, then start the same command again; it goes on from its checkpoint",
                "请查看其他进程的信息，然后重新运行同一命令：将从最近的检查点继续",
            ),
        ) from problem
