"""Device, type and threads: by hand, by measurement, and in effect."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.core.settings import resolve
from danlu.runtime.device import DeviceSettings, apply_runtime, choose_runtime, frozen_runtime
from danlu.runtime.machine import this_machine
from danlu.runtime.measure import MachineMeasures

MEASURES = MachineMeasures(
    machine=this_machine(),
    speeds=(),
    dtype="float32",
    matmul_precision="medium",
    threads=1,
    peak_gflops=50.0,
    memory_gb_per_s=8.0,
    disk_mb_per_s=300.0,
    compiler=None,
    busy=False,
    from_cache=True,
    seconds=0.0,
    reasons={"dtype": Text("measured", "实测")},
)


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """What `apply_runtime` sets is for a whole process; the next test starts as this one did."""
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    yield
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision(precision)
    torch.set_flush_denormal(False)
    torch.set_deterministic_debug_mode("default")


@pytest.fixture
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a CPU only."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.usefixtures("no_card")
def test_auto_takes_what_was_measured_and_says_why() -> None:
    choice = choose_runtime(DeviceSettings(), MEASURES)
    assert (choice.device, choice.dtype, choice.matmul_precision, choice.threads) == ("cpu", "float32", "medium", 1)
    assert choice.reasons["dtype"].en == "measured"
    assert choice.reasons["device"].en


@pytest.mark.usefixtures("no_card")
def test_what_is_set_by_hand_wins() -> None:
    settings = resolve(DeviceSettings, overrides=["dtype=bfloat16", "threads=3", "device=cpu"])
    choice = choose_runtime(settings, MEASURES)
    assert (choice.dtype, choice.matmul_precision, choice.threads) == ("bfloat16", "highest", 3)
    assert {choice.reasons[name].en for name in ("dtype", "threads", "device")} == {"set by hand"}


@pytest.mark.usefixtures("no_card")
def test_an_absent_device_is_refused() -> None:
    with pytest.raises(UsageError, match="no device 'cuda'"):
        choose_runtime(DeviceSettings(device="cuda"), MEASURES)


@pytest.mark.parametrize(("fast", "dtype"), [(True, "bfloat16"), (False, "float32")])
def test_a_card_computes_in_what_it_can(monkeypatch: pytest.MonkeyPatch, fast: bool, dtype: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: fast)
    choice = choose_runtime(DeviceSettings(), MEASURES)
    assert (choice.device, choice.dtype, choice.matmul_precision) == ("cuda", dtype, "highest")


def test_frozen_settings_need_no_measurement() -> None:
    settings = DeviceSettings(device="cpu", dtype="bfloat16", matmul_precision="medium", threads=2)
    choice = frozen_runtime(settings)
    assert (choice.device, choice.dtype, choice.matmul_precision, choice.threads) == ("cpu", "bfloat16", "medium", 2)
    assert frozen_runtime(DeviceSettings()).threads == 1


@pytest.mark.usefixtures("no_card")
def test_the_choice_is_put_into_effect() -> None:
    apply_runtime(replace(choose_runtime(DeviceSettings(), MEASURES), threads=1))
    assert torch.get_num_threads() == 1
    assert torch.get_float32_matmul_precision() == "medium"
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.is_deterministic_algorithms_warn_only_enabled()
    assert float(torch.tensor([1e-39]) * 1.0) == 0.0, "denormal numbers are flushed"


@pytest.mark.usefixtures("no_card")
def test_the_compiler_is_not_imported() -> None:
    code = """
import sys
from danlu.runtime.device import DeviceSettings, apply_runtime, frozen_runtime
apply_runtime(frozen_runtime(DeviceSettings()))
print([name for name in ("torch._inductor", "torch._dynamo") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
