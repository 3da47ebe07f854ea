"""Recipe of `danlu doctor`: what this machine can do, measured, and what follows from it."""

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from danlu import __version__
from danlu.core.disk import free_bytes
from danlu.core.events import Watcher, ignore
from danlu.core.language import Text, say
from danlu.runtime.compile_check import measure_compile
from danlu.runtime.device import DeviceSettings, choose_runtime
from danlu.runtime.machine import cache_folder
from danlu.runtime.measure import MachineMeasures, measured_machine
from danlu.runtime.memory import available_memory_bytes

PACKAGES = ("torch", "numpy", "tokenizers", "safetensors", "pyarrow", "transformers", "onnxruntime", "gguf", "ray")


@dataclass(frozen=True, kw_only=True)
class SpeedRow:
    """One row of the table: GFLOP/s of matrix products in `mode` with `threads`; `chosen` marks what training uses."""

    mode: str
    threads: int
    gflops: float
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What this machine can do. Sizes in bytes, speeds in the unit of their name; texts in the reader's language.

    `compile` says whether torch.compile works (only that a compiler is there, unless the check was full).
    """

    cpu: str
    cores: int
    flags: tuple[str, ...]
    device: str
    dtype: str
    matmul_precision: str
    threads: int
    peak_gflops: float
    table: tuple[SpeedRow, ...]
    memory_limit_bytes: int
    memory_available_bytes: int
    memory_gb_per_s: float
    disk_free_bytes: int
    disk_mb_per_s: float
    compile: str
    busy: bool
    calibration_seconds: float
    cache: str
    versions: Mapping[str, str]
    reasons: Mapping[str, str]


def doctor(*, watch: Watcher = ignore, fresh: bool = False, full: bool = False) -> Diagnosis:
    """Measures this machine, or reads what was measured before; `fresh` measures anew (2 s), `full` also torch.compile
    (30 to 60 s). Raises nothing of its own: what cannot be found out is said to be so.
    """
    began = time.perf_counter()
    watch({"event": "stage", "name": "calibrate", "done": False})
    measures = measured_machine(fresh=fresh)
    choice = choose_runtime(DeviceSettings(), measures)
    watch({"event": "stage", "name": "calibrate", "done": True, "seconds": time.perf_counter() - began})
    return Diagnosis(
        cpu=measures.machine.cpu_model,
        cores=measures.machine.num_cores,
        flags=measures.machine.flags,
        device=choice.device,
        dtype=choice.dtype,
        matmul_precision=choice.matmul_precision,
        threads=choice.threads,
        peak_gflops=measures.peak_gflops,
        table=_table(measures),
        memory_limit_bytes=measures.machine.memory_limit_bytes,
        memory_available_bytes=available_memory_bytes(),
        memory_gb_per_s=measures.memory_gb_per_s,
        disk_free_bytes=free_bytes(Path.cwd()),
        disk_mb_per_s=measures.disk_mb_per_s,
        compile=_compile(measures, full),
        busy=measures.busy,
        calibration_seconds=0.0 if measures.from_cache else measures.seconds,
        cache=str(cache_folder()),
        versions=_versions(),
        reasons={name: say(reason) for name, reason in choice.reasons.items()},
    )


def _table(measures: MachineMeasures) -> tuple[SpeedRow, ...]:
    """Rows by mode, then threads."""
    chosen = "float32-medium" if measures.matmul_precision == "medium" else measures.dtype
    rows = sorted(measures.speeds, key=lambda speed: (speed.mode != "float32", speed.mode, speed.num_threads))
    return tuple(
        SpeedRow(
            mode=speed.mode,
            threads=speed.num_threads,
            gflops=round(speed.gflops, 1),
            chosen=(speed.mode, speed.num_threads) == (chosen, measures.threads),
        )
        for speed in rows
    )


def _compile(measures: MachineMeasures, full: bool) -> str:
    if measures.compiler is None:
        return say(Text("no C++ compiler: torch.compile does not work here", "没有 C++ 编译器：无法使用 torch.compile"))
    if not full:
        return say(Text("compiler: {path} (not tried)", "编译器：{path}（未试编译）"), path=measures.compiler)
    tried = measure_compile()
    if not tried.works:
        return say(Text("does not work: {reason}", "不可用：{reason}"), reason=say(tried.reason))
    return say(Text("works: {reason}", "可用：{reason}"), reason=say(tried.reason))


def _versions() -> dict[str, str]:
    """Versions of what decides results; packages that are absent are left out."""
    found = {"danlu": __version__, "python": platform.python_version(), "system": platform.platform()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
