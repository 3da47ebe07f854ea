"""Finished folders: files, settings and hashes of inputs, made visible by `manifest.json`, which is written last.

No manifest: not finished. A folder may hold finished artifacts of its own (a run holds corpus, tokenizer, tokens,
model); those are recorded by their digest. A manifest carries no date, so equal work gives equal bytes.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from danlu.core.disk import disk_errors, read_json, sync_file, sync_folder, write_json
from danlu.core.errors import ArtifactError, FolderInUseError, UsageError
from danlu.core.language import Text

FORMAT = 1  # raised when a reader of today could not read the files of tomorrow
MANIFEST = "manifest.json"
LOCK = ".lock"


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A finished folder that was opened: its kind, settings, inputs (name -> digest) and facts (plain values)."""

    path: Path
    kind: str
    digest: str
    settings: Mapping[str, Any]
    inputs: Mapping[str, str]
    facts: Mapping[str, Any]


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def is_finished(path: Path, kind: str | None = None) -> bool:
    """Whether `path` is a finished artifact (of `kind`, where given). Raises ArtifactError for a damaged manifest."""
    manifest = path / MANIFEST
    return manifest.is_file() and (kind is None or _read_manifest(manifest)["kind"] == kind)


def finish_artifact(
    path: Path,
    kind: str,
    *,
    settings: Mapping[str, Any],
    inputs: Mapping[str, str] | None = None,
    facts: Mapping[str, Any] | None = None,
    without: frozenset[str] = frozenset(),
) -> Artifact:
    """Makes the folder `path` a finished artifact: fsync of every file, hashes, and the manifest as the last rename.

    `without` names entries of `path` that are left out (logs that go on, checkpoints).
    """
    from danlu import __version__

    files: dict[str, dict[str, Any]] = {}
    parts: dict[str, str] = {}
    with disk_errors(path):
        for found in _files_of(path, without):
            name = found.relative_to(path).as_posix()
            if found.is_dir():
                parts[name] = open_artifact(found).digest
                continue
            sync_file(found)
            files[name] = {"bytes": found.stat().st_size, "sha256": file_sha256(found)}
        for folder in {(path / name).parent for name in files} | {path}:
            sync_folder(folder)
    manifest = {
        "format": FORMAT,
        "kind": kind,
        "danlu": __version__,
        "settings": dict(settings),
        "inputs": dict(inputs or {}),
        "facts": dict(facts or {}),
        "files": files,
        "parts": parts,
    }
    write_json(path / MANIFEST, {**manifest, "sha256": _own_sha256(manifest)})
    return open_artifact(path, kind)


def open_artifact(path: Path, kind: str | None = None, *, verify: Literal["sizes", "hashes"] = "sizes") -> Artifact:
    """Opens a finished folder; raises ArtifactError when it is unfinished, of another kind, newer, or damaged.

    `verify="sizes"` compares every file's size, `"hashes"` reads all bytes.
    """
    manifest_path = path / MANIFEST
    if not manifest_path.is_file():
        raise ArtifactError(
            Text("{path} is not a finished artifact", "{path} 不是已完成的产物"),
            got=Text("no manifest.json", "没有 manifest.json"),
            allowed=Text("a folder that a danlu command finished", "由 danlu 命令完成的目录"),
            fix=Text("run the command that makes it again; it goes on", "再次运行生成它的命令即可继续"),
            path=path,
        )
    manifest = _read_manifest(manifest_path)
    if kind is not None and manifest["kind"] != kind:
        raise ArtifactError(
            Text("{path} is of another kind", "{path} 的类型不符"),
            got=manifest["kind"],
            allowed=Text("an artifact of kind {kind}", "类型为 {kind} 的产物"),
            fix=Text("name a folder of that kind", "请指定该类型的目录"),
            path=path,
            kind=kind,
        )
    _check_files(path, manifest, verify)
    return Artifact(
        path=path,
        kind=manifest["kind"],
        digest=file_sha256(manifest_path),
        settings=manifest["settings"],
        inputs=manifest["inputs"],
        facts=manifest["facts"],
    )


def check_input(artifact: Artifact, name: str, given: Artifact) -> None:
    """Raises ArtifactError unless `artifact` was made from exactly `given` (by digest)."""
    if artifact.inputs.get(name) != given.digest:
        raise ArtifactError(
            Text("{path} was made from another {name}", "{path} 来自另一个 {name}"),
            got=f"{given.path} ({given.digest[:12]})",
            allowed=Text("the {name} with digest {digest}", "摘要为 {digest} 的 {name}"),
            fix=Text("use the {name} that belongs to it, or build it again", "请使用与其对应的 {name}，或重新构建"),
            path=artifact.path,
            name=name,
            digest=str(artifact.inputs.get(name))[:12],
        )


@contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Holds `path` (made if missing) for this process; raises FolderInUseError when another process holds it.

    The lock belongs to the process, so a killed one leaves nothing to clean up.
    """
    import fcntl

    if any(parent.exists() and not parent.is_dir() for parent in (path, *path.parents)):
        raise UsageError(
            Text("{path} cannot be a folder", "{path} 不能作为目录"),
            got=Text("a file of that name", "已有同名文件"),
            allowed=Text("a folder, or a name that is still free", "目录或未被占用的名称"),
            fix=Text("choose another folder with -o", "请用 -o 选择其他目录"),
            path=path,
        )
    with disk_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        handle = (path / LOCK).open("a+")
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise FolderInUseError(
                Text("another danlu process works in {path}", "另一个 danlu 进程正在使用 {path}"),
                got=handle.read().strip() or "-",
                allowed=Text("one process in a folder at a time", "一个目录同时只能由一个进程使用"),
                fix=Text(
                    "wait for it, stop it, or choose another folder with -o", "等待或停止它，或用 -o 选择其他目录"
                ),
                path=path,
            ) from None
        handle.truncate(0)
        handle.write(f"pid {os.getpid()} on {os.uname().nodename}\n")
        handle.flush()
        yield


def _files_of(path: Path, without: frozenset[str]) -> Iterator[Path]:
    """Files below `path` in sorted order; a finished folder inside is yielded whole, as the folder."""
    for entry in sorted(path.iterdir()):
        if entry.name in without or entry.name in (MANIFEST, LOCK) or entry.name.endswith(".tmp"):
            continue
        if entry.is_dir():
            if (entry / MANIFEST).exists():
                yield entry
            else:
                yield from _files_of(entry, frozenset())
        else:
            yield entry


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = read_json(path)
        number = int(manifest["format"])
    except (ValueError, KeyError, TypeError, RecursionError) as problem:
        raise _damaged(path, "unreadable") from problem
    if number > FORMAT:
        raise ArtifactError(
            Text("{path} was written by a newer danlu", "{path} 由更新版本的 danlu 写成"),
            got=f"format {number} (danlu {manifest.get('danlu')})",
            allowed=Text("format {known} or older", "格式 {known} 或更旧"),
            fix=Text("use danlu {version} or newer", "请使用 danlu {version} 或更新版本"),
            path=path.parent,
            known=FORMAT,
            version=manifest.get("danlu"),
        )
    rest = {name: value for name, value in manifest.items() if name != "sha256"}
    if manifest.get("sha256") != _own_sha256(rest):
        raise _damaged(path, "its own SHA-256 differs")
    return rest


def _own_sha256(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest's other values, so that a flipped bit in settings or facts is found as well."""
    text = json.dumps(manifest, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _check_files(path: Path, manifest: Mapping[str, Any], verify: str) -> None:
    for name, facts in manifest["files"].items():
        found = path / name
        if not found.is_file():
            raise _damaged(found, "missing")
        if found.stat().st_size != facts["bytes"]:
            raise _damaged(found, f"{found.stat().st_size} bytes, not {facts['bytes']}")
        if verify == "hashes" and file_sha256(found) != facts["sha256"]:
            raise _damaged(found, "SHA-256 differs")
    for name, digest in manifest["parts"].items():
        if open_artifact(path / name, verify="hashes" if verify == "hashes" else "sizes").digest != digest:
            raise _damaged(path / name, "another artifact than the one recorded")


def _damaged(path: Path, problem: str) -> ArtifactError:
    return ArtifactError(
        Text("a file of an artifact is damaged: {path}", "产物中的文件已损坏：{path}"),
        got=problem,
        allowed=Text("the bytes that its manifest.json records", "与 manifest.json 记录一致的内容"),
        fix=Text(
            "restore it from a copy, or delete the folder and build it again", "请从备份恢复，或删除该目录后重新构建"
        ),
        path=path,
    )
