"""The moving average of weights, and counters."""

import pytest
import torch

from danlu.training.state import Counters
from tiny_training import same_tensors, tiny_settings, tiny_state, weights_of


def test_swapping_twice_is_the_identity() -> None:
    state = tiny_state(tiny_settings())
    state.update_average(0.9)
    with torch.no_grad():
        for weight in state.model.parameters():
            weight.add_(1.0)
    state.update_average(0.9)
    weights, average = weights_of(state), {n: t.clone() for n, t in state.average.items()}
    assert not same_tensors(weights, average)
    state.swap_average()
    assert same_tensors(weights_of(state), average)
    assert same_tensors(state.average, weights)
    state.swap_average()
    assert same_tensors(weights_of(state), weights)
    assert same_tensors(state.average, average)


def test_without_an_average_nothing_happens() -> None:
    state = tiny_state(tiny_settings())
    before = weights_of(state)
    state.update_average(0.0)
    state.swap_average()
    assert state.average == {}
    assert same_tensors(before, weights_of(state))


@pytest.mark.parametrize(("step", "share"), [(1000, 0.1), (0, 0.9)])
def test_the_average_moves_by_its_decay_and_faster_while_young(step: int, share: float) -> None:
    state = tiny_state(tiny_settings())
    state.update_average(0.9)
    before = {n: t.clone() for n, t in state.average.items()}
    with torch.no_grad():
        for weight in state.model.parameters():
            weight.add_(1.0)
    state.counters.step = step
    state.update_average(0.9)
    for name, value in state.average.items():
        torch.testing.assert_close(value, before[name] + share)


def test_data_steps_count_batches_stepped_over() -> None:
    assert Counters(step=12, skipped_batches=3).data_step == 15
