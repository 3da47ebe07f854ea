"""Lines that are only ever appended: `events.jsonl` (decisions) and `metrics.jsonl` (measurements) of a run."""

import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, final

from danlu.core.disk import disk_errors
from danlu.core.errors import ArtifactError
from danlu.core.language import Text


class Watcher(Protocol):
    """Called with every event of a recipe, as it happens; the command line draws from it, a test collects it."""

    def __call__(self, event: Mapping[str, Any], /) -> None:
        """`event["event"]` names the kind; the other keys are plain values."""


def ignore(event: Mapping[str, Any], /) -> None:
    """The watcher that looks away."""


@final
class EventLog:
    """One JSON-lines file, appended line by line.

    A torn last line (the machine died while writing) is cut off when the log is opened for writing. The file is opened
    for each line (about 20 microseconds), so there is nothing to close, and no buffer that is written later than it says.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _cut_torn_line(path)
            path.open("ab").close()

    def append(self, event: Mapping[str, Any], *, durable: bool = False) -> None:
        """Adds one line; `durable` waits until it is on the disk (decisions take effect only after that)."""
        line = json.dumps(_plain(event), ensure_ascii=False, allow_nan=False) + "\n"
        with disk_errors(self.path), self.path.open("ab", buffering=0) as handle:
            before = os.fstat(handle.fileno()).st_size
            try:
                rest = memoryview(line.encode())
                while rest:
                    rest = rest[handle.write(rest) :]
                if durable:
                    os.fsync(handle.fileno())
            except OSError:
                with suppress(OSError):
                    handle.truncate(before)  # half a line would spoil the next one
                raise

    def size(self) -> int:
        """Bytes written so far: a checkpoint records it, and resuming cuts the log back to it."""
        return self.path.stat().st_size

    def cut(self, size: int) -> None:
        """Drops everything behind the first `size` bytes; a file that is shorter already stays as it is."""
        with disk_errors(self.path):
            if size < self.size():  # truncating to more would fill up with zero bytes
                os.truncate(self.path, size)
            _cut_torn_line(self.path)


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """The events of a log in order; a missing file has none, a torn last line is left out.

    Raises ArtifactError for any other line that is no event.
    """
    if not path.exists():
        return
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        if line:
            yield _event(path, number, line)


def _event(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
        event["event"]
    except (ValueError, TypeError, KeyError) as problem:
        raise ArtifactError(
            Text("line {number} of {path} is damaged", "{path} 的第 {number} 行已损坏"),
            got=repr(line[:80]),
            allowed=Text("one JSON object with the key `event`", "带有 `event` 键的 JSON 对象"),
            fix=Text("restore the file from a copy, or delete that line", "请从备份恢复该文件，或删除该行"),
            number=number,
            path=path,
        ) from problem
    return dict(event)


def _plain(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become strings, so that nothing is hidden."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def _cut_torn_line(path: Path) -> None:
    if not path.exists():
        return
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        with path.open("r+b") as handle:
            handle.truncate(data.rfind(b"\n") + 1)
