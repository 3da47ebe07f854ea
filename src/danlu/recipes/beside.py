"""Work that appears whole or not at all: written into a folder beside its place, and renamed when everything is there."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from danlu.core.artifacts import LOCK, folder_lock
from danlu.core.disk import disk_errors, sync_folder


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
