"""Memory of this process and of the machine, and the energy that a piece of work takes. Never imports torch."""

import ctypes
import os
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import final

from danlu.core.language import Text
from danlu.runtime.reasons import filled

CGROUP_ROOT = Path("/sys/fs/cgroup")
POWERCAP = Path("/sys/class/powercap")
UNLIMITED = 1 << 60  # cgroup v1 writes 9223372036854771712 for "no limit"
# M_MMAP_THRESHOLD: tensors below 1 GB come from the heap; M_TRIM_THRESHOLD: it does not shrink; M_TOP_PAD: 64 MB at once
MALLOC_OPTIONS = ((-3, 1 << 30), (-1, (1 << 31) - 1), (-2, 64 << 20))
WATTS_PER_CORE = 8.0  # server parts: 205 W / 24 cores to 280 W / 32 cores at full load, memory not counted


def peak_rss_bytes() -> int:
    """Largest resident set of this process so far, in bytes.

    Linux: VmHWM, which starts anew at exec; `ru_maxrss` would inherit the peak of the process that started this one.
    """
    lines = _proc_status()
    if "VmHWM" in lines:
        return lines["VmHWM"]
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def rss_bytes() -> int:
    """Resident set of this process now, in bytes (its peak where the system does not tell)."""
    return _proc_status().get("VmRSS", 0) or peak_rss_bytes()


def physical_memory_bytes() -> int:
    """Memory of the machine in bytes, whatever this process may use of it."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def memory_limit_bytes(root: Path = CGROUP_ROOT, proc: Path = Path("/proc/self/cgroup")) -> int:
    """Bytes that this process may use: the machine's memory, cut by cgroups (v1, v2) and RLIMIT_AS."""
    limits = [physical_memory_bytes()]
    for folder in cgroup_folders("memory", root, proc):
        for name in ("memory.max", "memory.limit_in_bytes"):
            limit = _integer(folder / name)
            if limit is not None and limit < UNLIMITED:
                limits.append(limit)
    soft = resource.getrlimit(resource.RLIMIT_AS)[0]
    if soft not in (resource.RLIM_INFINITY, -1):
        limits.append(soft)
    return min(limits)


def available_memory_bytes() -> int:
    """Bytes that may still be taken: MemAvailable of the machine, or what is left of this process's limit."""
    left = max(0, memory_limit_bytes() - rss_bytes())
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return min(left, int(line.split()[1]) * 1024)
    except (OSError, ValueError, IndexError):
        pass
    return left


def cgroup_folders(controller: str, root: Path, proc: Path) -> list[Path]:
    """Folders of this process's control group and of its parents, for `controller`, in cgroup v1 and v2.

    A container sees its own group as the root of the mount, so the root is always among them.
    """
    folders: list[Path] = []
    for line in _text(proc).splitlines():
        parts = line.split(":", 2)
        if len(parts) != 3 or (parts[1] and controller not in parts[1].split(",")):
            continue
        base = root / controller if parts[1] else root
        group = Path(parts[2].lstrip("/"))
        folders += [base, *(base / part for part in (group, *group.parents) if str(part) != ".")]
    return folders


def keep_freed_memory() -> bool:
    """Makes glibc keep freed memory for the next tensors instead of giving it back; False where that is not possible.

    Every step frees and takes the same large tensors, and each time the kernel hands out zeroed pages anew. Measured on
    12 training steps of an MLP stack (4096 x 256, one thread): 950,000 page faults became 210,000, seconds in the kernel
    2.5 became 0.6, CPU time for a step fell by 20 %; the peak of memory rose by 25 to 35 %.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl, macOS
        return False
    return all(mallopt(name, value) == 1 for name, value in MALLOC_OPTIONS)


@dataclass(frozen=True, kw_only=True)
class Energy:
    """Energy of a piece of work in joules, and where the number comes from."""

    joules: float
    measured: bool
    reason: Text


@final
class EnergyMeter:
    """Energy since this object was made: RAPL counters where they can be read, else WATTS_PER_CORE for CPU time.

    RAPL counts the whole package, other processes too; the estimate counts only this process.
    """

    def __init__(self, folder: Path = POWERCAP) -> None:
        self._counters = [zone / "energy_uj" for zone in sorted(folder.glob("intel-rapl:[0-9]*")) if _is_package(zone)]
        self._before = [_integer(counter) for counter in self._counters]
        self._cpu = time.process_time()

    def read(self) -> Energy:
        """Joules so far."""
        now = [_integer(counter) for counter in self._counters]
        joules = 0.0
        for counter, before, after in zip(self._counters, self._before, now, strict=True):
            if before is None or after is None:
                return self._assumed()
            if after < before:  # the counter wraps within minutes to hours
                after += _integer(counter.with_name("max_energy_range_uj")) or 0
            joules += (after - before) / 1e6
        if not now:
            return self._assumed()
        reason = Text(
            "read from the processor's own counters (RAPL), other programs included",
            "读取自处理器的能耗计数器（RAPL），包含其他程序",
        )
        return Energy(joules=joules, measured=True, reason=reason)

    def _assumed(self) -> Energy:
        return assumed_energy(time.process_time() - self._cpu)


def assumed_energy(core_seconds: float) -> Energy:
    """Energy of `core_seconds` of one busy core under the stated assumption of WATTS_PER_CORE."""
    text = Text("assumed, not measured: {watts:g} W for each busy core", "估算而非测量：每个繁忙核心 {watts:g} W")
    reason = filled(text, watts=WATTS_PER_CORE)
    return Energy(joules=core_seconds * WATTS_PER_CORE, measured=False, reason=reason)


def _is_package(zone: Path) -> bool:
    return zone.name.count(":") == 1


def _proc_status() -> dict[str, int]:
    """VmHWM and VmRSS in bytes; empty where there is no /proc."""
    found = {}
    for line in _text(Path("/proc/self/status")).splitlines():
        name, _, rest = line.partition(":")
        if name in ("VmHWM", "VmRSS"):
            found[name] = int(rest.split()[0]) * 1024
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _integer(path: Path) -> int | None:
    """The number in a file of the kernel; None when it cannot be read or says `max`."""
    text = _text(path).strip()
    return int(text) if text.lstrip("-").isdigit() else None
