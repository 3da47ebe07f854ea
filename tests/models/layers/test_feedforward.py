"""The gate by hand against the plain form."""

import torch
from torch.nn import functional

from danlu.models.layers.feedforward import gate_product


def test_by_hand_equals_the_plain_form() -> None:
    joined = (3 * torch.randn(4, 5, 12, generator=torch.Generator().manual_seed(1))).requires_grad_()
    gate, up = joined.chunk(2, -1)
    reference = functional.silu(gate) * up
    direction = torch.randn(4, 5, 6)
    torch.testing.assert_close(gate_product(joined), reference)
    (ours,) = torch.autograd.grad(gate_product(joined), joined, direction)
    (plain,) = torch.autograd.grad(reference, joined, direction)
    torch.testing.assert_close(ours, plain)
