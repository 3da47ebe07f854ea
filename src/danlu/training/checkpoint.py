"""Checkpoints `step-N/`: weights, optimizer and moving average in safetensors, counters in JSON. Its one reader and writer."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from danlu.core.artifacts import MANIFEST, finish_artifact, open_artifact
from danlu.core.disk import disk_errors, free_bytes, read_json, write_json
from danlu.core.errors import ArtifactError, DiskError
from danlu.core.language import Text
from danlu.core.quantities import format_bytes
from danlu.training.state import Counters, TrainState

KIND = "checkpoint"


@dataclass(frozen=True, kw_only=True)
class CheckpointFacts:
    """What a checkpoint says of itself beside its tensors: counters, the progress at its step, and the run's own facts."""

    path: Path
    counters: Counters
    progress: float
    facts: Mapping[str, Any]


def save_checkpoint(folder: Path, state: TrainState, *, progress: float, facts: Mapping[str, Any]) -> Path:
    """Writes `folder/step-N`, visible only when complete. Raises DiskError when it does not fit; nothing else is touched."""
    path = folder / f"step-{state.counters.step}"
    if _is_good(path):
        return path
    with disk_errors(path):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
    tensors = {
        "model.safetensors": dict(state.model.state_dict()),
        "optimizer.safetensors": state.optimizer.state_tensors(),
        "average.safetensors": state.average,
    }
    _check_space(path, tensors)
    try:
        for name, group in tensors.items():
            if group:
                write_tensors(path / name, group)
        write_json(path / "state.json", {"counters": asdict(state.counters), "progress": progress, **facts})
        finish_artifact(path, KIND, settings={}, facts={"step": state.counters.step})
    except DiskError:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return path


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """One safetensors file. Raises DiskError where the library reports an error of the disk."""
    try:
        with disk_errors(path):
            save_file({n: t.detach().contiguous().cpu() for n, t in tensors.items()}, path, metadata={"format": "pt"})
    except SafetensorError as problem:
        with disk_errors(path):
            raise OSError(28, str(problem)) from problem


def load_checkpoint(path: Path, state: TrainState) -> CheckpointFacts:
    """Puts a verified checkpoint into `state`. Raises ArtifactError when any byte differs from its manifest."""
    open_artifact(path, KIND, verify="hashes")
    state.model.load_state_dict(load_file(path / "model.safetensors"))
    state.optimizer.load_state_tensors(_tensors(path / "optimizer.safetensors"))
    state.average = _tensors(path / "average.safetensors")
    found = read_facts(path)
    state.counters = found.counters
    return found


def read_facts(path: Path) -> CheckpointFacts:
    """Counters and facts of a finished checkpoint, without its tensors."""
    values = read_json(path / "state.json")
    counters = Counters(**values.pop("counters"))
    return CheckpointFacts(path=path, counters=counters, progress=values.pop("progress"), facts=values)


def finished_checkpoints(folder: Path) -> list[Path]:
    """Folders with a manifest, newest step first (by step, never by date); whether they are sound shows on loading."""
    found = [p for p in folder.glob("step-*") if (p / MANIFEST).is_file() and p.name.removeprefix("step-").isdigit()]
    return sorted(found, key=lambda p: -int(p.name.removeprefix("step-")))


def sound_checkpoints(folder: Path) -> list[CheckpointFacts]:
    """Facts of the finished checkpoints whose files are all there, newest first."""
    sound = []
    for path in finished_checkpoints(folder):
        with suppress(ArtifactError, ValueError, KeyError, TypeError):
            open_artifact(path, KIND)
            sound.append(read_facts(path))
    return sound


def resume(folder: Path, state: TrainState, damaged: list[str]) -> CheckpointFacts | None:
    """Loads the newest checkpoint that verifies; those that do not are named in `damaged` and left where they are."""
    for path in finished_checkpoints(folder):
        try:
            return load_checkpoint(path, state)
        except ArtifactError as problem:
            damaged.append(problem.render("en"))
    return None


def prune(folder: Path, *, keep: int, cooldown_begins: float) -> None:
    """Deletes all but the newest `keep`, the best by validation, and the last one before the cool-down.

    Damaged ones are neither counted nor deleted.
    """
    found = sound_checkpoints(folder)
    kept = {f.path for f in found[:keep]}
    kept |= {f.path for f in _best(found)}
    kept |= {f.path for f in before_cooldown(found, cooldown_begins)[:1]}
    for facts in found:
        if facts.path not in kept:
            # the manifest goes first: a half-deleted folder is not a checkpoint
            (facts.path / MANIFEST).unlink()
            shutil.rmtree(facts.path, ignore_errors=True)


def before_cooldown(found: list[CheckpointFacts], cooldown_begins: float) -> list[CheckpointFacts]:
    """Those of `found` whose every step was made at a rate from before the cool-down.

    Progress at a checkpoint is that of the step to come, so the first one past the mark still belongs to them.
    """
    return [f for f in found if f.facts.get("last_progress", f.progress) < cooldown_begins or f.counters.step == 0]


def _is_good(path: Path) -> bool:
    """Whether `path` is a checkpoint whose every byte is right; a damaged one is written again."""
    try:
        open_artifact(path, KIND, verify="hashes")
    except ArtifactError:
        return False
    return True


def _tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file; none where there was nothing to save (an optimizer before its first step)."""
    return load_file(path) if path.exists() else {}


def _best(found: list[CheckpointFacts]) -> Iterator[CheckpointFacts]:
    """The checkpoint taken at the best validation, if it is still there."""
    scored = [f for f in found if f.counters.best_bits is not None and f.counters.best_step == f.counters.step]
    if scored:
        yield min(scored, key=lambda f: f.counters.best_bits or 0.0)


def _check_space(path: Path, groups: Mapping[str, Mapping[str, Tensor]]) -> None:
    needed = sum(t.numel() * t.element_size() for group in groups.values() for t in group.values())
    free = free_bytes(path)
    if free < 1.05 * needed:
        shutil.rmtree(path, ignore_errors=True)
        raise DiskError(
            Text("no room for a checkpoint in {path}", "{path} 空间不足，无法写入检查点"),
            got=Text("{free} free", "剩余 {free}"),
            allowed=Text("{needed} free", "需要 {needed}"),
            fix=Text("free some space, then run the same command again", "请释放空间后再次运行同一命令"),
            path=path.parent,
            free=format_bytes(free),
            needed=format_bytes(1.05 * needed),
        )
