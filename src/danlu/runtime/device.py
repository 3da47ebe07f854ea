"""Device, number type and threads: chosen from measurements, and put into effect."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.core.settings import Settings, setting
from danlu.runtime.measure import DType, MachineMeasures, Precision
from danlu.runtime.memory import keep_freed_memory

Device = Literal["cpu", "cuda", "mps"]
FAST_CARD = Text("the card computes in bfloat16", "该设备支持 bfloat16")
SLOW_CARD = Text("the card has no fast bfloat16", "该设备没有快速的 bfloat16")
BY_HAND = Text("set by hand", "手动设置")


class DeviceSettings(Settings):
    """Where training runs. `auto` is decided by measurement, and the decision is kept with its reason."""

    device: Literal["auto", "cpu", "cuda", "mps"] = setting("auto", "device to compute on", "计算设备")
    dtype: Literal["auto", "float32", "bfloat16"] = setting(
        "auto",
        "number type of the matrix products; auto: the measured choice",
        "矩阵乘法的数值类型；auto 为实测选择",
    )
    matmul_precision: Literal["auto", "highest", "medium"] = setting(
        "auto",
        "float32 products: highest is exact, medium rounds factors to bfloat16",
        "float32 乘法：highest 精确，medium 将因子舍入为 bfloat16",
    )
    threads: int = setting(0, "threads for one process; 0: the measured choice", "单进程线程数；0 为实测选择", ge=0)
    compile: Literal["auto", "on", "off"] = setting(
        "auto",
        "torch.compile of the network's layers; auto: where the time it takes comes back within the run",
        "用 torch.compile 编译网络各层；auto 则在编译时间能于本次运行内收回时启用",
    )


@dataclass(frozen=True, kw_only=True)
class RuntimeChoice:
    """What one process computes on; `reasons` says why, by name."""

    device: Device
    dtype: DType
    matmul_precision: Precision
    threads: int
    reasons: Mapping[str, Text]


def choose_runtime(settings: DeviceSettings, measures: MachineMeasures) -> RuntimeChoice:
    """Device, type and threads from the settings, the rest from `measures`. Raises UsageError when a device is absent.

    On CUDA bfloat16 is taken where the card computes in it; speeds of cards are not measured here.
    """
    device = _device(settings.device)
    reasons = dict(measures.reasons)
    reasons["device"] = _device_reason(settings.device)
    dtype, precision, threads = measures.dtype, measures.matmul_precision, measures.threads
    if device != "cpu":
        fast = device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        dtype, precision = "bfloat16" if fast else "float32", "highest"
        reasons["dtype"] = FAST_CARD if fast else SLOW_CARD
    if settings.dtype != "auto":
        dtype, precision = settings.dtype, "highest"
        reasons["dtype"] = BY_HAND
    if settings.matmul_precision != "auto":
        precision = settings.matmul_precision
    if settings.threads:
        threads = settings.threads
        reasons["threads"] = BY_HAND
    return RuntimeChoice(device=device, dtype=dtype, matmul_precision=precision, threads=threads, reasons=reasons)


def frozen_runtime(settings: DeviceSettings) -> RuntimeChoice:
    """The choice that settings without any `auto` already hold, as those of a run; nothing is measured.

    What is still `auto` (or 0 threads) becomes the plain one: cpu, float32, highest, one thread.
    """
    return RuntimeChoice(
        device="cpu" if settings.device == "auto" else settings.device,
        dtype="float32" if settings.dtype == "auto" else settings.dtype,
        matmul_precision="highest" if settings.matmul_precision == "auto" else settings.matmul_precision,
        threads=settings.threads or 1,
        reasons={},
    )


def apply_runtime(choice: RuntimeChoice) -> None:
    """Puts the choice into effect for this process, and makes equal work give equal bytes.

    Denormal numbers are flushed to zero: products with them run up to 100 times slower, and they carry nothing.
    Deterministic algorithms are demanded on the CPU; elsewhere, where PyTorch has none, it warns and goes on.
    """
    if choice.device == "cpu":
        keep_freed_memory()
    torch.set_num_threads(choice.threads)
    torch.set_flush_denormal(True)
    torch.set_float32_matmul_precision(choice.matmul_precision)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS: equal bytes only with a fixed workspace
    # Not torch.use_deterministic_algorithms: it imports the compiler, 1 to 4 seconds of every start.
    torch.set_deterministic_debug_mode("error" if choice.device == "cpu" else "warn")
    # The fill of fresh memory is for finding reads before writes; it costs a pass over every tensor made.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    if choice.device == "cuda":
        torch.backends.cudnn.benchmark = False


def _device(wanted: str) -> Device:
    there: dict[Device, bool] = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    for name, usable in there.items():
        if usable and wanted in ("auto", name):
            return name
    raise UsageError(
        Text(
            "this machine has no device '{wanted}' that PyTorch can use",
            "此机器没有 PyTorch 可用的设备 '{wanted}'",
        ),
        got=wanted,
        allowed=Text("auto, or one of: {there}", "auto，或：{there}"),
        fix=Text(
            "write runtime.device=auto, or install the build of PyTorch for that device",
            "改为 runtime.device=auto，或安装支持该设备的 PyTorch",
        ),
        wanted=wanted,
        there=", ".join(name for name, usable in there.items() if usable),
    )


def _device_reason(wanted: str) -> Text:
    if wanted != "auto":
        return BY_HAND
    return Text("the first that is there of cuda, mps, cpu", "依次选择可用的 cuda、mps、cpu")
