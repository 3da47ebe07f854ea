"""Finished folders: the manifest is last, every damaged byte is found, one process at a time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from danlu.core import artifacts
from danlu.core.artifacts import (
    MANIFEST,
    Artifact,
    check_input,
    file_sha256,
    finish_artifact,
    folder_lock,
    is_finished,
    open_artifact,
)
from danlu.core.errors import ArtifactError, DiskError, FolderInUseError, UsageError

HOLD = """
import sys
from pathlib import Path
from danlu.core.artifacts import folder_lock
with folder_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def _make(folder: Path, kind: str = "thing") -> Artifact:
    (folder / "deep" / "丹炉 folder").mkdir(parents=True)
    (folder / "a.txt").write_bytes(bytes(range(200)))
    (folder / "deep" / "丹炉 folder" / "b.bin").write_bytes(b"b" * 50)
    (folder / "empty").write_bytes(b"")
    return finish_artifact(folder, kind, settings={"x": 1, "名": [1.5]}, inputs={"corpus": "ab" * 32}, facts={"n": 3})


def test_what_was_recorded_is_there(tmp_path: Path) -> None:
    made = _make(tmp_path)
    opened = open_artifact(tmp_path, "thing", verify="hashes")
    assert opened == made
    assert (opened.kind, opened.settings, opened.facts) == ("thing", {"x": 1, "名": [1.5]}, {"n": 3})
    assert opened.digest == file_sha256(tmp_path / MANIFEST)


def test_equal_work_gives_equal_bytes(tmp_path: Path) -> None:
    assert _make(tmp_path / "a").digest == _make(tmp_path / "b").digest


def test_the_manifest_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> None:
        assert not (tmp_path / MANIFEST).exists()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifacts, "sync_folder", fail)
    with pytest.raises(DiskError):
        _make(tmp_path)
    assert not is_finished(tmp_path)
    with pytest.raises(ArtifactError, match="not a finished artifact"):
        open_artifact(tmp_path)


def test_files_are_synced_before_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(artifacts, "sync_file", lambda path: synced.append(path.name))
    monkeypatch.setattr(artifacts, "write_json", lambda path, value: synced.append(path.name))
    monkeypatch.setattr(artifacts, "open_artifact", lambda path, kind: None)
    _make(tmp_path)
    assert sorted(synced[:-1]) == ["a.txt", "b.bin", "empty"]
    assert synced[-1] == MANIFEST


def test_temporary_files_locks_and_what_is_left_out_do_not_count(tmp_path: Path) -> None:
    for name in ("a.txt.tmp", ".lock", "log.jsonl"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "big").write_bytes(b"x")
    finish_artifact(tmp_path, "thing", settings={}, without=frozenset({"log.jsonl", "checkpoints"}))
    assert json.loads((tmp_path / MANIFEST).read_bytes())["files"] == {}


@pytest.mark.parametrize("where", [*range(0, 200, 37), 199])
@pytest.mark.parametrize("bit", [0, 7])
def test_a_flipped_bit_is_found(tmp_path: Path, where: int, bit: int) -> None:
    _make(tmp_path)
    data = bytearray((tmp_path / "a.txt").read_bytes())
    data[where] ^= 1 << bit
    (tmp_path / "a.txt").write_bytes(bytes(data))
    open_artifact(tmp_path)
    with pytest.raises(ArtifactError, match=r"a\.txt"):
        open_artifact(tmp_path, verify="hashes")


@pytest.mark.parametrize("size", [0, 1, 100, 199, 201])
def test_another_size_is_found_without_reading(tmp_path: Path, size: int) -> None:
    _make(tmp_path)
    data = (tmp_path / "a.txt").read_bytes()
    (tmp_path / "a.txt").write_bytes((data + b"x")[:size])
    with pytest.raises(ArtifactError, match=r"a\.txt"):
        open_artifact(tmp_path)


def test_a_missing_file_is_found(tmp_path: Path) -> None:
    _make(tmp_path)
    (tmp_path / "deep" / "丹炉 folder" / "b.bin").unlink()
    with pytest.raises(ArtifactError, match="missing"):
        open_artifact(tmp_path)


def test_every_flipped_bit_of_a_manifest_is_found(tmp_path: Path) -> None:
    made = _make(tmp_path)
    manifest = tmp_path / MANIFEST
    data = manifest.read_bytes()
    for where in range(len(data)):
        changed = bytearray(data)
        changed[where] ^= 1 << where % 8
        manifest.write_bytes(bytes(changed))
        try:
            assert open_artifact(tmp_path, "thing").digest != made.digest
            # only a bit that changes no value may pass, such as the e of 1e-05; the digest differs even then
            assert json.loads(changed) == json.loads(data), where
        except ArtifactError:
            pass


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.98])
def test_a_truncated_manifest_is_found(tmp_path: Path, share: float) -> None:
    _make(tmp_path)
    data = (tmp_path / MANIFEST).read_bytes()
    (tmp_path / MANIFEST).write_bytes(data[: int(share * len(data))])
    with pytest.raises(ArtifactError):
        open_artifact(tmp_path)
    with pytest.raises(ArtifactError):
        is_finished(tmp_path, "thing")


@pytest.mark.parametrize("content", [b"[]", b"{}", b"3", b"null", b'{"format": "x"}', b'{"format": 1}', b"[" * 100_000])
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(ArtifactError, match="damaged"):
        open_artifact(tmp_path)


def test_another_kind_is_refused(tmp_path: Path) -> None:
    _make(tmp_path)
    assert is_finished(tmp_path, "thing")
    assert not is_finished(tmp_path, "model")
    with pytest.raises(ArtifactError, match="of kind model"):
        open_artifact(tmp_path, "model")


def test_a_newer_format_names_the_danlu_that_reads_it(tmp_path: Path) -> None:
    _make(tmp_path)
    manifest = json.loads((tmp_path / MANIFEST).read_bytes())
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, "format": 2, "danlu": "9.9.0"}))
    with pytest.raises(ArtifactError, match=r"use danlu 9\.9\.0 or newer"):
        open_artifact(tmp_path)


def test_artifacts_inside_are_recorded_by_digest(tmp_path: Path) -> None:
    inner = _make(tmp_path / "inner")
    (tmp_path / "outer.txt").write_bytes(b"x")
    finish_artifact(tmp_path, "run", settings={})
    manifest = json.loads((tmp_path / MANIFEST).read_bytes())
    assert manifest["parts"] == {"inner": inner.digest}
    assert list(manifest["files"]) == ["outer.txt"]
    (tmp_path / "inner" / "a.txt").write_bytes(bytes(200))
    open_artifact(tmp_path)
    with pytest.raises(ArtifactError, match=r"a\.txt"):
        open_artifact(tmp_path, verify="hashes")


def test_another_artifact_inside_is_found(tmp_path: Path) -> None:
    _make(tmp_path / "inner")
    finish_artifact(tmp_path, "run", settings={})
    (tmp_path / "inner" / MANIFEST).unlink()
    finish_artifact(tmp_path / "inner", "thing", settings={"x": 2})
    with pytest.raises(ArtifactError, match="another artifact"):
        open_artifact(tmp_path)
    (tmp_path / "inner" / MANIFEST).unlink()
    with pytest.raises(ArtifactError, match="not a finished artifact"):
        open_artifact(tmp_path)


def test_an_input_is_checked_by_digest(tmp_path: Path) -> None:
    corpus = finish_artifact(_folder(tmp_path / "corpus"), "corpus", settings={})
    other = finish_artifact(_folder(tmp_path / "other"), "corpus", settings={"x": 1})
    tokens = finish_artifact(_folder(tmp_path / "tokens"), "tokens", settings={}, inputs={"corpus": corpus.digest})
    check_input(tokens, "corpus", corpus)
    with pytest.raises(ArtifactError, match="made from another corpus"):
        check_input(tokens, "corpus", other)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_a_second_process_is_told_who_works_there(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(FolderInUseError, match=f"pid {holder.pid}"), folder_lock(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    with folder_lock(tmp_path):  # a killed process leaves nothing to clean up
        assert f"pid {os.getpid()} " in (tmp_path / ".lock").read_text()


def test_a_lock_is_let_go(tmp_path: Path) -> None:
    for _ in range(2):
        with folder_lock(tmp_path / "new"), pytest.raises(FolderInUseError), folder_lock(tmp_path / "new"):
            pass


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_file_is_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(UsageError, match="cannot be a folder"), folder_lock(tmp_path / name):
        pass
    assert (tmp_path / "file").read_bytes() == b"mine"
