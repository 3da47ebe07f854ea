"""The training loop: batches in order, steps, the clock, validations, checkpoints, and what happens when things go wrong."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, final

import torch

from danlu.batches.batch import WindowBatches
from danlu.core.clock import Stopwatch
from danlu.core.errors import DivergedError, InterruptedRun
from danlu.core.events import EventLog, Watcher, ignore
from danlu.core.language import Text
from danlu.objectives.objective import Objective
from danlu.runtime.signals import Signals
from danlu.runtime.world import World
from danlu.training import SCHEDULES
from danlu.training.budget import Budget
from danlu.training.checkpoint import prune, resume, save_checkpoint
from danlu.training.progress import Estimate, Progress
from danlu.training.settings import TrainingSettings
from danlu.training.state import TrainState
from danlu.training.step import StepResult, train_step

SECONDS_BETWEEN_CHECKPOINTS = 60.0
MOST_NONFINITE_IN_ROW = 3
MOST_ROLLBACKS = 3


class Validate(Protocol):
    """Scores the model on held-out text, watched by the loop."""

    def __call__(self, state: TrainState, /) -> float:
        """Validation bits per byte now; writes its own line to the metrics."""


@final
@dataclass(kw_only=True)
class Loop:
    """One run of training in `folder` (checkpoints go below it). Call `run` once."""

    state: TrainState
    batches: WindowBatches
    objective: Objective
    settings: TrainingSettings
    progress: Progress
    folder: Path
    events: EventLog
    metrics: EventLog
    stopwatch: Stopwatch
    seed: int
    dtype: torch.dtype
    world: World
    validate: Validate
    budget: Budget | None = None
    watch: Watcher = ignore
    describe_step: Callable[[StepResult, float], Mapping[str, Any]] = lambda result, seconds: {}
    """Adds measurements of the machine to a step's metrics, from the result and the step's seconds."""
    _saved_at: float = field(default=0.0, init=False)

    @property
    def cooldown_begins(self) -> float:
        """Progress at which the trapezoid starts to fall."""
        return 1 - self.settings.schedule.cooldown

    def run(self, signals: Signals) -> None:
        """Trains to the end, or raises InterruptedRun (state saved) or DivergedError."""
        schedule = SCHEDULES.load(self.settings.schedule.name)
        self._saved_at = self.stopwatch.seconds()
        while True:
            self._stop_when_asked(signals)
            self._ask_clock()
            counters = self.state.counters  # another object after a rollback
            progress = self.progress.at(counters.step)
            if counters.step >= self.progress.last_step(counters.step):
                break
            started = time.perf_counter()
            result = train_step(
                self.state,
                self.batches.batch(counters.data_step).cut(self.settings.context_parts(progress)),
                self.objective,
                self.settings,
                scale=schedule(progress, self.settings.schedule),
                seed=self.seed,
                dtype=self.dtype,
                world=self.world,
            )
            counters.step += 1
            self._record(result, schedule(progress, self.settings.schedule), time.perf_counter() - started)
            self._after_step(result)

    def _stop_when_asked(self, signals: Signals) -> None:
        """Saves and raises InterruptedRun when a signal came, to this process or to another rank."""
        asked = signals.requested or 0
        if self.world.size > 1:
            asked = int(self.world.all_reduce_max(torch.tensor(asked)))
        if asked:
            self.save()
            raise InterruptedRun(asked, saved=self.folder / f"checkpoints/step-{self.state.counters.step}")

    def save(self) -> None:
        """A checkpoint now; older ones that nobody needs are deleted."""
        counters = self.state.counters
        counters.seconds = self.stopwatch.seconds()
        folder = self.folder / "checkpoints"
        if self.world.is_main:
            facts = {
                "metrics_bytes": self.metrics.size(),
                "last_progress": self.progress.at(max(0, counters.step - 1)),
                "budget_seconds": self.budget.seconds if self.budget else None,
            }
            save_checkpoint(folder, self.state, progress=self.progress.at(counters.step), facts=facts)
            prune(folder, keep=self.settings.keep_checkpoints, cooldown_begins=self.cooldown_begins)
            self.events.append({"event": "saved", "step": counters.step})
        self.world.barrier()
        self._saved_at = self.stopwatch.seconds()

    def _ask_clock(self) -> None:
        """A new estimate when one is due: on the disk first, in effect then."""
        step = self.state.counters.step
        if self.budget is None or not self.progress.due(step):
            return
        estimate = self._agreed(self.budget.estimate(step, self.progress.at(step)))
        self.events.append({"event": "estimate", **vars(estimate)}, durable=True)
        self.progress.add(estimate)

    def _agreed(self, estimate: Estimate) -> Estimate:
        """The main rank's estimate on every rank: clocks differ, decisions must not."""
        if self.world.size == 1:
            return estimate
        agreed = self.world.agreed([float(estimate.remaining_steps), float(estimate.next_step)])
        return replace(estimate, remaining_steps=int(agreed[0]), next_step=int(agreed[1]))

    def _record(self, result: StepResult, scale: float, seconds: float) -> None:
        counters = self.state.counters
        counters.seconds = self.stopwatch.seconds()
        event = {
            "event": "step",
            "step": counters.step,
            "last_step": self.progress.last_step(counters.step),
            "loss": result.loss,
            "lr": scale,
            "grad_norm": result.gradient_norm,
            "tokens": counters.tokens,
            "epochs": self.batches.epochs(counters.data_step),
            "seconds": counters.seconds,
            "seconds_left": self.budget.left() if self.budget else None,
            **({"objective": result.objective, "losses": dict(result.losses)} if result.losses else {}),
            **self.describe_step(result, seconds),
        }
        self.metrics.append(event)
        self.watch(event)

    def _after_step(self, result: StepResult) -> None:
        """The guard, then validation and checkpoints that are due."""
        if not result.taken:
            self._skip(result)
            return
        counters = self.state.counters
        counters.nonfinite_in_row = 0
        before = self.progress.at(counters.step - 1)
        improved = self._validate_when_due(before, self.progress.at(counters.step))
        now = self.progress.at(counters.step)  # asked again: the validation may have begun the cool-down
        crossed = before < self.cooldown_begins <= now and self.settings.schedule.name == "trapezoid"
        if crossed or self._agree(self._checkpoint_due() or (improved and self._may_save_best())):
            self.save()
        if crossed:
            self.events.append(
                {"event": "cooldown", "step": counters.step, "last_step": self.progress.last_step(counters.step)}
            )

    def _agree(self, due: bool) -> bool:
        """What the main rank's clock says, on every rank."""
        return bool(self.world.agreed([float(due)])[0])

    def _checkpoint_due(self) -> bool:
        every = self.settings.checkpoint_every
        if every:
            return self.state.counters.step % every == 0
        return self.stopwatch.seconds() - self._saved_at >= SECONDS_BETWEEN_CHECKPOINTS

    def _may_save_best(self) -> bool:
        return self.stopwatch.seconds() - self._saved_at >= SECONDS_BETWEEN_CHECKPOINTS / 4

    def _validate_when_due(self, before: float, now: float) -> bool:
        """Validates when progress passes one of the evenly spaced marks; whether it was the best so far."""
        marks = self.settings.validations + 1
        if int(now * marks) <= int(before * marks) or now >= 1:
            return False
        self.state.swap_average()
        bits = self.world.agreed([self.validate(self.state)])[0]
        self.state.swap_average()
        counters = self.state.counters
        counters.validations += 1
        if counters.best_bits is None or bits < counters.best_bits:
            counters.best_bits, counters.best_step, counters.since_best = bits, counters.step, 0
            return True
        counters.since_best += 1
        if self.settings.patience and counters.since_best == self.settings.patience and now < self.cooldown_begins:
            self._cool_down_early(now)
        return False

    def _cool_down_early(self, progress: float) -> None:
        """Overfitting: go straight to the cool-down, as long in proportion as it would have been; the run ends sooner."""
        step = self.state.counters.step
        share = self.settings.schedule.cooldown / max(1e-9, self.cooldown_begins)
        remaining = min(self.progress.last_step(step) - step, max(1, round(step * share)))
        if self.budget is not None:
            shortened = self.stopwatch.seconds() + remaining * self.budget.step_seconds + self.budget.reserve()
            self.budget.seconds = min(self.budget.seconds, shortened)
        next_step = step + remaining + 1 if self.budget is None else step + max(1, remaining // 4)
        estimate = Estimate(
            step=step, progress=max(progress, self.cooldown_begins), remaining_steps=remaining, next_step=next_step
        )
        reason = f"no better validation in {self.settings.patience}"
        event = {"event": "estimate", **vars(estimate), "reason": reason, "stopped_early": True}
        total_seconds = self.budget.seconds if self.budget is not None else None
        self.events.append({**event, "total_seconds": total_seconds}, durable=True)
        self.watch({"event": "stopped_early", "step": step, "remaining_steps": remaining})
        self.progress.add(estimate)

    def _skip(self, result: StepResult) -> None:
        """A step with a non-finite loss or gradient changed nothing; after three in a row the run goes back."""
        counters = self.state.counters
        counters.nonfinite_in_row += 1
        windows = [counters.data_step - 1, counters.data_step]
        self.events.append(
            {"event": "nonfinite", "step": counters.step, "loss": result.loss, "batches": windows}, durable=True
        )
        self.watch({"event": "nonfinite", "step": counters.step})
        if counters.nonfinite_in_row >= MOST_NONFINITE_IN_ROW:
            self._roll_back()

    def _roll_back(self) -> None:
        """Back to the last good checkpoint, past the batches that failed; DivergedError after three times."""
        failed = self.state.counters
        damaged: list[str] = []
        found = resume(self.folder / "checkpoints", self.state, damaged) if failed.rollbacks < MOST_ROLLBACKS else None
        if found is None:
            raise DivergedError(
                Text("training diverged at step {step}", "训练在第 {step} 步发散"),
                got=Text("loss or gradient not finite {times} times in a row", "损失或梯度连续 {times} 次非有限值"),
                allowed=Text("finite losses", "有限的损失"),
                fix=Text(
                    "lower training.optimizer.rate and training.optimizer.matrix_rate, in a new folder",
                    "请在新目录中降低 training.optimizer.rate 与 training.optimizer.matrix_rate",
                ),
                step=failed.step,
                times=MOST_NONFINITE_IN_ROW,
            )
        self.metrics.cut(found.facts["metrics_bytes"])
        counters = self.state.counters
        counters.skipped_batches = failed.data_step - counters.step
        counters.rollbacks = failed.rollbacks + 1
        counters.nonfinite_in_row = 0
        self.events.append(
            {"event": "rolled_back", "step": counters.step, "next_batch": counters.data_step}, durable=True
        )
