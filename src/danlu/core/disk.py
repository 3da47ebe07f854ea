"""The one seam through which danlu makes files durable: write, fsync, rename, and errors of the disk in words."""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from danlu.core.errors import DiskError
from danlu.core.language import Text
from danlu.core.quantities import format_bytes

_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG}


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns an OSError of the disk (full, read-only, denied, failing) under `path` into a DiskError; others pass."""
    try:
        yield
    except OSError as problem:
        if problem.errno not in _DISK_ERRORS:
            raise
        raise DiskError(
            Text("cannot write below {path}: {problem}", "无法写入 {path}：{problem}"),
            got=Text("{free} free on that disk", "该磁盘剩余 {free}"),
            allowed=Text("a writable disk with enough free space", "可写且空间足够的磁盘"),
            fix=Text(
                "free some space or choose another folder with -o, then run the same command again: nothing finished is lost",
                "请释放空间或用 -o 选择其他目录，再运行同一命令：已完成的部分不会丢失",
            ),
            path=path,
            free=format_bytes(free_bytes(path)),
            problem=problem.strerror or str(problem),
        ) from problem


def free_bytes(path: Path) -> int:
    """Free bytes on the disk that holds `path` (its nearest existing parent)."""
    existing = path.absolute()
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    return shutil.disk_usage(existing).free


def sync_file(path: Path) -> None:
    """fsync of one file's bytes."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """fsync of a folder's entries, so that a rename in it survives power loss."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_durably(path: Path, data: bytes) -> None:
    """`path` holds either its old bytes or all of `data`, whatever happens: temporary file, fsync, rename, fsync."""
    temporary = path.with_name(path.name + ".tmp")
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as handle:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
            os.replace(temporary, path)
        except OSError:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """`value` as indented UTF-8 JSON with sorted keys, durably. NaN is refused: it is not JSON."""
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    write_durably(path, (text + "\n").encode())


def read_json(path: Path) -> Any:
    """The value of a JSON file written by `write_json`."""
    return json.loads(path.read_bytes())
