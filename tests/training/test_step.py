"""One optimizer step: micro-batches, penalties, clipping, the guard, number types."""

from collections.abc import Callable
from typing import ClassVar, final

import pytest
import torch
from torch import Tensor

from danlu.batches.batch import TokenBatch
from danlu.models.model import LanguageModel
from danlu.objectives.causal import Causal
from danlu.objectives.objective import Loss, Objective, Vocabulary
from danlu.runtime.world import ALONE
from danlu.training.optimizers import matrices_of
from danlu.training.settings import TrainingSettings
from danlu.training.state import TrainState
from danlu.training.step import StepResult, train_step
from tiny_training import same_tensors, tiny_batches, tiny_settings, tiny_state, weights_of


@final
class Changed(Objective):
    """The causal loss, changed by a function."""

    name: ClassVar[str] = "changed"
    directions: ClassVar[frozenset[str]] = frozenset({"left-to-right"})

    def __init__(self, change: Callable[[Tensor], Tensor]) -> None:
        super().__init__(Vocabulary(size=64))
        self.change = change

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """The changed loss."""
        loss = Causal(Vocabulary(size=64)).loss(model, batch)
        return Loss(nats=self.change(loss.nats), num_targets=loss.num_targets)


def _step(
    state: TrainState,
    settings: TrainingSettings,
    objective: Objective | None = None,
    dtype: torch.dtype = torch.float32,
    number: int = 0,
) -> StepResult:
    return train_step(
        state,
        tiny_batches().batch(number),
        objective or Causal(Vocabulary(size=64)),
        settings,
        scale=1.0,
        seed=0,
        dtype=dtype,
        world=ALONE,
    )


def _gradients(*overrides: str, objective: Objective | None = None) -> tuple[dict[str, Tensor], StepResult]:
    """The gradients that reach the optimizer."""
    settings = tiny_settings("clip_norm=0", *overrides)
    state = tiny_state(settings)
    found: dict[str, Tensor] = {}

    def keep(*, scale: float, number: int, product_dtype: torch.dtype) -> None:
        found.update({n: p.grad.clone() for n, p in state.model.named_parameters() if p.grad is not None})

    state.optimizer.step = keep  # type: ignore[method-assign]
    return found, _step(state, settings, objective)


@pytest.mark.parametrize("tokens", [1, 8, 16, 24])
@pytest.mark.parametrize("name", ["gpt", "lstm"])
def test_micro_batches_equal_the_whole_batch(tokens: int, name: str) -> None:
    losses, weights = [], []
    for micro in (8192, tokens):
        settings = tiny_settings(f"micro_batch_tokens={micro}", "optimizer.name=sgd", "optimizer.rate=0.1")
        state = tiny_state(settings, name)
        losses.append([_step(state, settings, number=n).loss for n in range(3)])
        weights.append(weights_of(state))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for key in weights[0]:
        torch.testing.assert_close(weights[0][key], weights[1][key], rtol=1e-5, atol=1e-6)


def test_the_loss_is_nats_per_token_and_the_step_counts() -> None:
    settings = tiny_settings()
    state = tiny_state(settings)
    batch = tiny_batches().batch(0)
    expected = Causal(Vocabulary(size=64)).loss(state.model, batch)
    result = _step(state, settings)
    assert result.taken
    assert result.loss == pytest.approx(float(expected.nats.detach()) / 32)
    assert state.counters.tokens == 32
    assert all(p.grad is None for p in state.model.parameters())


@pytest.mark.parametrize(
    "change", [lambda nats: nats * float("nan"), lambda nats: nats * float("inf"), lambda nats: nats * 1e38 * 1e38]
)
def test_a_step_that_is_not_finite_changes_nothing(change: Callable[[Tensor], Tensor]) -> None:
    settings = tiny_settings("ema=0.9")
    state = tiny_state(settings)
    _step(state, settings)
    weights, moments = weights_of(state), {n: t.clone() for n, t in state.optimizer.state_tensors().items()}
    average = {n: t.clone() for n, t in state.average.items()}
    result = _step(state, settings, Changed(change))
    assert not result.taken
    assert same_tensors(weights, weights_of(state))
    assert same_tensors(moments, state.optimizer.state_tensors())
    assert same_tensors(average, state.average)
    assert state.counters.tokens == 32
    assert all(p.grad is None for p in state.model.parameters())


def test_a_gradient_that_is_not_finite_is_found_behind_a_finite_loss() -> None:
    def poison(nats: Tensor) -> Tensor:
        nats.register_hook(lambda gradient: gradient * float("nan"))
        return nats * 1.0

    settings = tiny_settings()
    state = tiny_state(settings)
    weights = weights_of(state)
    result = _step(state, settings, Changed(poison))
    assert result.loss == pytest.approx(3.7, abs=0.5)
    assert not result.taken
    assert same_tensors(weights, weights_of(state))


def test_penalties_add_their_gradients_to_matrices_only() -> None:
    plain, _ = _gradients()
    with_l1, _ = _gradients("optimizer.l1=0.01")
    with_l2, _ = _gradients("optimizer.l2=0.02")
    model = tiny_state(tiny_settings()).model
    matrices = matrices_of(model)
    for name, weight in model.named_parameters():
        value = weight.detach()
        inside = float(name in matrices)
        torch.testing.assert_close(with_l1[name], plain[name] + inside * 0.01 * value.sign())
        torch.testing.assert_close(with_l2[name], plain[name] + inside * 2 * 0.02 * value)


def test_the_norm_is_that_of_the_whole_gradient_and_clipping_scales_it() -> None:
    plain, result = _gradients()
    norm = float(torch.cat([g.flatten() for g in plain.values()]).norm())
    assert result.gradient_norm == pytest.approx(norm, rel=1e-5)
    clipped, again = _gradients(f"clip_norm={norm / 4}")
    assert again.gradient_norm == pytest.approx(norm, rel=1e-5)
    for name in plain:
        torch.testing.assert_close(clipped[name], plain[name] / 4, rtol=1e-4, atol=1e-8)
    loose, _ = _gradients(f"clip_norm={norm * 2}")
    assert same_tensors(loose, plain)


def test_dropout_is_a_function_of_the_step_and_leaves_torchs_state_of_no_matter() -> None:
    settings = tiny_settings()
    losses = []
    for noise in (1, 2):
        state = tiny_state(settings, dropout=0.3)
        torch.manual_seed(noise)
        first = _step(state, settings).loss
        torch.rand(noise)
        losses.append((first, _step(state, settings).loss))
    assert losses[0] == losses[1]
    state = tiny_state(settings, dropout=0.3)
    state.counters.step = 1
    assert _step(state, settings).loss != losses[0][0]


@pytest.mark.parametrize("name", ["gpt", "lstm", "gru", "rnn"])
def test_every_architecture_trains_in_bfloat16(name: str) -> None:
    settings = tiny_settings()
    state, exact = tiny_state(settings, name), tiny_state(settings, name)
    for number in range(3):
        near = _step(state, settings, dtype=torch.bfloat16, number=number)
        assert near.taken
        assert near.loss == pytest.approx(_step(exact, settings, number=number).loss, rel=0.03)
    assert all(w.dtype == torch.float32 for w in weights_of(state).values())
