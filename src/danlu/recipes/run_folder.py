"""A run's folder: what was asked for, what goes on, and whether the same command may go on in it."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from danlu.core.artifacts import MANIFEST, file_sha256, is_finished
from danlu.core.errors import UsageError
from danlu.core.events import EventLog, read_events
from danlu.core.language import Text
from danlu.core.settings import differences


@dataclass(frozen=True, kw_only=True)
class RunFolder:
    """Paths and logs of one run."""

    path: Path
    events: EventLog
    metrics: EventLog
    resumed: bool
    """Whether an earlier try of the same command left something here."""

    @property
    def checkpoints(self) -> Path:
        """Where checkpoints go."""
        return self.path / "checkpoints"

    def past(self, kind: str) -> list[dict[str, Any]]:
        """The recorded events of one kind, oldest first."""
        return [event for event in read_events(self.path / "events.jsonl") if event["event"] == kind]


def default_folder(sources: Sequence[Path]) -> Path:
    """`runs/NAME`, after the first source."""
    first = sources[0]
    name = first.resolve().name
    for _ in range(2):
        name = name[: -len(Path(name).suffix)] if first.is_file() and Path(name).suffix else name
    return Path("runs") / (name or "run")


def request_of(sources: Sequence[Path], valid: Sequence[Path], tree: Mapping[str, Any]) -> dict[str, Any]:
    """What the user asked for, as plain values: compared when the command is repeated."""
    wanted = {key: value for key, value in tree.items() if key != "runtime"}
    return {
        "sources": {str(path): fingerprint(path) for path in sources},
        "valid": {str(path): fingerprint(path) for path in valid},
        "settings": wanted,
    }


def fingerprint(path: Path) -> str:
    """A digest of a file, or of all files below a folder with their names; changes when any text changes."""
    if (path / MANIFEST).is_file():
        return file_sha256(path / MANIFEST)
    if not path.is_dir():
        return file_sha256(path) if path.is_file() else "-"
    whole = hashlib.sha256()
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            found = Path(folder) / name
            if found.is_file():
                whole.update(os.fsencode(found.relative_to(path)) + b"\0" + file_sha256(found).encode())
    return whole.hexdigest()


def open_run(path: Path, request: Mapping[str, Any], *, rank: int = 0) -> RunFolder:
    """Opens or makes the folder. Raises UsageError when it belongs to another command, with what differs.

    The main rank's caller holds the folder's lock, and its logs are those of the run; other ranks write theirs below
    `ranks/`, and read those of the run.
    """
    log = path / "events.jsonl"
    asked = next((e for e in read_events(log) if e["event"] == "requested"), None)
    if asked is None and path.is_dir() and _holds_something_else(path):
        raise UsageError(
            Text("{path} holds something else", "{path} 中已有其他内容"),
            got=", ".join(sorted(p.name for p in path.iterdir())[:8]),
            allowed=Text(
                "an empty folder, a new one, or a run of the same command", "空目录、新目录或同一命令的运行目录"
            ),
            fix=Text("choose another folder with -o", "请用 -o 选择其他目录"),
            path=path,
        )
    if asked is not None:
        changed = differences({k: asked[k] for k in request}, request)
        if changed:
            raise UsageError(
                Text("{path} is a run with other settings or other text", "{path} 的运行使用了不同的设置或文本"),
                got="\n    " + "\n    ".join(changed),
                allowed=Text("the same command, which goes on from where it was", "同一命令（可从中断处继续）"),
                fix=Text(
                    "repeat the first command, or choose another folder with -o", "重复原命令，或用 -o 选择其他目录"
                ),
                path=path,
            )
    logs = path / "ranks" / str(rank) if rank else path
    events, metrics = EventLog(logs / "events.jsonl"), EventLog(logs / "metrics.jsonl")
    if asked is None:
        events.append({"event": "requested", **request}, durable=True)
    return RunFolder(path=path, events=events, metrics=metrics, resumed=asked is not None)


def finished_result(path: Path) -> Mapping[str, Any] | None:
    """The `finished` event of a run that is complete, else None."""
    if not is_finished(path, "run"):
        return None
    finished = [e for e in read_events(path / "events.jsonl") if e["event"] == "finished"]
    return finished[-1] if finished else None


def _holds_something_else(path: Path) -> bool:
    return any(entry.name not in (".lock", "events.jsonl", "metrics.jsonl") for entry in path.iterdir())
