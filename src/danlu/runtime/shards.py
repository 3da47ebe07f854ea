"""Runs one function over many shards, here, in other processes or on Ray: results in order, finished shards marked.

The work is `work(shard) -> plain values`; it reads and writes files itself, so only small values travel. Each finished
shard leaves a mark (its result as JSON), and a later call with the same marks does only the rest. The result does not
depend on the executor or on how many workers it has.
"""

import atexit
import importlib
import multiprocessing
import os
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Generic, TypeVar

from danlu.core.disk import disk_errors, read_json, write_json
from danlu.core.errors import WorkerLostError
from danlu.core.language import Text
from danlu.core.registry import Registry

ShardT = TypeVar("ShardT")
Result = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Where shards are worked: a row of EXECUTORS, how many at a time, and the address of a running cluster (Ray)."""

    executor: str = "here"
    count: int = 1
    address: str = ""


Work = Callable[[Any], Result]
HERE = Workers()
LOCK = ".lock"
# Two workers that import for themselves take 0.4 s of both cores, while the caller needs one for its own imports.
METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def _nothing_to_start(workers: Workers, module: str) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, kw_only=True)
class Executor:
    """One row of EXECUTORS: `run` gives the results in order; `session` keeps what is slow to start over several runs."""

    run: Callable[[Work, Sequence[Any], Workers], Iterator[Result]]
    session: Callable[[Workers, str], AbstractContextManager[None]] = _nothing_to_start


EXECUTORS = Registry(
    "danlu.executors",
    Text("executor", "执行器"),
    {
        "here": "danlu.runtime.shards:IN_PROCESS",
        "processes": "danlu.runtime.shards:PROCESSES",
        "ray": "danlu.runtime.ray_shards:RAY",
    },
)


@dataclass(frozen=True, kw_only=True)
class _Task(Generic[ShardT]):
    """One shard and the file that marks it finished."""

    shard: ShardT
    mark: Path | None


@dataclass(frozen=True, kw_only=True)
class _Marked(Generic[ShardT]):
    """The work, followed by the mark: a picklable callable, so that workers write their marks themselves."""

    work: Callable[[ShardT], Result]

    def __call__(self, task: _Task[ShardT]) -> Result:
        if task.mark is None:
            return self.work(task.shard)
        with _locked(task.mark.parent, shared=True):
            result = self.work(task.shard)
            write_json(task.mark, dict(result))
        return result


def run_shards(
    work: Callable[[ShardT], Result],
    shards: Sequence[ShardT],
    workers: Workers = HERE,
    *,
    marks: Path | None = None,
) -> Iterator[Result]:
    """Yields `work(shard)` for each shard, in the order of `shards`.

    `marks` is a folder for done-marks: shards that have one are not worked again.
    `work` must be importable (no lambda), and must give plain JSON values. Raises WorkerLostError when a worker dies;
    an exception of the work itself is raised as it is.
    """
    tasks = [
        _Task(shard=shard, mark=None if marks is None else _mark(marks, index)) for index, shard in enumerate(shards)
    ]
    if marks is not None:
        wait_for_workers(marks)
    finished = {i: read_json(task.mark) for i, task in enumerate(tasks) if task.mark is not None and task.mark.exists()}
    pending = [task for index, task in enumerate(tasks) if index not in finished]
    results = _executor(workers).run(_Marked(work=work), pending, workers)
    for index in range(len(tasks)):
        yield finished[index] if index in finished else next(results)


def finished_shards(marks: Path, count: int) -> frozenset[int]:
    """Which of `count` shards have left their marks."""
    return frozenset(index for index in range(count) if _mark(marks, index).exists())


def _mark(marks: Path, index: int) -> Path:
    return marks / f"{index:05d}.json"


def wait_for_workers(marks: Path) -> None:
    """Waits until no worker writes: one whose parent was killed may still be at its shard for a moment."""
    if marks.exists():
        with _locked(marks, shared=False):
            pass


@contextmanager
def _locked(marks: Path, *, shared: bool) -> Iterator[None]:
    """The lock of a folder of marks: shared by workers while they write."""
    import fcntl

    with disk_errors(marks):
        marks.mkdir(parents=True, exist_ok=True)
        handle = (marks / LOCK).open("a")
    with handle:
        fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield


def session(workers: Workers, module: str) -> AbstractContextManager[None]:
    """Keeps what the executor has to start until the block ends, for callers with several runs of work in `module`."""
    return _executor(workers).session(workers, module)


def _executor(workers: Workers) -> Executor:
    found: Executor = EXECUTORS.load(workers.executor)
    return found


def num_cpus() -> int:
    """CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_here(work: Work, shards: Sequence[Any], workers: Workers) -> Iterator[Result]:
    """One shard after another in this process, however many workers are asked for."""
    return map(work, shards)


def run_in_processes(work: Work, shards: Sequence[Any], workers: Workers) -> Iterator[Result]:
    """Fresh processes (no thread or lock of this one is copied into them), those of the session if one is open."""
    if not shards:
        return
    opened = _POOL.get()
    futures: list[Future[Result]] = []
    try:
        with nullcontext(opened) if opened is not None else _pool(min(workers.count, len(shards))) as pool:
            with _without_main():
                futures += [pool.submit(work, shard) for shard in shards]
            for future in futures:
                yield future.result()
    except BrokenProcessPool as problem:
        raise worker_lost() from problem
    finally:
        for future in futures:
            future.cancel()


@contextmanager
def process_session(workers: Workers, module: str) -> Iterator[None]:
    """Keeps the processes until the block ends. `module` takes 0.4 s to import: that begins at once, beside the caller."""
    _start_server(module)
    with _pool(workers.count, module) as pool:
        token = _POOL.set(pool)
        try:
            yield
        finally:
            _POOL.reset(token)


@contextmanager
def _pool(count: int, module: str | None = None) -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context(METHOD)
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_start_worker, initargs=(module,))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_server(module: str) -> None:
    """Starts the process that workers are forked from, which has `module`: one import for all of them.

    It has no threads that work and no locks of this process; it idles until this process ends. One that runs already is
    kept, with what it has imported.
    """
    if METHOD == "forkserver":
        from multiprocessing.forkserver import ensure_running, set_forkserver_preload

        set_forkserver_preload([module])
        ensure_running()


_POOL: ContextVar[ProcessPoolExecutor | None] = ContextVar("pool", default=None)


def worker_lost() -> WorkerLostError:
    """The error of every executor whose worker died."""
    return WorkerLostError(
        Text("a worker process died", "一个工作进程意外终止"),
        got=Text("it was killed, or memory ran out", "进程被杀死或内存不足"),
        allowed=Text("workers that live until their shard is done", "工作进程应运行至分片完成"),
        fix=Text(
            "run the same command again: finished shards are kept; with too little memory set runtime.processes=1",
            "再次运行同一命令即可继续，已完成的分片会保留；若内存不足，请减少进程数（runtime.processes=1）",
        ),
    )


def _start_worker(module: str | None) -> None:
    """In the worker: Ctrl-C is the parent's to answer, and a worker whose parent has died leaves."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_with, args=(parent.sentinel,), daemon=True).start()
    atexit.register(os._exit, 0)  # to take down what a worker has learnt costs 0.1 s, and everything is written
    if module is not None:
        importlib.import_module(module)


def _leave_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


@contextmanager
def _without_main() -> Iterator[None]:
    """Hides the caller's script from new processes, which would run it again where it has no `__main__` guard.

    Work lives in importable modules, so nothing of the script is needed there.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


IN_PROCESS = Executor(run=run_here)
PROCESSES = Executor(run=run_in_processes, session=process_session)
