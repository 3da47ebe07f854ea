"""Initial weights: the deviations that are promised, and orthogonality."""

import math

import torch

from danlu.models.layers.start import (
    fan_in_deviation,
    fill_neighbour_heads,
    fill_normal,
    fill_orthogonal,
    fill_sines,
    sine_periods,
)


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


def test_heads_look_at_their_neighbours() -> None:
    width, num_heads, length = 96, 3, 128
    query, key, rows_TC = torch.randn(96, width), torch.randn(96, width), torch.empty(length, width)
    periods_E = sine_periods(length, width)
    fill_sines(rows_TC, 1.0)
    fill_neighbour_heads(query, key, head_width=width // num_heads, periods_E=periods_E, gain=1.0)
    q_HTD = (rows_TC @ query.T).unflatten(1, (num_heads, -1)).transpose(0, 1)
    k_HTD = (rows_TC @ key.T).unflatten(1, (num_heads, -1)).transpose(0, 1)
    found_HT = (q_HTD @ k_HTD.transpose(1, 2)).argmax(dim=2)
    place_T = torch.arange(4, length - 4)
    for head, distance in enumerate((-1, 1, -2)):
        assert found_HT[head, place_T].tolist() == (place_T + distance).tolist()
