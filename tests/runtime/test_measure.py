"""The choice that follows from measurements, and a calibration that is short once and free afterwards."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.runtime import measure
from danlu.runtime.machine import remember, this_machine
from danlu.runtime.measure import WORTH, Speed, choose_mode, disk_speed, find_compiler, measured_machine

SPEEDS = [
    {"mode": "float32", "num_threads": 2, "gflops": 80.0},
    {"mode": "bfloat16", "num_threads": 2, "gflops": 150.0},
    {"mode": "float32", "num_threads": 1, "gflops": 50.0},
]


@pytest.fixture
def measurements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Stands in for the real measurement; the list grows by one each time that something is measured."""
    monkeypatch.setenv("DANLU_CACHE_DIR", str(tmp_path / "cache"))
    taken: list[dict[str, Any]] = []

    def values(machine: object) -> dict[str, Any]:
        del machine
        found = {"memory_gb_per_s": 8.0, "disk_mb_per_s": 300.0, "busy": False, "at": time.time(), "seconds": 2.0}
        taken.append({"speeds": SPEEDS, **found})
        return taken[-1]

    monkeypatch.setattr(measure, "_measure", values)
    return taken


def test_a_second_call_reads_what_the_first_one_measured(measurements: list[dict[str, Any]]) -> None:
    first, second = measured_machine(), measured_machine()
    assert len(measurements) == 1
    assert (first.from_cache, second.from_cache) == (False, True)
    assert (second.dtype, second.matmul_precision, second.threads, second.peak_gflops) == (
        "bfloat16",
        "highest",
        2,
        150,
    )
    assert {"dtype", "threads", "source"} <= set(second.reasons)
    assert "bfloat16 150" in second.reasons["dtype"].zh


def test_fresh_and_uncached_calls_measure(measurements: list[dict[str, Any]]) -> None:
    measured_machine()
    measured_machine(fresh=True)
    assert not measured_machine(cache=False).from_cache
    assert len(measurements) == 3


@pytest.mark.parametrize("damage", [b"", b'{"machine": 1}', b"\x00\x01"])
def test_a_damaged_cache_is_measured_again(measurements: list[dict[str, Any]], tmp_path: Path, damage: bytes) -> None:
    measured_machine()
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(damage)
    assert not measured_machine().from_cache
    assert measured_machine().from_cache
    assert len(measurements) == 2


def test_incomplete_values_are_measured_again(measurements: list[dict[str, Any]]) -> None:
    measured_machine()
    wrongs: list[dict[str, Any]] = [{}, {"speeds": []}, {"speeds": [{"mode": "float32"}]}, {"busy": False, "speeds": 3}]
    for wrong in wrongs:
        remember(measure.CACHE_NAME, this_machine(), wrong)
        assert not measured_machine().from_cache
    assert len(measurements) == 5


def test_a_busy_machine_is_measured_again_later(
    measurements: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    measured_machine()
    measurements[-1].update(busy=True)
    remember(measure.CACHE_NAME, this_machine(), measurements[-1])
    soon = measured_machine()
    assert soon.from_cache
    assert "busy" in soon.reasons
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + measure.BUSY_LIFE_SECONDS + 60)
    assert not measured_machine().from_cache


@given(
    st.lists(
        st.builds(
            Speed,
            mode=st.sampled_from(["float32", "float32-medium", "bfloat16"]),
            num_threads=st.integers(1, 64),
            gflops=st.floats(0.1, 1e5),
        ),
        max_size=12,
    ),
    st.floats(0.1, 1e5),
)
def test_a_less_exact_type_is_chosen_only_when_it_is_worth_it(speeds: list[Speed], plain: float) -> None:
    speeds = [*speeds, Speed(mode="float32", num_threads=1, gflops=plain)]
    chosen = choose_mode(speeds)
    assert chosen in speeds
    exact = max(s.gflops for s in speeds if s.mode == "float32")
    if chosen.mode == "float32":
        assert chosen.gflops >= 0.97 * exact
    else:
        assert chosen.gflops >= WORTH * 0.97 * exact


def test_threads_within_three_percent_go_to_the_larger_number() -> None:
    speeds = [Speed(mode="float32", num_threads=n, gflops=g) for n, g in ((1, 50), (2, 100), (4, 98), (8, 90))]
    assert choose_mode(speeds).num_threads == 4


def test_the_speed_of_a_folder_that_is_none_is_zero(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert disk_speed(tmp_path / "file" / "below") == 0.0
    assert disk_speed(tmp_path, seconds=0.01) > 0
    assert not list(tmp_path.glob("tmp*"))


def test_no_compiler_is_found_where_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert find_compiler() is None
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "mycxx").write_text("#!/bin/sh\n")
    (tmp_path / "mycxx").chmod(0o755)
    monkeypatch.setenv("CXX", "mycxx")
    assert find_compiler() == str(tmp_path / "mycxx")


@pytest.mark.serial
def test_the_real_calibration_is_short_and_then_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_CACHE_DIR", str(tmp_path))
    first = measured_machine()
    assert first.seconds < 3.0
    assert first.peak_gflops > 0.5
    assert 1 <= first.threads <= first.machine.num_cores
    began = time.perf_counter()
    assert measured_machine().from_cache
    assert time.perf_counter() - began < 0.1
