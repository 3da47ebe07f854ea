"""The seam through which files become durable: all or nothing, and errors of the disk in words."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.disk import disk_errors, free_bytes, read_json, write_durably, write_json
from danlu.core.errors import DiskError

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _failing(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, name, fail)


@pytest.mark.parametrize("name", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO, errno.EACCES, errno.EFBIG])
def test_a_failing_disk_keeps_the_old_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    path = tmp_path / "file"
    write_durably(path, b"old")
    with monkeypatch.context() as patch:
        _failing(patch, name, number)
        with pytest.raises(DiskError) as refused:
            write_durably(path, b"new")
    assert refused.value.exit_code == 5
    assert os.strerror(number) in str(refused.value)
    assert "free on that disk" in str(refused.value)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    write_durably(path, b"new")
    assert path.read_bytes() == b"new"


def test_the_message_of_a_full_disk_is_chinese_throughout(tmp_path: Path) -> None:
    with pytest.raises(DiskError) as refused, disk_errors(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert "该磁盘剩余" in refused.value.render("zh")


def test_other_errors_pass(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), disk_errors(tmp_path):
        (tmp_path / "missing").read_bytes()
    with pytest.raises(ValueError), disk_errors(tmp_path):
        raise ValueError


def test_bytes_are_synced_before_the_rename_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def note_fsync(handle: int) -> None:
        done.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")
        fsync(handle)

    def note_replace(source: Path, target: Path) -> None:
        done.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    write_durably(tmp_path / "deep" / "file", b"bytes")
    assert done == ["file", "rename", "folder"]


def test_a_left_over_temporary_file_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "file.tmp").write_bytes(b"half of an earlier try, longer than the new one")
    write_durably(tmp_path / "file", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"new"


@given(PLAIN)
def test_json_comes_back(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = tmp_path_factory.mktemp("json") / "value.json"
    write_json(path, value)
    assert read_json(path) == value


def test_json_is_for_people_and_equal_for_equal_values(tmp_path: Path) -> None:
    write_json(tmp_path / "a", {"b": "丹炉", "a": 1})
    write_json(tmp_path / "b", {"a": 1, "b": "丹炉"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert "丹炉" in (tmp_path / "a").read_text()


def test_nan_is_no_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        write_json(tmp_path / "a", {"x": float("nan")})
    assert not (tmp_path / "a").exists()


def test_free_bytes_of_what_does_not_exist_yet(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "not" / "there" / "yet") > 0
