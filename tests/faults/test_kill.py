"""Killed anywhere, the same command goes on to the same bytes; asked to stop, it saves first."""

import hashlib
import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from danlu.core.events import read_events
from forked_danlu import ForkedDanlu
from tiny_texts import GPT, LSTM, model_sha256, steps_in

OPTIONS = {"gpt": GPT, "lstm": LSTM}


def _command(name: str, run: str, *more: str) -> tuple[str, ...]:
    return ("pretrain", "text.txt", "-o", run, "--steps", "60", *OPTIONS[name], *more)


@pytest.fixture(scope="module")
def reference(danlu: ForkedDanlu) -> Callable[[str], Path]:
    """The folder of the uninterrupted run of an architecture."""
    made: dict[str, Path] = {}

    def find(name: str) -> Path:
        if name not in made:
            done = danlu.run(*_command(name, f"whole-{name}"))
            assert done.code == 0, done.output
            made[name] = danlu.here / f"whole-{name}"
        return made[name]

    return find


def _new_checkpoint(run: Path) -> Callable[[], bool]:
    """True as soon as the run has a newer checkpoint than now."""
    newest = max(steps_in(run), default=0)
    return lambda: max(steps_in(run), default=0) > newest


@pytest.mark.parametrize("name", ["gpt", "lstm"])
def test_killed_again_and_again_it_ends_with_the_same_bytes(
    danlu: ForkedDanlu, reference: Callable[[str], Path], name: str
) -> None:
    run = danlu.here / f"killed-{name}"
    for _ in range(4):
        killed = danlu.run(*_command(name, run.name), stop=_new_checkpoint(run))
        assert killed.code == -signal.SIGKILL, killed.output
    done = danlu.run(*_command(name, run.name), "--json")
    assert done.code == 0, done.output
    assert model_sha256(run) == model_sha256(reference(name))
    told = [json.loads(done.output.splitlines()[-1])]
    assert told[0]["steps"] == 60
    resumed = [e["step"] for e in read_events(run / "events.jsonl") if e["event"] == "resumed"]
    assert len(resumed) == 4
    assert resumed == sorted(set(resumed))
    assert all(step % 5 == 0 for step in resumed)
    steps = [e["step"] for e in read_events(run / "metrics.jsonl") if e["event"] == "step"]
    assert steps == list(range(1, 61))


@pytest.mark.parametrize(
    "what", ["corpus/manifest.json", "tokenizer/manifest.json", "tokens/manifest.json", "model/manifest.json"]
)
def test_killed_between_stages_it_goes_on(danlu: ForkedDanlu, reference: Callable[[str], Path], what: str) -> None:
    run = danlu.here / f"stage-{what.partition('/')[0]}"
    killed = danlu.run(*_command("gpt", run.name), stop=(run / what).exists)
    assert killed.code == -signal.SIGKILL, killed.output
    done = danlu.run(*_command("gpt", run.name))
    assert done.code == 0, done.output
    assert model_sha256(run) == model_sha256(reference("gpt"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_run_that_is_asked_to_stop_saves_first(
    danlu: ForkedDanlu, reference: Callable[[str], Path], number: int, code: int
) -> None:
    run = danlu.here / f"asked-{code}"
    stopped = danlu.run(*_command("gpt", run.name), stop=_new_checkpoint(run), with_signal=number)
    assert stopped.code == code, stopped.output
    assert "saved" in stopped.output
    saved = max(steps_in(run))
    done = danlu.run(*_command("gpt", run.name))
    assert done.code == 0, done.output
    (resumed,) = [e["step"] for e in read_events(run / "events.jsonl") if e["event"] == "resumed"]
    assert resumed == saved
    assert model_sha256(run) == model_sha256(reference("gpt"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_asked_to_stop_before_training_it_stops_at_once(danlu: ForkedDanlu, number: int, code: int) -> None:
    run = danlu.here / f"early-{code}"
    stopped = danlu.run(*_command("gpt", run.name), stop=(run / "corpus" / "manifest.json").exists, with_signal=number)
    assert stopped.code == code, stopped.output
    assert not (run / "manifest.json").exists()


def _everything(run: Path) -> dict[str, str]:
    return {
        str(p.relative_to(run)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(run.rglob("*"))
        if p.is_file() and p.name != ".lock"
    }


def test_a_finished_command_repeated_changes_nothing(danlu: ForkedDanlu, reference: Callable[[str], Path]) -> None:
    run = reference("gpt")
    before = _everything(run)
    again = danlu.run(*_command("gpt", run.name), "--json")
    assert again.code == 0, again.output
    assert json.loads(again.output.splitlines()[-1])["steps"] == 60
    assert _everything(run) == before


def test_a_damaged_checkpoint_is_passed_over(danlu: ForkedDanlu, reference: Callable[[str], Path]) -> None:
    run = danlu.here / "damaged"
    killed = danlu.run(*_command("gpt", run.name), stop=lambda: len(steps_in(run)) >= 2)
    assert killed.code == -signal.SIGKILL, killed.output
    newest, before = sorted(steps_in(run))[::-1][:2]
    weights = run / "checkpoints" / f"step-{newest}" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(bytes(data))
    done = danlu.run(*_command("gpt", run.name))
    assert done.code == 0, done.output
    assert [e["step"] for e in read_events(run / "events.jsonl") if e["event"] == "resumed"] == [before]
    (damaged,) = [e for e in read_events(run / "events.jsonl") if e["event"] == "damaged_checkpoint"]
    assert f"step-{newest}" in damaged["problem"]
    assert model_sha256(run) == model_sha256(reference("gpt"))


def test_a_full_disk_stops_the_run_and_loses_nothing(danlu: ForkedDanlu, reference: Callable[[str], Path]) -> None:
    run = danlu.here / "full"
    largest = (reference("gpt") / "checkpoints" / "step-60" / "optimizer.safetensors").stat().st_size // 2
    full = danlu.run(*_command("gpt", run.name), largest_file=largest)
    assert full.code == 5, full.output
    for part in ("got:", "allowed:", "try:"):
        assert part in full.output
    assert steps_in(run) == set()
    done = danlu.run(*_command("gpt", run.name))
    assert done.code == 0, done.output
    assert model_sha256(run) == model_sha256(reference("gpt"))
