"""What this machine is (fingerprint), and the folder that remembers what was measured on it. Never imports torch."""

import contextlib
import hashlib
import json
import math
import os
import platform
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from danlu.core.disk import read_json, write_json
from danlu.core.errors import DiskError
from danlu.core.language import Text
from danlu.runtime.memory import CGROUP_ROOT, cgroup_folders, memory_limit_bytes

CACHE_VARIABLE = "DANLU_CACHE_DIR"
# Instruction sets that decide how fast matrix products are; the other hundred flags say nothing about it.
SPEED_FLAGS = (
    "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "amx_int8",
    "asimd", "sve", "bf16", "i8mm",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a measurement depends on: two equal `Machine`s share measurements."""

    cpu_model: str
    num_cores: int
    memory_limit_bytes: int
    torch_version: str
    flags: tuple[str, ...]

    def key(self) -> str:
        """Short digest: the name of this machine's file in the cache."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """What the cache held: `values`, or None and the reason why nothing there could be used."""

    values: Mapping[str, Any] | None
    reason: Text


def this_machine() -> Machine:
    """The machine as this process sees it: affinity, control groups and OMP_NUM_THREADS count, not the data sheet."""
    try:
        torch_version = version("torch")
    except PackageNotFoundError:
        torch_version = "none"
    info = _cpu_info()
    return Machine(
        cpu_model=info.get("model name") or platform.processor() or platform.machine(),
        num_cores=num_usable_cores(),
        memory_limit_bytes=memory_limit_bytes(),
        torch_version=torch_version,
        flags=tuple(f for f in SPEED_FLAGS if f in (info.get("flags") or info.get("Features") or "").split()),
    )


def num_usable_cores(root: Path = CGROUP_ROOT, proc: Path = Path("/proc/self/cgroup")) -> int:
    """Cores that this process may keep busy: the affinity mask, cut by a cgroup CPU quota (rounded up), by
    OMP_NUM_THREADS, and shared among the processes that torchrun started on this machine (which sets OMP_NUM_THREADS).
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    limits = [float(cores)]
    for folder in cgroup_folders("cpu", root, proc):
        limits += _quota(folder)
    local_size = os.environ.get("LOCAL_WORLD_SIZE", "")
    if local_size.isdigit() and int(local_size) > 1:
        limits.append(cores // int(local_size))
    threads = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    if threads.isdigit():
        limits.append(int(threads))
    return max(1, math.ceil(min(limits)))


def cache_folder() -> Path:
    """DANLU_CACHE_DIR, else the XDG cache folder's `danlu`, else ~/.cache/danlu."""
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "danlu"


def recall(name: str, machine: Machine) -> Remembered:
    """What `remember` kept under `name` for this machine. A damaged or foreign file is passed over, with the reason."""
    path = _cache_file(name, machine)
    try:
        held = read_json(path)
    except FileNotFoundError:
        return Remembered(values=None, reason=Text("nothing was measured here before", "此机器尚无测量记录"))
    except (OSError, ValueError):  # ValueError: JSON and UTF-8 errors are among them
        return Remembered(values=None, reason=Text("the cached file is damaged", "缓存文件已损坏"))
    if not isinstance(held, dict) or not isinstance(held.get("values"), dict):
        return Remembered(values=None, reason=Text("the cached file has another form", "缓存文件格式不符"))
    if held.get("machine") != json.loads(json.dumps(asdict(machine))):
        return Remembered(
            values=None,
            reason=Text("the cached file is of another machine", "缓存文件来自另一台机器"),
        )
    return Remembered(values=held["values"], reason=Text("measured on this machine before", "此机器先前已测量"))


def remember(name: str, machine: Machine, values: Mapping[str, Any]) -> None:
    """Keeps `values` for this machine. A cache that cannot be written is no error: it is measured again next time.

    Concurrent writers: each writes a file of its own and renames it, so readers see one whole file, the last one's.
    """
    path = _cache_file(name, machine)
    own = path.with_name(f"{path.stem}.{os.getpid()}-{threading.get_ident()}.part")
    with contextlib.suppress(OSError, DiskError):
        write_json(own, {"machine": asdict(machine), "values": dict(values)})
        os.replace(own, path)


def _cache_file(name: str, machine: Machine) -> Path:
    return cache_folder() / f"{name}-{machine.key()}.json"


def _quota(folder: Path) -> list[float]:
    """The CPU quota of one control group in cores; empty when there is none."""
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()[:2]
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text().strip()
            period = (folder / "cpu.cfs_period_us").read_text().strip()
        cores = float(quota) / float(period)
    except (OSError, ValueError, ZeroDivisionError):  # `max` is no number: no quota
        return []
    return [cores] if cores > 0 else []


def _cpu_info() -> dict[str, str]:
    """The first processor's lines of /proc/cpuinfo; empty where there is none."""
    info: dict[str, str] = {}
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return info
    for line in text.split("\n\n", 1)[0].splitlines():
        name, _, value = line.partition(":")
        info[name.strip()] = value.strip()
    return info
