"""One optimizer step: micro-batches, gradients per token, the guard against non-finite numbers, clipping, update."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from danlu.batches.batch import TokenBatch
from danlu.core.streams import stream_seed
from danlu.objectives.objective import Objective
from danlu.runtime.world import World
from danlu.training.optimizers import matrices_of
from danlu.training.schedules import warmup
from danlu.training.settings import TrainingSettings
from danlu.training.state import TrainState


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """Loss in nats per token, norm of the whole gradient before clipping, and whether the step was taken.

    `num_tokens`: tokens of the whole batch that were read, all ranks together; how many of them are predicted is a matter
    of the objective. `objective`: the one that was learnt. `losses`: what each of its parts came to, nats per decision,
    where it learns several things or is one of a mixture.
    """

    loss: float
    num_tokens: int
    gradient_norm: float
    taken: bool
    objective: str
    losses: Mapping[str, float] = field(default_factory=dict)


def train_step(
    state: TrainState,
    batch: TokenBatch,
    objective: Objective,
    settings: TrainingSettings,
    *,
    scale: float,
    seed: int,
    dtype: torch.dtype,
    world: World,
) -> StepResult:
    """Learns from one batch at `scale` times the peak rates (warm-up is applied here).

    Gradients are sums over tokens divided by all tokens of the batch, so micro-batches and ranks change nothing but
    rounding. Nothing is updated when loss or gradient is not finite, on any rank.
    """
    step = state.counters.step
    learnt = objective.of_step(seed, step)
    torch.manual_seed(stream_seed(seed, "dropout", step, world.rank))
    found = _gradients(state, batch, learnt, settings, dtype=dtype, world=world)
    parameters = [p for p in state.model.parameters() if p.grad is not None]
    _add_penalties(state, settings)
    norm = torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
    loss, gradient_norm = found.loss, float(norm)
    num_tokens = batch.inputs_BT.numel() * world.size
    finite = bool(torch.isfinite(torch.tensor([loss, gradient_norm])).all())
    if finite:
        if settings.clip_norm:
            torch.nn.utils.clip_grads_with_norm_(parameters, settings.clip_norm, norm)
        state.optimizer.step(scale=scale * warmup(step, settings.schedule), number=step, product_dtype=dtype)
        state.update_average(settings.ema)
        state.counters.tokens += num_tokens
    state.model.zero_grad(set_to_none=True)
    losses = found.parts or ({} if learnt is objective else {learnt.name: loss})
    return StepResult(
        loss=loss,
        num_tokens=num_tokens,
        gradient_norm=gradient_norm,
        taken=finite,
        objective=learnt.name,
        losses=losses,
    )


class _Found(NamedTuple):
    """Nats per target of the whole batch, and nats per decision of each part of the objective."""

    loss: float
    parts: Mapping[str, float]


def _gradients(
    state: TrainState,
    batch: TokenBatch,
    objective: Objective,
    settings: TrainingSettings,
    *,
    dtype: torch.dtype,
    world: World,
) -> _Found:
    """Sets gradients per token over all ranks."""
    state.model.train()
    rows, length = batch.inputs_BT.shape
    share = max(1, settings.micro_batch_tokens // length)
    device = next(state.model.parameters()).device
    totals = torch.zeros(1 + len(objective.parts), 2, dtype=torch.float64)
    for begin in range(0, rows, share):
        part = TokenBatch(
            inputs_BT=batch.inputs_BT[begin : begin + share].to(device),
            targets_BT=batch.targets_BT[begin : begin + share].to(device),
        )
        with _autocast(device.type, dtype):
            loss = objective.loss(state.model, part)
        # torch.autograd cannot know the total of targets yet; a causal batch has rows * length * ranks of them
        (loss.nats / (rows * length * world.size)).backward()  # type: ignore[no-untyped-call]
        sums = [(float(loss.nats.detach()), loss.num_targets), *((p.nats, p.num_targets) for p in loss.parts)]
        totals += torch.tensor(sums, dtype=torch.float64)
    if world.size > 1:
        _share_gradients(state, world)
        world.all_reduce_sum(totals)
    correction = rows * length * world.size / float(totals[0, 1])
    if correction != 1.0:
        for parameter in state.model.parameters():
            if parameter.grad is not None:
                parameter.grad.mul_(correction)
    means = (totals[:, 0] / totals[:, 1].clamp(min=1)).tolist()
    return _Found(means[0], dict(zip(objective.parts, means[1:], strict=True)))


def _share_gradients(state: TrainState, world: World) -> None:
    """Sums gradients over the ranks in one message."""
    gradients = [p.grad for p in state.model.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    world.all_reduce_sum(flat)
    for gradient, part in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))


def _add_penalties(state: TrainState, settings: TrainingSettings) -> None:
    """Gradients of l1 * sum |w| and l2 * sum w^2 over the matrices."""
    l1, l2 = settings.optimizer.l1, settings.optimizer.l2
    if not (l1 or l2):
        return
    for matrix in matrices_of(state.model).values():
        if matrix.grad is not None:
            matrix.grad.add_(matrix.detach().sign(), alpha=l1).add_(matrix.detach(), alpha=2 * l2)


def _autocast(device_type: str, dtype: torch.dtype) -> AbstractContextManager[object]:
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device_type, dtype=dtype)
