"""Muon: what the iteration does to singular values, and one step against torch's own Muon.

M matrices, R rows, C columns.
"""

import math
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from danlu.training import muon
from danlu.training.muon import JORDAN, POLAR_EXPRESS, Coefficients, Muon, orthogonalize


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("coefficients", "num_steps", "least"), [(JORDAN, 5, 0.65), (POLAR_EXPRESS, 5, 0.85)])
@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 8, 40), (2, 40, 8), (1, 1, 7), (1, 7, 1)])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e6])
def test_singular_values_come_near_one_and_directions_stay(
    coefficients: Coefficients, num_steps: int, least: float, shape: tuple[int, int, int], scale: float
) -> None:
    momentum_MRC = _random(*shape)
    result_MRC = orthogonalize(momentum_MRC * scale, num_steps=num_steps, coefficients=coefficients)
    assert result_MRC.shape == shape
    values = torch.linalg.svdvals(result_MRC)
    before = torch.linalg.svdvals(momentum_MRC)
    # values far below the norm need more steps; those of a random square matrix are such now and then
    ready = before > 0.05 * before.norm(dim=1, keepdim=True)
    assert float(values[ready].min()) > least
    assert float(values.max()) < 1.25
    left, _, right = torch.linalg.svd(momentum_MRC, full_matrices=False)
    turned = left.mT @ result_MRC @ right.mT
    off = turned - torch.diag_embed(turned.diagonal(dim1=1, dim2=2))
    assert float(off.abs().max()) < 1e-3


def test_zero_stays_zero() -> None:
    assert not orthogonalize(torch.zeros(2, 5, 3), num_steps=5).any()


def test_a_batch_equals_its_matrices_one_by_one() -> None:
    momentum_MRC = _random(4, 12, 20) * torch.tensor([1e-3, 1.0, 30.0, 1e4])[:, None, None]
    batched = orthogonalize(momentum_MRC, num_steps=5)
    for number in range(4):
        torch.testing.assert_close(
            batched[number : number + 1], orthogonalize(momentum_MRC[number : number + 1], num_steps=5)
        )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_the_number_type_is_kept(dtype: torch.dtype) -> None:
    assert orthogonalize(_random(1, 4, 6).to(dtype), num_steps=3).dtype == dtype


def test_products_in_bfloat16_give_the_same_directions_in_the_callers_type() -> None:
    momentum_MRC = _random(2, 24, 40) * 1e5
    exact = orthogonalize(momentum_MRC, num_steps=3)
    rounded = orthogonalize(momentum_MRC, num_steps=3, product_dtype=torch.bfloat16)
    assert rounded.dtype == torch.float32
    assert float((rounded - exact).norm() / exact.norm()) < 0.05


def test_tall_and_wide_matrices_share_a_batch_and_move_as_they_would_alone() -> None:
    together = [nn.Parameter(_random(*shape, seed=n)) for n, shape in enumerate([(6, 10), (10, 6), (6, 10)])]
    alone = [nn.Parameter(p.detach().clone()) for p in together]
    for number, parameter in enumerate([*together, *alone]):
        parameter.grad = _random(*parameter.shape, seed=10 + number % 3)
    _muon(together).step()
    for parameter in alone:
        _muon([parameter]).step()
    for ours, theirs in zip(together, alone, strict=True):
        torch.testing.assert_close(ours, theirs)


def _muon(parameters: list[nn.Parameter], **changes: float) -> Muon:
    settings = {"lr": 0.02, "momentum": 0.9, "weight_decay": 0.1, **changes}
    return Muon(parameters, num_steps=5, **settings)


@pytest.mark.parametrize("shape", [(24, 16), (16, 24), (16, 16)])
def test_it_follows_torchs_muon(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """torch.optim.Muon knows one quintic only and iterates in bfloat16: with the same, updates agree to its rounding."""
    monkeypatch.setattr(muon, "orthogonalize", partial(orthogonalize, coefficients=JORDAN))
    ours, theirs = nn.Parameter(_random(*shape)), nn.Parameter(_random(*shape))
    optimizers = [
        _muon([ours]),
        torch.optim.Muon(
            [theirs], lr=0.02, momentum=0.9, weight_decay=0.1, nesterov=True, ns_coefficients=JORDAN[0], ns_steps=5
        ),
    ]
    for step in range(4):
        for parameter, optimizer in zip((ours, theirs), optimizers, strict=True):
            parameter.grad = _random(*shape, seed=10 + step)
            optimizer.step()
    moved = (ours - _random(*shape)).detach()
    difference = (ours - theirs).detach()
    assert float(difference.norm()) < 0.03 * float(moved.norm())


def test_it_equals_the_formula_in_float32() -> None:
    parameter = nn.Parameter(_random(10, 4))
    optimizer = _muon([parameter])
    expected, momentum = parameter.detach().clone(), torch.zeros(10, 4)
    for step in range(3):
        gradient = _random(10, 4, seed=step + 5)
        parameter.grad = gradient.clone()
        optimizer.step()
        momentum = 0.9 * momentum + 0.1 * gradient
        ahead = 0.1 * gradient + 0.9 * momentum
        update = orthogonalize(ahead[None], num_steps=5)[0]
        expected = expected * (1 - 0.02 * 0.1) - 0.02 * math.sqrt(10 / 4) * update
        torch.testing.assert_close(parameter.detach(), expected)


def test_row_blocks_are_separate_matrices() -> None:
    joined = nn.Parameter(_random(24, 6))
    joined.row_blocks = 4  # type: ignore[attr-defined]
    parts = [nn.Parameter(joined.detach()[6 * n : 6 * n + 6].clone()) for n in range(4)]
    gradient = _random(24, 6, seed=3)
    joined.grad = gradient.clone()
    for number, part in enumerate(parts):
        part.grad = gradient[6 * number : 6 * number + 6].clone()
    _muon([joined]).step()
    _muon(parts).step()
    torch.testing.assert_close(joined.detach(), torch.cat([p.detach() for p in parts]))


def test_same_shaped_matrices_step_as_if_alone() -> None:
    shapes = [(8, 5), (8, 5), (5, 8), (8, 5)]
    together = [nn.Parameter(_random(*s, seed=n)) for n, s in enumerate(shapes)]
    alone = [nn.Parameter(p.detach().clone()) for p in together]
    for parameters in (together, alone):
        for number, parameter in enumerate(parameters):
            parameter.grad = _random(*parameter.shape, seed=20 + number)
    together[1].grad = alone[1].grad = None
    _muon(together).step()
    for parameter in alone:
        _muon([parameter]).step()
    for first, second in zip(together, alone, strict=True):
        torch.testing.assert_close(first.detach(), second.detach())
    assert torch.equal(together[1].detach(), _random(8, 5, seed=1))
