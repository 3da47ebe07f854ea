"""The chunked cross-entropy against the plain one of torch: value, gradients, number types, edges of chunks."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from danlu.objectives import cross_entropy as module
from danlu.objectives.cross_entropy import summed_cross_entropy

# No gradcheck: the loss is a float32 sum by contract, whose rounding hides finite differences; both gradients are
# compared with torch's own in float64 instead.
WIDTH, VOCABULARY = 12, 37


def _inputs(rows: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(rows)
    hidden = torch.randn(rows, WIDTH, generator=generator).to(dtype).requires_grad_()
    weight = torch.randn(VOCABULARY, WIDTH, generator=generator).to(dtype).requires_grad_()
    return hidden, weight, torch.randint(0, VOCABULARY, (rows,), generator=generator)


def _exact(hidden: Tensor, weight: Tensor, targets: Tensor, scale: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    wide = [t.detach().double().requires_grad_() for t in (hidden, weight)]
    loss = cross_entropy(wide[0] @ wide[1].T, targets, reduction="sum")
    (loss * scale).backward()
    assert wide[0].grad is not None
    assert wide[1].grad is not None
    return loss.detach(), wide[0].grad, wide[1].grad


@pytest.mark.parametrize("rows", [1, 15, 16, 17, 32, 33, 100])
def test_it_equals_torch_at_every_edge_of_a_chunk(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_ELEMENTS", 16 * VOCABULARY)
    hidden, weight, targets = _inputs(rows)
    loss = summed_cross_entropy(hidden, weight, targets)
    (loss * 0.25).backward()
    exact, grad_hidden, grad_weight = _exact(hidden, weight, targets, 0.25)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss.double(), exact, rtol=1e-6, atol=0)
    torch.testing.assert_close(hidden.grad, grad_hidden.float(), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(weight.grad, grad_weight.float(), rtol=1e-5, atol=1e-6)


def test_gradients_in_float64_are_torchs_own() -> None:
    hidden, weight, targets = _inputs(40, torch.float64)
    summed_cross_entropy(hidden, weight, targets).backward()
    _, grad_hidden, grad_weight = _exact(hidden, weight, targets)
    torch.testing.assert_close(hidden.grad, grad_hidden, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(weight.grad, grad_weight, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("weight_dtype", [torch.bfloat16, torch.float32])
def test_bfloat16_comes_near(weight_dtype: torch.dtype) -> None:
    hidden, weight, targets = _inputs(50, torch.bfloat16)
    weight = weight.detach().to(weight_dtype).requires_grad_()
    loss = summed_cross_entropy(hidden, weight, targets)
    loss.backward()
    exact, grad_hidden, grad_weight = _exact(hidden, weight, targets)
    assert loss.dtype == torch.float32
    assert hidden.grad is not None
    assert weight.grad is not None
    assert hidden.grad.dtype == torch.bfloat16
    assert weight.grad.dtype == weight_dtype
    assert float(loss.detach()) == pytest.approx(float(exact), rel=0.01)
    torch.testing.assert_close(hidden.grad.double(), grad_hidden, rtol=0.05, atol=0.05)
    torch.testing.assert_close(weight.grad.double(), grad_weight, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("hidden_dtype", [torch.float32, torch.bfloat16])
def test_under_autocast_products_are_small_and_gradients_keep_their_type(hidden_dtype: torch.dtype) -> None:
    hidden, weight, targets = _inputs(50)
    hidden = hidden.detach().to(hidden_dtype).requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = summed_cross_entropy(hidden, weight, targets)
    loss.backward()
    exact, _, grad_weight = _exact(hidden, weight, targets)
    assert float(loss.detach()) == pytest.approx(float(exact), rel=0.01)
    assert hidden.grad is not None
    assert weight.grad is not None
    assert hidden.grad.dtype == hidden_dtype
    assert weight.grad.dtype == torch.float32
    torch.testing.assert_close(weight.grad.double(), grad_weight, rtol=0.05, atol=0.05)


def test_large_logits_do_not_overflow() -> None:
    hidden, weight, targets = _inputs(20)
    big = (hidden.detach() * 1e4).requires_grad_()
    loss = summed_cross_entropy(big, weight, targets)
    loss.backward()
    torch.testing.assert_close(loss.double(), _exact(big, weight, targets)[0], rtol=1e-5, atol=0)
    assert big.grad is not None
    assert bool(big.grad.isfinite().all())


def test_without_gradients_nothing_is_kept() -> None:
    hidden, weight, targets = _inputs(20)
    with torch.no_grad():
        assert not summed_cross_entropy(hidden, weight, targets).requires_grad
    loss = summed_cross_entropy(hidden.detach(), weight, targets)
    loss.backward()
    assert weight.grad is not None


def test_no_predictions_cost_nothing() -> None:
    hidden, weight, targets = _inputs(0)
    loss = summed_cross_entropy(hidden, weight, targets)
    loss.backward()
    assert float(loss.detach()) == 0
    assert weight.grad is not None
    assert not weight.grad.any()


def test_a_second_derivative_is_refused() -> None:
    hidden, weight, targets = _inputs(5)
    (first,) = torch.autograd.grad(summed_cross_entropy(hidden, weight, targets) ** 2, hidden, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_an_id_outside_the_vocabulary_is_refused() -> None:
    hidden, weight, targets = _inputs(5)
    targets[2] = VOCABULARY
    with pytest.raises(RuntimeError, match="out of bounds"):
        summed_cross_entropy(hidden, weight, targets)
