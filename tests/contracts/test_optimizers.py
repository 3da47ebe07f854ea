"""What every row of OPTIMIZERS must keep."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from danlu.objectives.causal import Causal
from danlu.objectives.objective import Vocabulary
from danlu.runtime.world import ALONE
from danlu.training import OPTIMIZERS
from danlu.training.settings import TrainingSettings
from danlu.training.state import TrainState
from danlu.training.step import train_step
from tiny_training import same_tensors, tiny_batches, tiny_settings, tiny_state, weights_of

ROWS = OPTIMIZERS.names()


def _steps(state: TrainState, settings: TrainingSettings, numbers: range) -> list[float]:
    losses = []
    for number in numbers:
        result = train_step(
            state,
            tiny_batches().batch(number),
            Causal(Vocabulary(size=64)),
            settings,
            scale=0.9,
            seed=0,
            dtype=torch.float32,
            world=ALONE,
        )
        losses.append(result.loss)
        state.counters.step += 1
    return losses


@pytest.mark.parametrize("architecture", ["gpt", "lstm"])
@pytest.mark.parametrize("extra", [(), ("optimizer.momentum=0",), ("ema=0.9",)])
@pytest.mark.parametrize("name", ROWS)
def test_after_saving_and_loading_the_next_steps_are_the_same_bits(
    name: str, extra: tuple[str, ...], architecture: str, tmp_path: Path
) -> None:
    settings = tiny_settings(f"optimizer.name={name}", *extra)
    state = tiny_state(settings, architecture)
    _steps(state, settings, range(3))
    saved: dict[str, Tensor] = state.optimizer.state_tensors()
    save_file({n: t.contiguous() for n, t in saved.items()}, tmp_path / "optimizer.safetensors")
    again = tiny_state(settings, architecture)
    _steps(again, settings, range(7, 8))  # state of its own, which must be forgotten
    again.model.load_state_dict(state.model.state_dict())
    again.optimizer.load_state_tensors(load_file(tmp_path / "optimizer.safetensors"))
    again.counters.step = state.counters.step
    assert _steps(state, settings, range(3, 6)) == _steps(again, settings, range(3, 6))
    assert same_tensors(weights_of(state), weights_of(again))
    assert same_tensors(state.optimizer.state_tensors(), again.optimizer.state_tensors())


@pytest.mark.parametrize("name", ROWS)
def test_state_of_a_fresh_optimizer_is_empty_and_loading_it_forgets(name: str) -> None:
    settings = tiny_settings(f"optimizer.name={name}")
    state = tiny_state(settings)
    assert state.optimizer.state_tensors() == {}
    _steps(state, settings, range(2))
    state.optimizer.load_state_tensors({})
    assert state.optimizer.state_tensors() == {}


@pytest.mark.parametrize("name", ROWS)
def test_every_parameter_moves_and_has_its_own_state(name: str) -> None:
    settings = tiny_settings(f"optimizer.name={name}")
    state = tiny_state(settings)
    before = weights_of(state)
    _steps(state, settings, range(2))
    after = weights_of(state)
    assert all(not torch.equal(before[n], after[n]) for n in before)
    assert {key.rpartition("/")[0] for key in state.optimizer.state_tensors()} == set(before)


@pytest.mark.parametrize("name", ROWS)
def test_it_learns(name: str) -> None:
    settings = tiny_settings(
        f"optimizer.name={name}", "optimizer.rate=0.05" if name == "sgd" else "optimizer.rate=0.01"
    )
    losses = _steps(tiny_state(settings), settings, range(60))
    assert sum(losses[-5:]) / 5 < losses[0] - (0.1 if name == "sgd" else 0.5)


@pytest.mark.parametrize("name", ROWS)
def test_a_rate_of_zero_changes_nothing(name: str) -> None:
    settings = tiny_settings(f"optimizer.name={name}")
    state = tiny_state(settings)
    before = weights_of(state)
    for parameter in state.model.parameters():
        parameter.grad = torch.ones_like(parameter)
    state.optimizer.step(scale=0.0, number=0)
    assert same_tensors(before, weights_of(state))
