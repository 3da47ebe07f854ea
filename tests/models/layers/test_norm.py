"""RMSNorm by hand against torch's own operations, values and gradients."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from danlu.models.layers.norm import RMSNorm, normed_linear, plain_norm


def a_norm(width: int) -> RMSNorm:
    """A norm in float64 with a gain that is not one."""
    norm = RMSNorm(width)
    torch.nn.init.normal_(norm.weight, 1.0, 0.3, generator=torch.Generator().manual_seed(1))
    return norm


def some(*shape: int) -> Tensor:
    """Random numbers that take gradients."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(2)).requires_grad_()


def test_by_hand_equals_torch() -> None:
    norm, x = a_norm(20), some(3, 5, 20)
    direction = torch.randn(3, 5, 20)
    reference = functional.rms_norm(x, (20,), norm.weight, norm.epsilon)
    torch.testing.assert_close(norm(x), reference)
    torch.testing.assert_close(plain_norm(x, norm.weight, norm.epsilon), reference)
    ours = torch.autograd.grad(norm(x), (x, norm.weight), direction)
    torch.testing.assert_close(ours, torch.autograd.grad(reference, (x, norm.weight), direction), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("rows", [1, 40])
def test_joined_products_equal_separate_ones(rows: int) -> None:
    norm, x = a_norm(16), some(2, rows, 16)
    first, second = some(8, 16), some(12, 16)
    reference = torch.cat([functional.linear(norm(x), m) for m in (first, second)], -1)
    joined = normed_linear(x, norm, [first, second])
    torch.testing.assert_close(joined, reference, atol=1e-5, rtol=1e-5)
    inputs, direction = (x, norm.weight, first, second), torch.randn(2, rows, 20)
    ours = torch.autograd.grad(joined, inputs, direction)
    torch.testing.assert_close(ours, torch.autograd.grad(reference, inputs, direction), atol=1e-4, rtol=1e-4)
    with torch.no_grad():
        torch.testing.assert_close(normed_linear(x, norm, [first, second]), reference, atol=1e-5, rtol=1e-5)


def test_a_vector_of_zeros_stays_finite() -> None:
    norm, x = a_norm(8), torch.zeros(2, 8, requires_grad=True)
    (grad,) = torch.autograd.grad(norm(x).sum(), x)
    assert not norm(x).detach().any()
    assert torch.isfinite(grad).all()
