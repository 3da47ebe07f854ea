"""Work that appears whole or not at all: written into a folder beside its place, and renamed when everything is there."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from danlu.core.artifacts import LOCK, Artifact, folder_lock, is_finished, open_artifact
from danlu.core.disk import disk_errors, sync_folder
from danlu.core.errors import UsageError
from danlu.core.language import Text


def finished_before(target: Path, kind: str, same: Callable[[Artifact], bool]) -> Artifact | None:
    """What the same command made of `kind` earlier, every byte checked; None for a `target` that is absent or empty.

    Raises UsageError when it holds anything else; `same` tells.
    """
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return None
    if target.is_dir() and is_finished(target, kind):
        there = open_artifact(target, kind, verify="hashes")
        if same(there):
            return there
    raise UsageError(
        Text("{path} holds something else", "{path} 中已有其他内容"),
        got=Text("a file", "文件") if target.is_file() else ", ".join(sorted(p.name for p in target.iterdir())[:8]),
        allowed=Text("a new folder, or the same command again", "新目录，或重复同一命令"),
        fix=Text("choose another folder with -o", "请用 -o 选择其他目录"),
        path=target,
    )


@contextmanager
def written_beside(target: Path) -> Iterator[Path]:
    """An empty folder `.NAME.part` for this process alone; it becomes `target` at the end, or is removed at a failure.

    `target` is absent or an empty folder. What a killed process left there is removed first.
    """
    part = target.with_name(f".{target.name}.part")
    with folder_lock(part):
        try:
            _clear(part)
            yield part
            (part / LOCK).unlink()
            with disk_errors(target):
                os.replace(part, target)
                sync_folder(target.parent)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise


def _clear(folder: Path) -> None:
    """Removes everything in `folder` but the lock."""
    for entry in folder.iterdir():
        if entry.name == LOCK:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
