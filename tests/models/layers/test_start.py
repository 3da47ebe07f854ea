"""Initial weights: the deviations that are promised, and orthogonality."""

import math

import torch

from danlu.models.layers.start import fan_in_deviation, fill_normal, fill_orthogonal


def test_normal_values_have_the_deviation() -> None:
    weight = torch.empty(200, 300)
    fill_normal(weight, fan_in_deviation(weight), seed=1, name="a")
    assert math.isclose(float(weight.std()), 300**-0.5, rel_tol=0.02)
    assert math.isclose(fan_in_deviation(weight, residual_depth=8), 1 / math.sqrt(300 * 2))


def test_names_have_streams_of_their_own() -> None:
    first, second = torch.empty(50), torch.empty(50)
    fill_normal(first, 1.0, seed=1, name="a")
    fill_normal(second, 1.0, seed=1, name="b")
    assert not torch.equal(first, second)


def test_blocks_are_orthogonal() -> None:
    weight = torch.empty(3 * 12, 12)
    fill_orthogonal(weight, 3, seed=1, name="a")
    for block in weight.split(12):
        torch.testing.assert_close(block @ block.T, torch.eye(12), atol=1e-5, rtol=0)
