"""Memory and energy: what the kernel says, what control groups cut, and what is assumed when nothing can be read."""

import mmap
from pathlib import Path

import pytest

from danlu.runtime.memory import (
    WATTS_PER_CORE,
    EnergyMeter,
    assumed_energy,
    available_memory_bytes,
    keep_freed_memory,
    memory_limit_bytes,
    peak_rss_bytes,
    physical_memory_bytes,
    rss_bytes,
)


def test_the_peak_is_at_least_what_is_held_now() -> None:
    now = rss_bytes()
    held = mmap.mmap(-1, 40 << 20)  # fresh pages: an allocator may hold free ones already
    held.write(b"x" * len(held))
    assert rss_bytes() >= now + (30 << 20)
    assert peak_rss_bytes() >= rss_bytes() - (1 << 20)
    assert len(held) < peak_rss_bytes() < physical_memory_bytes()


def test_the_limit_is_the_machine_when_no_group_cuts_it(tmp_path: Path) -> None:
    assert memory_limit_bytes(tmp_path, tmp_path / "none") == physical_memory_bytes()
    assert 0 < available_memory_bytes() <= physical_memory_bytes()


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("0::/slice/job", "slice/memory.max"),
        ("0::/slice/job", "memory.max"),
        ("4:memory:/job", "memory/job/memory.limit_in_bytes"),
        ("4:cpu,memory:/gone", "memory/memory.limit_in_bytes"),
    ],
)
def test_a_control_group_of_either_version_cuts_the_limit(tmp_path: Path, line: str, file: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(f"{1 << 30}\n")
    (tmp_path / "cgroup").write_text(line + "\n")
    assert memory_limit_bytes(tmp_path, tmp_path / "cgroup") == 1 << 30


@pytest.mark.parametrize("text", ["max", "9223372036854771712", "", "nonsense"])
def test_no_limit_is_written_in_several_ways(tmp_path: Path, text: str) -> None:
    (tmp_path / "memory.max").write_text(text)
    (tmp_path / "cgroup").write_text("0::/\n")
    assert memory_limit_bytes(tmp_path, tmp_path / "cgroup") == physical_memory_bytes()


def test_energy_is_read_from_the_counters_of_the_packages(tmp_path: Path) -> None:
    for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text("9000000")
        (tmp_path / name / "max_energy_range_uj").write_text("10000000")
    meter = EnergyMeter(tmp_path)
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("9500000")
    (tmp_path / "intel-rapl:1" / "energy_uj").write_text("2000000")  # wrapped
    read = meter.read()
    assert read.measured
    assert read.joules == pytest.approx(0.5 + 3.0)


def test_energy_is_assumed_and_said_to_be_when_nothing_can_be_read(tmp_path: Path) -> None:
    read = EnergyMeter(tmp_path).read()
    assert not read.measured
    assert read.joules >= 0
    assert "8 W" in read.reason.en
    assert "8 W" in read.reason.zh
    assert assumed_energy(3600).joules == 3600 * WATTS_PER_CORE


def test_freed_memory_can_be_kept_more_than_once() -> None:
    assert keep_freed_memory() == keep_freed_memory()
