"""Mixtures: whose turn a step is, and that each step is that of the member alone."""

from pathlib import Path

import pytest
import torch

from danlu.objectives.causal import Causal
from danlu.objectives.fill_in_the_middle import FillInTheMiddle
from danlu.objectives.mixture import Mixture
from danlu.objectives.objective import Vocabulary
from danlu.runtime.signals import Signals
from danlu.runtime.world import ALONE
from danlu.training.checkpoint import load_checkpoint
from danlu.training.step import train_step
from tiny_training import TinyRun, same_tensors, tiny_batches, tiny_settings, tiny_state, weights_of

VOCABULARY = Vocabulary(
    size=40, num_control=4, controls={"<|bos|>": 0, "<|prefix|>": 1, "<|middle|>": 2, "<|suffix|>": 3}
)


def mixture() -> Mixture:
    """Three parts causal, one part of the other."""
    return Mixture([Causal(VOCABULARY), FillInTheMiddle(VOCABULARY, rate=1.0)], [3, 1])


def test_turns_follow_weights_seed_and_step_alone() -> None:
    turns = [mixture().of_step(7, step).name for step in range(2000)]
    assert turns == [mixture().of_step(7, step).name for step in range(2000)]
    assert turns != [mixture().of_step(8, step).name for step in range(2000)]
    assert turns.count("causal") == pytest.approx(1500, abs=60)


def test_a_step_is_that_of_the_member_whose_turn_it_is() -> None:
    settings, batch = tiny_settings(), tiny_batches().batch(0)
    for step in range(6):
        results = []
        for objective in (mixture(), mixture().of_step(3, step)):
            state = tiny_state(settings)
            state.counters.step = step
            found = train_step(state, batch, objective, settings, scale=1.0, seed=3, dtype=torch.float32, world=ALONE)
            results.append(found)
        assert results[0].loss == results[1].loss
        assert results[0].losses == {results[1].objective: results[1].loss}
        assert results[1].losses == {}


def test_metrics_tell_each_objective_apart(tmp_path: Path) -> None:
    run = TinyRun(folder=tmp_path, settings=tiny_settings(), num_steps=12, objective=mixture())
    run.run()
    steps = run.steps()
    assert [step["objective"] for step in steps] == [mixture().of_step(0, n).name for n in range(12)]
    assert all(step["losses"] == {step["objective"]: step["loss"]} for step in steps)


def test_a_resumed_run_draws_what_it_would_have_drawn(tmp_path: Path) -> None:
    settings = tiny_settings("checkpoint_every=5", "keep_checkpoints=9")
    whole = TinyRun(folder=tmp_path / "a", settings=settings, objective=mixture()).run()
    for start in (5, 10):
        loop = TinyRun(folder=tmp_path / f"b{start}", settings=settings, objective=mixture()).loop()
        load_checkpoint(tmp_path / "a" / "checkpoints" / f"step-{start}", loop.state)
        loop.run(Signals())
        assert same_tensors(weights_of(loop.state), weights_of(whole.state))
