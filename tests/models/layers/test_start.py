"""Initial weights: the deviations that are promised, and orthogonality."""

import math

import torch

from danlu.models.layers.start import fan_in_deviation, fill_normal, fill_orthogonal, fill_sines


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


def test_sines_tell_near_positions_from_far_ones() -> None:
    weight = torch.empty(256, 64)
    fill_sines(weight, 0.02)
    assert math.isclose(float(weight.pow(2).mean().sqrt()), 0.02, rel_tol=0.01)
    likeness = torch.nn.functional.cosine_similarity(weight[100], weight, dim=1)
    assert int(likeness.argmax()) == 100
    assert likeness[101] > likeness[104] > likeness[120]
    assert float(likeness.sort().values[-2]) < 0.95
