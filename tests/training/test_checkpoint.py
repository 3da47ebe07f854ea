"""Checkpoints: whole or not there, checked byte by byte, and never deleted while needed."""

import errno
import json
import os
from pathlib import Path

import pytest
from safetensors import SafetensorError

from danlu.core.artifacts import MANIFEST, is_finished
from danlu.core.errors import ArtifactError, DiskError
from danlu.training import checkpoint
from danlu.training.checkpoint import finished_checkpoints, load_checkpoint, prune, resume, save_checkpoint
from danlu.training.state import TrainState
from tiny_training import TinyRun, same_tensors, tiny_settings, tiny_state, weights_of

FACTS = {"metrics_bytes": 0}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainState:
    """The state after some steps, with a moving average."""
    folder = tmp_path_factory.mktemp("trained")
    return TinyRun(folder=folder, settings=tiny_settings("ema=0.9"), num_steps=5).run().state


def _save(folder: Path, state: TrainState, step: int, progress: float = 0.0, **facts: object) -> Path:
    before, state.counters.step = state.counters.step, step
    path = save_checkpoint(folder, state, progress=progress, facts={**FACTS, **facts})
    state.counters.step = before
    return path


def _fresh() -> TrainState:
    return tiny_state(tiny_settings("ema=0.9"))


def test_a_checkpoint_holds_everything(tmp_path: Path, trained: TrainState) -> None:
    path = save_checkpoint(tmp_path, trained, progress=0.25, facts={"metrics_bytes": 77})
    assert path == tmp_path / "step-5"
    state = _fresh()
    found = load_checkpoint(path, state)
    assert same_tensors(weights_of(state), weights_of(trained))
    assert same_tensors(state.optimizer.state_tensors(), trained.optimizer.state_tensors())
    assert same_tensors(state.average, trained.average)
    assert state.counters == trained.counters
    assert (found.progress, found.facts) == (0.25, {"metrics_bytes": 77})


def test_before_the_first_step_there_is_no_optimizer_state(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, _fresh(), progress=0.0, facts=FACTS)
    state = TinyRun(folder=tmp_path, settings=tiny_settings("ema=0.9"), num_steps=2).run().state
    load_checkpoint(path, state)
    assert state.counters.step == 0
    assert state.optimizer.state_tensors() == {}
    assert state.average == {}


def test_equal_states_give_equal_bytes(tmp_path: Path, trained: TrainState) -> None:
    first, second = _save(tmp_path / "a", trained, 5), _save(tmp_path / "b", trained, 5)
    for found in first.iterdir():
        assert found.read_bytes() == (second / found.name).read_bytes()


@pytest.mark.parametrize(
    "name", ["model.safetensors", "optimizer.safetensors", "average.safetensors", "state.json", MANIFEST]
)
@pytest.mark.parametrize("damage", ["first", "middle", "last", "empty", "short", "long", "gone"])
def test_any_damage_falls_back_to_the_one_before(tmp_path: Path, trained: TrainState, name: str, damage: str) -> None:
    _save(tmp_path, trained, 5)
    newest = _save(tmp_path, trained, 10)
    target = newest / name
    data = bytearray(target.read_bytes())
    places = {"first": 0, "middle": len(data) // 2, "last": len(data) - 1}
    if damage in places:
        data[places[damage]] ^= 0x10
    target.write_bytes({"empty": b"", "short": bytes(data[:-2]), "long": bytes(data) + b"x"}.get(damage, bytes(data)))
    if damage == "gone":
        target.unlink()
    state, damaged = _fresh(), list[str]()
    found = resume(tmp_path, state, damaged)
    assert found is not None
    assert found.path.name == "step-5"
    assert state.counters.step == 5
    assert len(damaged) == (0 if (name, damage) == (MANIFEST, "gone") else 1)
    assert all("step-10" in problem for problem in damaged)
    prune(tmp_path, keep=1, cooldown_begins=0.5)
    again = save_checkpoint(tmp_path, state, progress=0.0, facts=FACTS)
    state.counters.step = 10
    assert save_checkpoint(tmp_path, state, progress=0.0, facts=FACTS) == newest
    load_checkpoint(newest, _fresh())  # the damaged one was written anew
    assert again.name == "step-5"


def test_files_of_another_step_are_found(tmp_path: Path, trained: TrainState) -> None:
    first = _save(tmp_path, trained, 5)
    newest = _save(tmp_path, _fresh(), 10)
    (newest / "model.safetensors").write_bytes((first / "model.safetensors").read_bytes())
    with pytest.raises(ArtifactError, match=r"model\.safetensors"):
        load_checkpoint(newest, _fresh())


def test_without_any_good_checkpoint_nothing_is_loaded(tmp_path: Path, trained: TrainState) -> None:
    assert resume(tmp_path / "none", _fresh(), []) is None
    (_save(tmp_path, trained, 5) / "model.safetensors").unlink()
    state, damaged = _fresh(), list[str]()
    assert resume(tmp_path, state, damaged) is None
    assert len(damaged) == 1
    assert state.counters.step == 0


def test_the_newest_is_by_step_never_by_date(tmp_path: Path, trained: TrainState) -> None:
    for step in (100, 20, 9):
        _save(tmp_path, trained, step)
    os.utime(tmp_path / "step-9", (2**31, 2**31))
    (tmp_path / "step-old").mkdir()
    (tmp_path / "step-old" / MANIFEST).write_text("{}")
    (tmp_path / "step-300").mkdir()
    assert [p.name for p in finished_checkpoints(tmp_path)] == ["step-100", "step-20", "step-9"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("which", range(6))
def test_a_failing_disk_leaves_no_half_checkpoint(
    tmp_path: Path, trained: TrainState, monkeypatch: pytest.MonkeyPatch, number: int, which: int
) -> None:
    _save(tmp_path, trained, 5)
    calls, fsync = [0], os.fsync

    def fail(handle: int) -> None:
        calls[0] += 1
        if calls[0] > which:
            raise OSError(number, os.strerror(number))
        fsync(handle)

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(DiskError):
            _save(tmp_path, trained, 10)
    assert [p.name for p in tmp_path.iterdir()] == ["step-5"]
    assert is_finished(_save(tmp_path, trained, 10))


def test_no_room_is_told_before_anything_is_written(
    tmp_path: Path, trained: TrainState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "free_bytes", lambda path: 1000)
    with pytest.raises(DiskError, match="no room for a checkpoint") as refused:
        _save(tmp_path, trained, 10)
    assert "1.00 kB free" in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_an_error_inside_safetensors_is_the_disks(
    tmp_path: Path, trained: TrainState, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise SafetensorError("Error while serializing: No space left on device (os error 28)")

    monkeypatch.setattr(checkpoint, "save_file", fail)
    with pytest.raises(DiskError, match="No space"):
        _save(tmp_path, trained, 10)


def test_pruning_keeps_the_newest_the_best_and_the_one_before_the_cooldown(tmp_path: Path, trained: TrainState) -> None:
    trained.counters.best_bits, trained.counters.best_step = 2.0, 20
    for step in range(10, 101, 10):
        _save(tmp_path, trained, step, progress=step / 99, last_progress=(step - 1) / 99)
    trained.counters.best_bits, trained.counters.best_step = None, 0
    prune(tmp_path, keep=2, cooldown_begins=0.5)
    # step 50 is past the mark (50 / 99), but each of its steps was made before it
    assert [p.name for p in finished_checkpoints(tmp_path)] == ["step-100", "step-90", "step-50", "step-20"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-100", "step-20", "step-50", "step-90"]


def test_a_checkpoint_without_manifest_is_written_anew(tmp_path: Path, trained: TrainState) -> None:
    path = _save(tmp_path, trained, 10)
    (path / MANIFEST).unlink()
    (path / "rubbish").write_text("x")
    _save(tmp_path, trained, 10)
    assert "rubbish" not in json.loads((path / MANIFEST).read_bytes())["files"]
