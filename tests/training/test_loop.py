"""The loop: resuming, stopping, rolling back, cooling down early, and what it keeps."""

import math
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, final

import pytest

from danlu.batches.batch import TokenBatch
from danlu.core.errors import DivergedError, InterruptedRun
from danlu.models.model import LanguageModel
from danlu.objectives.causal import Causal
from danlu.objectives.objective import Loss, Objective, Vocabulary
from danlu.runtime.signals import Signals
from danlu.training.checkpoint import finished_checkpoints, load_checkpoint, resume
from danlu.training.progress import Progress
from danlu.training.state import TrainState
from tiny_training import TinyRun, same_tensors, tiny_batches, tiny_settings, weights_of


@final
class Poisoned(Objective):
    """The causal loss, but not a number on batches for which `bad(number of the batch)` holds."""

    name: ClassVar[str] = "poisoned"
    directions: ClassVar[frozenset[str]] = frozenset({"left-to-right"})

    def __init__(self, bad: Callable[[int], bool]) -> None:
        super().__init__(Vocabulary(size=64))
        batches = tiny_batches()
        self.bad_rows = [batches.batch(n).inputs_BT.tolist() for n in range(60) if bad(n)]

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """NaN for the bad ones."""
        loss = Causal(Vocabulary(size=64)).loss(model, batch)
        bad = batch.inputs_BT.tolist() in self.bad_rows
        return Loss(nats=loss.nats * (math.nan if bad else 1.0), num_targets=loss.num_targets)


def test_resuming_gives_the_same_bits(tmp_path: Path) -> None:
    settings = tiny_settings("checkpoint_every=5", "ema=0.9", "keep_checkpoints=9")
    whole = TinyRun(folder=tmp_path / "a", settings=settings, dropout=0.2).run()
    for start in (5, 10, 15):
        loop = TinyRun(folder=tmp_path / f"b{start}", settings=settings, dropout=0.2).loop()
        load_checkpoint(tmp_path / "a" / "checkpoints" / f"step-{start}", loop.state)
        loop.run(Signals())
        assert same_tensors(weights_of(loop.state), weights_of(whole.state))
        assert same_tensors(loop.state.average, whole.state.average)


def test_each_step_is_recorded_once_and_learning_shows(tmp_path: Path) -> None:
    run = TinyRun(folder=tmp_path, settings=tiny_settings("optimizer.rate=0.02"), num_steps=40)
    run.run()
    steps = run.steps()
    assert [s["step"] for s in steps] == list(range(1, 41))
    assert steps[-1]["loss"] < steps[0]["loss"]
    assert steps[-1]["tokens"] == 40 * 32
    assert steps[10]["lr"] == 1.0
    assert 0 < steps[-1]["lr"] < 0.2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_stops_after_the_step(tmp_path: Path, number: int) -> None:
    run = TinyRun(folder=tmp_path, settings=tiny_settings())
    loop = run.loop()

    def interrupt(event: object) -> None:
        if loop.state.counters.step == 3:
            os.kill(os.getpid(), number)

    loop.watch = interrupt
    with pytest.raises(InterruptedRun) as stopped, Signals() as signals:
        loop.run(signals)
    assert stopped.value.exit_code == 128 + number
    assert "step-3" in str(stopped.value)
    again = run.loop()
    found = resume(tmp_path / "checkpoints", again.state, [])
    assert found is not None
    assert found.counters.step == 3
    again.run(Signals())
    whole = TinyRun(folder=tmp_path / "whole", settings=tiny_settings()).run()
    assert same_tensors(weights_of(again.state), weights_of(whole.state))


def test_a_signal_from_before_the_first_step_is_heard(tmp_path: Path) -> None:
    loop = TinyRun(folder=tmp_path, settings=tiny_settings()).loop()
    signals = Signals()
    signals.requested = int(signal.SIGTERM)
    with pytest.raises(InterruptedRun):
        loop.run(signals)
    assert resume(tmp_path / "checkpoints", loop.state, []) is not None
    assert loop.state.counters.step == 0


def test_a_single_bad_batch_is_stepped_over_and_recorded(tmp_path: Path) -> None:
    run = TinyRun(folder=tmp_path, settings=tiny_settings(), objective=Poisoned(lambda n: n in (4, 5)))
    state = run.run().state
    assert [e["step"] for e in run.events("nonfinite")] == [5, 6]
    assert [e["batches"] for e in run.events("nonfinite")] == [[4, 5], [5, 6]]
    assert run.events("rolled_back") == []
    assert state.counters.step == 20
    assert state.counters.tokens == 18 * 32
    assert [s["loss"] for s in run.steps() if s["step"] in (5, 6)] == ["nan", "nan"]


def test_three_in_a_row_roll_back_past_the_batches(tmp_path: Path) -> None:
    settings = tiny_settings("checkpoint_every=5")
    run = TinyRun(folder=tmp_path, settings=settings, objective=Poisoned(lambda n: 7 <= n < 10))
    state = run.run().state
    assert run.events("rolled_back") == [{"event": "rolled_back", "step": 5, "next_batch": 10}]
    assert state.counters.skipped_batches == 5
    assert state.counters.rollbacks == 1
    assert [s["step"] for s in run.steps()] == list(range(1, 21))
    assert all(isinstance(s["loss"], float) for s in run.steps())


def test_when_nothing_helps_the_run_has_diverged(tmp_path: Path) -> None:
    settings = tiny_settings("checkpoint_every=5")
    run = TinyRun(folder=tmp_path, settings=settings, objective=Poisoned(lambda n: n >= 7))
    with pytest.raises(DivergedError) as diverged:
        run.run()
    assert diverged.value.exit_code == 20
    assert len(run.events("rolled_back")) == 3
    assert len(run.events("nonfinite")) == 12
    assert [p.name for p in finished_checkpoints(tmp_path / "checkpoints")] == ["step-5"]


def test_without_a_checkpoint_to_go_back_to_it_has_diverged_too(tmp_path: Path) -> None:
    run = TinyRun(folder=tmp_path, settings=tiny_settings(), objective=Poisoned(lambda n: True))
    with pytest.raises(DivergedError, match="step 3"):
        run.run()


def _scores(*bits: float) -> Callable[[TrainState], float]:
    found: Iterator[float] = iter(bits)
    return lambda state: next(found)


def test_validations_are_evenly_spaced_and_find_the_best(tmp_path: Path) -> None:
    seen = []

    def validate(state: TrainState) -> float:
        seen.append(state.counters.step)
        return {5: 3.0, 10: 2.0, 15: 2.5}[state.counters.step]

    state = TinyRun(folder=tmp_path, settings=tiny_settings("validations=3"), validate=validate).run().state
    assert seen == [5, 10, 15]
    assert (state.counters.best_bits, state.counters.best_step, state.counters.since_best) == (2.0, 10, 1)


def test_the_average_is_what_is_validated(tmp_path: Path) -> None:
    seen: list[bool] = []
    loop = TinyRun(folder=tmp_path, settings=tiny_settings("validations=1", "ema=0.5")).loop()

    def validate(state: TrainState) -> float:
        seen.append(loop.state.average != {})
        state.swap_average()  # back to the weights of the last step
        weights = weights_of(state)
        state.swap_average()
        seen.append(not same_tensors(weights, weights_of(state)))
        return 1.0

    loop.validate = validate
    loop.run(Signals())
    assert seen == [True, True]


def test_without_better_validations_the_cool_down_begins_early(tmp_path: Path) -> None:
    settings = tiny_settings("validations=19", "patience=3", "schedule.cooldown=0.5", "checkpoint_every=4")
    run = TinyRun(folder=tmp_path, settings=settings, num_steps=100, validate=_scores(2.0, *[3.0] * 50))
    loop = run.run()
    (stop,) = run.events("estimate")
    assert stop["stopped_early"]
    assert (stop["step"], stop["progress"], stop["remaining_steps"]) == (20, 0.5, 20)
    assert loop.state.counters.step == 40
    assert [e["step"] for e in run.events("cooldown")] == [20]
    rates = {s["step"]: s["lr"] for s in run.steps()}
    assert rates[20] == 1.0
    assert rates[40] < 0.12
    assert "step-20" in {p.name for p in finished_checkpoints(tmp_path / "checkpoints")}


def test_an_early_cool_down_is_replayed(tmp_path: Path) -> None:
    settings = tiny_settings("validations=19", "patience=3", "checkpoint_every=4", "keep_checkpoints=99")
    first = TinyRun(folder=tmp_path / "a", settings=settings, num_steps=100, validate=_scores(2.0, *[3.0] * 50))
    whole = first.run()
    again = TinyRun(folder=tmp_path / "b", settings=settings, num_steps=100, validate=_scores(*[3.0] * 50))
    progress = Progress.of_steps(100)
    for estimate in Progress.from_events(first.events("estimate")).estimates:
        progress.add(estimate)
    loop = again.loop(progress)
    load_checkpoint(tmp_path / "a" / "checkpoints" / "step-12", loop.state)
    loop.run(Signals())
    assert loop.state.counters.step == 40
    assert same_tensors(weights_of(loop.state), weights_of(whole.state))
    assert again.events("estimate") == []


def test_the_cool_down_is_marked_and_its_checkpoint_kept(tmp_path: Path) -> None:
    run = TinyRun(folder=tmp_path, settings=tiny_settings("checkpoint_every=3"), num_steps=21)
    run.run()
    assert [e["step"] for e in run.events("cooldown")] == [11]
    kept = {p.name for p in finished_checkpoints(tmp_path / "checkpoints")}
    assert kept == {"step-11", "step-18", "step-21"}


def test_a_time_budget_ends_by_its_estimates_and_replays_them(tmp_path: Path) -> None:
    settings = tiny_settings("checkpoint_every=20", "keep_checkpoints=99")
    run = TinyRun(folder=tmp_path / "a", settings=settings, seconds=1.5)
    whole = run.run()
    estimates = run.events("estimate")
    assert len(estimates) > 3
    assert whole.state.counters.step == Progress.from_events(estimates).last_step(10**9) >= 20
    again = TinyRun(folder=tmp_path / "b", settings=settings, seconds=1e6).loop(Progress.from_events(estimates))
    load_checkpoint(tmp_path / "a" / "checkpoints" / "step-20", again.state)
    assert again.budget is not None
    again.budget.seconds = 0.0  # whatever has no estimate yet ends at once
    again.run(Signals())
    assert same_tensors(weights_of(again.state), weights_of(whole.state))
