"""The executor on Ray (extra `ray`): one task for each shard, on this machine or on a cluster.

Tasks read and write files themselves; through Ray go only the names of shards and small results. A local Ray is
started for the work and ends with it. Nothing is reported to anyone, there is no dashboard, and who would send it a
task needs a token that only this process and its workers know.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.runtime.shards import Executor, Result, Work, Workers, worker_lost

OBJECT_STORE_BYTES = 80 * 2**20  # the least that Ray takes is 75 MiB; results are a few kB
# Read by Ray when it is imported or started. The second keeps it from warning of GPUs that nobody asked for.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


def run_on_ray(work: Work, shards: Sequence[Any], workers: Workers) -> Iterator[Result]:
    """Results in the order of the shards, from a local Ray with `count` workers or from the cluster at `address`.

    A cluster's own CPUs say how many tasks run at a time; its machines need danlu installed and the same paths. A Ray
    that the calling program has started is used as it is. Raises UsageError without the package or the cluster,
    WorkerLostError when a worker dies twice over the same shard.
    """
    if not shards:
        return
    with ray_session(workers, work.__module__):
        import ray

        task = ray.remote(num_cpus=1, max_retries=1)(_work)
        waiting = [task.remote(work, shard) for shard in shards]
        waiting.reverse()
        try:
            while waiting:
                yield ray.get(waiting.pop())
        except ray.exceptions.RayTaskError as problem:
            raise problem.cause from None
        except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as problem:
            raise worker_lost() from problem
        finally:
            for reference in waiting:
                ray.cancel(reference)


@contextmanager
def ray_session(workers: Workers, module: str) -> Iterator[None]:
    """A connection to Ray until the block ends; one that is open already is used and left open. Tasks name `module`."""
    del module
    with _environment(workers):
        ray = _package()
        if ray.is_initialized():
            yield
            return
        with _cluster(ray, workers) if workers.address else _local(ray, workers):
            yield


def _work(work: Work, shard: Any) -> Result:
    return work(shard)


@contextmanager
def _environment(workers: Workers) -> Iterator[None]:
    """What Ray and its workers read from the environment, for as long as it runs."""
    packages = str(Path(__file__).resolve().parents[2])
    found = os.environ.get("PYTHONPATH", "")
    wanted = {**QUIET, "PYTHONPATH": packages if not found else os.pathsep.join((packages, found))}
    if not workers.address and not os.environ.get("RAY_AUTH_MODE"):
        wanted |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": _token()}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@cache
def _token() -> str:
    """Ray listens on all interfaces; it reads the token once, so one process has one."""
    return secrets.token_hex(32)


def _package() -> Any:
    try:
        import ray
    except ImportError as problem:
        raise UsageError(
            Text("the executor ray needs the package ray", "执行器 ray 需要 ray 软件包"),
            got=str(problem),
            allowed=Text("danlu installed with the extra ray", "安装 danlu 时带上可选依赖 ray"),
            fix=Text(
                "run: pip install 'danlu[ray]', or set runtime.executor=processes",
                "请运行：pip install 'danlu[ray]'，或设置 runtime.executor=processes",
            ),
        ) from problem
    return ray


@contextmanager
def _cluster(ray: Any, workers: Workers) -> Iterator[None]:
    try:
        ray.init(address=workers.address, log_to_driver=False, logging_level="error")
    except (ConnectionError, RuntimeError, ValueError) as problem:
        raise _no_cluster(workers.address, problem) from problem
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _local(ray: Any, workers: Workers) -> Iterator[None]:
    """A Ray of our own, stopped at the end, its folder of logs deleted."""
    folder = tempfile.mkdtemp(prefix="danlu-ray-")
    try:
        ray.init(
            address="local",
            num_cpus=workers.count,
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level="error",
            _temp_dir=folder,
        )
        yield
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def _no_cluster(address: str, problem: Exception) -> UsageError:
    return UsageError(
        Text("no Ray cluster answers at {address}", "地址 {address} 没有 Ray 集群应答"),
        got=str(problem).strip().splitlines()[0][:200] if str(problem).strip() else type(problem).__name__,
        allowed=Text("the address of a running Ray, e.g. 10.0.0.5:6379", "正在运行的 Ray 的地址，如 10.0.0.5:6379"),
        fix=Text(
            "start one with: ray start --head, or leave runtime.address empty to start it here",
            "请用 ray start --head 启动，或将 runtime.address 留空以在本机启动",
        ),
        address=address,
    )


RAY = Executor(run=run_on_ray, session=ray_session)
