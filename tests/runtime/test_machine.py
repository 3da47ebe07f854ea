"""The fingerprint of a machine, and a cache that survives damage, strangers and company."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from danlu.runtime.machine import cache_folder, num_usable_cores, recall, remember, this_machine


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of this test, and no variable that changes the number of cores."""
    for name in ("OMP_NUM_THREADS", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DANLU_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _group(folder: Path, **files: str) -> tuple[Path, Path]:
    for name, text in files.items():
        (folder / name.replace("_dot_", ".")).write_text(text)
    (folder / "cgroup").write_text("0::/\n")
    return folder, folder / "cgroup"


def test_the_same_machine_has_the_same_key_and_another_torch_another() -> None:
    machine = this_machine()
    assert machine == this_machine()
    assert machine.key() == this_machine().key()
    assert replace(machine, torch_version="0").key() != machine.key()
    assert machine.num_cores >= 1
    assert machine.cpu_model


def test_cores_are_those_of_the_affinity_mask(tmp_path: Path) -> None:
    root, proc = _group(tmp_path, cpu_dot_max="max 100000\n")
    assert num_usable_cores(root, proc) == len(os.sched_getaffinity(0))


def test_a_quota_cuts_the_cores(tmp_path: Path) -> None:
    root, proc = _group(tmp_path, cpu_dot_max="50000 100000\n")
    assert num_usable_cores(root, proc) == 1


def test_a_quota_of_version_1_cuts_the_cores(tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("100000")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    (tmp_path / "cgroup").write_text("4:cpu,cpuacct:/job\n")
    assert num_usable_cores(tmp_path, tmp_path / "cgroup") == 1


@pytest.mark.parametrize(
    ("name", "value"), [("OMP_NUM_THREADS", "1"), ("OMP_NUM_THREADS", "1,2"), ("LOCAL_WORLD_SIZE", "99")]
)
def test_variables_cut_the_cores(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert num_usable_cores() == 1


def test_the_cache_folder_follows_its_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("DANLU_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "danlu"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "danlu"


def test_what_was_remembered_is_recalled_on_the_same_machine_only() -> None:
    machine = this_machine()
    assert recall("speeds", machine).values is None
    remember("speeds", machine, {"peak": 1.5})
    assert recall("speeds", machine).values == {"peak": 1.5}
    assert recall("speeds", replace(machine, num_cores=999)).values is None


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b"[]", b"{}", b'{"machine": {}, "values": {}}'])
def test_a_damaged_file_is_passed_over_with_a_reason(own_cache: Path, damage: bytes) -> None:
    machine = this_machine()
    remember("speeds", machine, {"peak": 1.5})
    (file,) = own_cache.iterdir()
    file.write_bytes(damage)
    found = recall("speeds", machine)
    assert found.values is None
    assert found.reason.en
    assert found.reason.zh
    remember("speeds", machine, {"peak": 2})
    assert recall("speeds", machine).values == {"peak": 2}


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DANLU_CACHE_DIR", str(tmp_path / "file" / "below"))
    remember("speeds", this_machine(), {"peak": 1})
    assert recall("speeds", this_machine()).values is None


def test_many_writers_leave_one_whole_file(own_cache: Path) -> None:
    machine = this_machine()
    values = [{"peak": number, "filler": "x" * 10_000} for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda value: remember("speeds", machine, value), values))
    assert recall("speeds", machine).values in values
    (file,) = own_cache.glob("*.json")
    assert json.loads(file.read_text())["values"] in values
