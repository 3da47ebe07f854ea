"""Lion against its published formula, weight by weight."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from danlu.training.lion import Lion


@given(
    gradients=st.lists(st.floats(-3, 3, allow_nan=False, width=32), min_size=1, max_size=6),
    decay=st.sampled_from([0.0, 0.5]),
)
def test_it_is_the_published_rule(gradients: list[float], decay: float) -> None:
    rate, beta1, beta2 = 0.125, 0.75, 0.5
    weight = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
    optimizer = Lion([weight], lr=rate, betas=(beta1, beta2), weight_decay=decay)
    expected, moment = 1.0, 0.0
    for gradient in gradients:
        weight.grad = torch.tensor([gradient], dtype=torch.float64)
        optimizer.step()
        mixed = beta1 * moment + (1 - beta1) * gradient
        expected -= rate * ((mixed > 0) - (mixed < 0) + decay * expected)
        moment = beta2 * moment + (1 - beta2) * gradient
        assert weight.item() == pytest.approx(expected)


def test_it_keeps_one_tensor_per_weight() -> None:
    weight = torch.nn.Parameter(torch.zeros(3, 4))
    optimizer = Lion([weight], lr=0.1, betas=(0.9, 0.99))
    weight.grad = torch.ones(3, 4)
    optimizer.step()
    assert list(optimizer.state[weight]) == ["momentum"]
    assert torch.equal(weight.detach(), torch.full((3, 4), -0.1))
