"""The calibration of a machine: what it measures, what it chooses, and why. Cold about 2 s, from the cache nothing.

Imports torch only when something has to be measured.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from danlu.core.language import Text
from danlu.runtime.machine import Machine, cache_folder, recall, remember, this_machine
from danlu.runtime.reasons import filled

if TYPE_CHECKING:
    from danlu.runtime.products import Product

CACHE_NAME = "measures-1"  # the number rises when what is measured changes
WORTH = 1.15  # a less exact type is chosen only when it is measured this many times as fast
PRODUCT_SECONDS = 1.5
DISK_SECONDS = 0.2
DISK_CHUNK = 4 << 20
BUSY_SHARE = 0.85  # below this share of the cores, others ran at the same time
BUSY_LIFE_SECONDS = 600.0  # a measurement taken on a busy machine is trusted for this long only

DType = Literal["float32", "bfloat16"]
Precision = Literal["highest", "medium"]


@dataclass(frozen=True, kw_only=True)
class Speed:
    """The best speed over the training-like shapes of one mode at one number of threads, in GFLOP/s."""

    mode: str
    num_threads: int
    gflops: float


@dataclass(frozen=True, kw_only=True)
class MachineMeasures:
    """What was measured on this machine and what follows from it.

    `dtype`, `matmul_precision` and `threads` are the choice; `peak_gflops` is the speed of that dtype and precision
    with that many threads; `reasons` says why, by name. `memory_gb_per_s` is a copy, read and written bytes together;
    `disk_mb_per_s` an fsynced write into the cache folder (0.0: not writable).
    """

    machine: Machine
    speeds: tuple[Speed, ...]
    dtype: DType
    matmul_precision: Precision
    threads: int
    peak_gflops: float
    memory_gb_per_s: float
    disk_mb_per_s: float
    compiler: str | None
    busy: bool
    from_cache: bool
    seconds: float
    reasons: Mapping[str, Text]


def measured_machine(*, fresh: bool = False, cache: bool = True) -> MachineMeasures:
    """The measures of this machine: from the cache where they are, else measured now (about 2 s) and kept.

    `fresh` measures anew whatever the cache holds; `cache=False` neither reads nor writes it.
    """
    machine = this_machine()
    reason = Text("asked to measure anew", "按要求重新测量")
    if cache and not fresh:
        found = recall(CACHE_NAME, machine)
        if found.values is not None:
            with contextlib.suppress(KeyError, TypeError, ValueError):
                if not found.values["busy"] or abs(time.time() - found.values["at"]) < BUSY_LIFE_SECONDS:
                    return _read(machine, found.values, found.reason)
            reason = Text(
                "the cached measures are incomplete or from a busy moment",
                "缓存的测量不完整或测于繁忙时刻",
            )
        else:
            reason = found.reason
    values = _measure(machine)
    if cache:
        remember(CACHE_NAME, machine, values)
    return _read(machine, values, reason, from_cache=False)


def choose_mode(speeds: Sequence[Speed]) -> Speed:
    """The mode and threads to train with: float32 at its fastest, unless a less exact mode is WORTH times as fast.

    float32 tensors with bf16 inside the products come before bfloat16 tensors, which must again be WORTH times as fast.
    """
    best = _fastest(speeds, "float32")
    assert best is not None, "float32 is always measured"
    for mode in ("float32-medium", "bfloat16"):
        rival = _fastest(speeds, mode)
        if rival is not None and rival.gflops >= WORTH * best.gflops:
            best = rival
    return best


def find_compiler() -> str | None:
    """Path of the C++ compiler that torch.compile would use, or None: without one it does not work."""
    for name in (os.environ.get("CXX", ""), "g++", "c++", "clang++"):
        found = shutil.which(name) if name else None
        if found:
            return found
    return None


def disk_speed(folder: Path, *, seconds: float = DISK_SECONDS) -> float:
    """MB/s of written and fsynced chunks of 4 MB below `folder`, for about `seconds`; 0.0 when it cannot be written."""
    chunk = os.urandom(DISK_CHUNK)
    num_bytes, spent = 0, 0.0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as handle:
            while spent < seconds and num_bytes < 64 * DISK_CHUNK:
                start = time.perf_counter()
                handle.write(chunk)
                handle.flush()
                os.fsync(handle.fileno())
                spent += time.perf_counter() - start
                num_bytes += DISK_CHUNK
    except OSError:
        return 0.0
    return num_bytes / spent / 1e6


def _measure(machine: Machine) -> dict[str, Any]:
    """All measures as plain values."""
    start = time.monotonic()
    from danlu.runtime.products import copy_speed, time_products

    import_seconds = time.monotonic() - start  # 1 to 4 s for torch, and not the calibration's to count
    products = time_products(machine.num_cores, seconds=PRODUCT_SECONDS)
    return {
        "speeds": [asdict(speed) for speed in _speeds(products.rows)],
        "memory_gb_per_s": copy_speed(),
        "disk_mb_per_s": disk_speed(cache_folder()),
        "busy": products.share_of_cores < BUSY_SHARE,
        "at": time.time(),
        "seconds": time.monotonic() - start - import_seconds,
    }


def _speeds(rows: "Sequence[Product]") -> list[Speed]:
    """The best shape of each mode and number of threads, in the order measured."""
    best: dict[tuple[str, int], float] = {}
    for row in rows:
        key = (row.mode, row.num_threads)
        best[key] = max(best.get(key, 0.0), row.gflops)
    return [Speed(mode=mode, num_threads=threads, gflops=gflops) for (mode, threads), gflops in best.items()]


def _read(machine: Machine, values: Mapping[str, Any], source: Text, *, from_cache: bool = True) -> MachineMeasures:
    """Measures from plain values. Raises KeyError, TypeError or ValueError when they are not what `_measure` writes."""
    speeds = tuple(
        Speed(mode=str(s["mode"]), num_threads=int(s["num_threads"]), gflops=float(s["gflops"]))
        for s in values["speeds"]
    )
    if not any(s.mode == "float32" for s in speeds) or not all(s.gflops > 0 and s.num_threads > 0 for s in speeds):
        raise ValueError("no speed of float32")
    chosen = choose_mode(speeds)
    busy = bool(values["busy"])
    return MachineMeasures(
        machine=machine,
        speeds=speeds,
        dtype="bfloat16" if chosen.mode == "bfloat16" else "float32",
        matmul_precision="medium" if chosen.mode == "float32-medium" else "highest",
        threads=chosen.num_threads,
        peak_gflops=chosen.gflops,
        memory_gb_per_s=float(values["memory_gb_per_s"]),
        disk_mb_per_s=float(values["disk_mb_per_s"]),
        compiler=find_compiler(),
        busy=busy,
        from_cache=from_cache,
        seconds=float(values["seconds"]),
        reasons={**_reasons(speeds, chosen, busy), "source": source},
    )


def _reasons(speeds: Sequence[Speed], chosen: Speed, busy: bool) -> dict[str, Text]:
    """Why this type and this many threads, with the numbers."""
    table = {mode: _fastest(speeds, mode) for mode in ("float32", "float32-medium", "bfloat16")}
    shown = ", ".join(f"{mode} {speed.gflops:.0f}" for mode, speed in table.items() if speed)
    same = [s for s in speeds if s.mode == chosen.mode]
    threads = ", ".join(f"{s.num_threads}: {s.gflops:.0f}" for s in sorted(same, key=lambda s: s.num_threads))
    reasons = {
        "dtype": filled(
            Text(
                "GFLOP/s measured: {shown}; a less exact type must be {worth:g} times as fast",
                "实测 GFLOP/s：{shown}；精度较低的类型须达到 {worth:g} 倍速度才会选用",
            ),
            shown=shown,
            worth=WORTH,
        ),
        "threads": filled(
            Text("GFLOP/s measured by threads: {threads}", "各线程数实测 GFLOP/s：{threads}"), threads=threads
        ),
    }
    if busy:
        reasons["busy"] = Text(
            "other programs were running, so the numbers are too low; measured again after 10 minutes",
            "测量时有其他程序在运行，数值偏低；10 分钟后将重新测量",
        )
    return reasons


def _fastest(speeds: Sequence[Speed], mode: str) -> Speed | None:
    """The fastest number of threads of `mode`; among those within 3 % of it the largest, for the rest of the work."""
    same = [s for s in speeds if s.mode == mode]
    limit = 0.97 * max((s.gflops for s in same), default=0.0)
    return max((s for s in same if s.gflops >= limit), key=lambda s: s.num_threads, default=None)
