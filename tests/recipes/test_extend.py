"""`extend`: a finished run goes on from before its cool-down; its model stays until the longer one replaces it."""

import shutil
from pathlib import Path

import pytest

from danlu.core.artifacts import MANIFEST, is_finished, open_artifact
from danlu.core.errors import ArtifactError, InterruptedRun, UsageError
from danlu.core.events import read_events
from danlu.recipes import finish
from danlu.recipes.extend import extend
from danlu.recipes.finish import Outcome
from danlu.recipes.pretrain import pretrain
from danlu.training.loop import Loop
from tiny_texts import GPT, model_sha256, tiny_text

COOLDOWN = "training.schedule.cooldown=0.5"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text and the run over it, of 21 steps."""
    folder = tmp_path_factory.mktemp("extend")
    (folder / "text.txt").write_text(tiny_text(), encoding="utf-8")
    pretrain(folder / "text.txt", out=folder / "run", steps=21, overrides=[*GPT, COOLDOWN])
    return folder


@pytest.fixture
def run(source: Path, tmp_path: Path) -> Path:
    """A copy of the finished run."""
    shutil.copytree(source / "run", tmp_path / "run")
    return tmp_path / "run"


def _events(run: Path, kind: str) -> list[dict[str, object]]:
    return [e for e in read_events(run / "events.jsonl") if e["event"] == kind]


def test_it_goes_on_from_before_the_cool_down(run: Path) -> None:
    before = model_sha256(run)
    longer: Outcome = extend(run, duration="6s")
    assert longer.steps > 21
    assert model_sha256(run) != before
    assert [e["step"] for e in _events(run, "extended")] == [11]
    assert _events(run, "resumed")[-1]["step"] == 11
    steps = [e["step"] for e in read_events(run / "metrics.jsonl") if e["event"] == "step"]
    assert steps == list(range(1, longer.steps + 1))
    open_artifact(run, "run", verify="hashes")
    assert not (run / "model.old").exists()
    assert not (run / "model.new").exists()


def test_the_old_model_stays_until_it_is_replaced(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = model_sha256(run)
    put = finish._put_in_place

    def look(fresh: Path, folder: Path) -> None:
        assert model_sha256(run) == before
        open_artifact(run / "model", "model", verify="hashes")
        put(fresh, folder)

    monkeypatch.setattr(finish, "_put_in_place", look)
    extend(run, duration="5s")
    assert model_sha256(run) != before


def test_interrupted_the_same_call_goes_on(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(loop: Loop, signals: object) -> None:
        raise InterruptedRun(15, saved="here")

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "run", stop)
        with pytest.raises(InterruptedRun):
            extend(run, duration="5s")
    assert not is_finished(run, "run")
    assert is_finished(run / "model", "model")
    with pytest.raises(UsageError, match="another time"):
        extend(run, duration="7s")
    assert extend(run, duration="5s").steps > 21
    assert len(_events(run, "extended")) == 1


def test_killed_before_the_manifest_went_it_begins_again(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink = Path.unlink

    def die(path: Path, missing_ok: bool = False) -> None:
        if path == run / MANIFEST:
            raise KeyboardInterrupt
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            extend(run, duration="5s")
    assert is_finished(run, "run")
    assert extend(run, duration="5s").steps > 21


def test_without_checkpoints_there_is_nothing_to_start_from(run: Path) -> None:
    shutil.rmtree(run / "checkpoints")
    with pytest.raises(ArtifactError, match="no checkpoint from before its cool-down"):
        extend(run, duration="5s")
    open_artifact(run, "run", verify="hashes")


def test_what_is_no_finished_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="not a finished run"):
        extend(tmp_path, duration="5s")
    with pytest.raises(UsageError, match="30m"):
        extend(tmp_path, duration="soon")
    assert list(tmp_path.iterdir()) == []
