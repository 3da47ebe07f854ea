"""Causal attention by products: torch's own attention, forth and back, for every length of window.

B batch, T positions, H heads, D width of one head.
"""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from danlu.models.layers.products import STRIPE, causal_attention


def _heads(batch: int, heads: int, length: int, width: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    random = torch.Generator().manual_seed(length)
    return [torch.randn(batch, heads, length, width, generator=random).to(dtype).requires_grad_() for _ in range(3)]


def _both_ways(function: object, inputs: list[Tensor]) -> list[Tensor]:
    mixed: Tensor = function(*inputs)  # type: ignore[operator]
    weights = torch.linspace(-1, 1, mixed.numel()).view_as(mixed).to(mixed.dtype)
    return [mixed, *torch.autograd.grad((mixed * weights).sum(), inputs)]


@settings(max_examples=25, deadline=None)
@given(length=st.integers(1, 3 * STRIPE + 5), heads=st.integers(1, 3), width=st.sampled_from([2, 8, 16]))
def test_it_equals_torchs_attention_both_ways(length: int, heads: int, width: int) -> None:
    inputs = _heads(2, heads, length, width)
    expected = _both_ways(lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, is_causal=True), inputs)
    for ours, theirs in zip(_both_ways(causal_attention, inputs), expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("length", [STRIPE - 1, STRIPE, STRIPE + 1, 4 * STRIPE])
def test_no_position_sees_a_later_one(length: int) -> None:
    q, k, v = _heads(1, 2, length, 8)
    before = causal_attention(q, k, v)
    with torch.no_grad():
        k[:, :, length // 2 :] += 10
        v[:, :, length // 2 :] -= 10
    torch.testing.assert_close(
        causal_attention(q, k, v)[:, :, : length // 2], before[:, :, : length // 2], atol=0, rtol=0
    )


def test_bfloat16_is_as_near_to_float32_as_torchs_own() -> None:
    inputs = _heads(2, 2, 100, 16)
    exact = _both_ways(causal_attention, inputs)
    rounded = [x.detach().bfloat16().requires_grad_() for x in inputs]

    def fused(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)

    for ours, theirs, true in zip(
        _both_ways(causal_attention, rounded), _both_ways(fused, rounded), exact, strict=True
    ):
        own, other = ((x.float() - true).detach().abs().max() / true.detach().abs().max() for x in (ours, theirs))
        assert float(own) < 1.5 * float(other) + 0.01
