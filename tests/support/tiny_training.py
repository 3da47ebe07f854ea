"""A training run of a few thousand parameters, without corpus and tokenizer, for tests of the loop and its parts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from danlu.batches.batch import WindowBatches
from danlu.batches.order import WindowOrder
from danlu.core.clock import Stopwatch
from danlu.core.events import EventLog, read_events
from danlu.core.settings import resolve
from danlu.models import ARCHITECTURES
from danlu.models.model import LanguageModel
from danlu.objectives.causal import Causal
from danlu.objectives.objective import Objective, Vocabulary
from danlu.runtime.signals import Signals
from danlu.runtime.world import ALONE, World
from danlu.training import OPTIMIZERS
from danlu.training.budget import Budget
from danlu.training.loop import Loop
from danlu.training.progress import Progress
from danlu.training.settings import TrainingSettings
from danlu.training.state import TrainState

VOCABULARY, CONTEXT, NUM_WINDOWS = 40, 8, 4


def tiny_settings(*overrides: str) -> TrainingSettings:
    """Settings of the loop for batches of 32 tokens."""
    start = [
        "schedule.warmup_steps=2",
        "schedule.cooldown=0.5",
        f"batch_tokens={NUM_WINDOWS * CONTEXT}",
        "validations=0",
    ]
    return resolve(TrainingSettings, overrides=[*start, *overrides])


def tiny_model(name: str = "gpt", *, dropout: float = 0.0) -> LanguageModel:
    """About 10 thousand parameters."""
    row = ARCHITECTURES.load(name)
    shape = row.sized(8_000, VOCABULARY, CONTEXT).model_copy(update={"dropout": dropout})
    model: LanguageModel = row.build(shape, VOCABULARY, seed=1)
    return model


def tiny_state(settings: TrainingSettings, name: str = "gpt", *, dropout: float = 0.0) -> TrainState:
    """A fresh model with its optimizer."""
    model = tiny_model(name, dropout=dropout)
    return TrainState(model=model, optimizer=OPTIMIZERS.load(settings.optimizer.name)(model, settings.optimizer))


def tiny_batches(*, rank: int = 0, size: int = 1) -> WindowBatches:
    """Windows over 30 documents in which each id mostly decides the next."""
    random = np.random.default_rng(0)
    lengths = random.integers(5, 30, size=30)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = (np.cumsum(random.integers(1, 4, size=starts[-1])) % VOCABULARY).astype(np.uint16)
    order = WindowOrder(starts, context=CONTEXT, seed=0)
    return WindowBatches(ids, order, num_windows=NUM_WINDOWS, rank=rank, size=size)


@dataclass(kw_only=True)
class TinyRun:
    """One loop in a folder; `losses` is what it recorded."""

    folder: Path
    settings: TrainingSettings
    num_steps: int = 20
    objective: Objective = field(default_factory=lambda: Causal(Vocabulary(size=64)))
    validate: Callable[[TrainState], float] = lambda state: 1.0
    world: World = ALONE
    dropout: float = 0.0
    seconds: float | None = None
    step_seconds: float = 0.01

    def loop(self, progress: Progress | None = None) -> Loop:
        """A new loop at step 0."""
        stopwatch = Stopwatch()
        budget = None
        if self.seconds is not None:
            budget = Budget(self.seconds, stopwatch, step_seconds=self.step_seconds, reserve=lambda: 0.0)
            progress = progress or Progress([budget.estimate(0, 0.0)])
        return Loop(
            state=tiny_state(self.settings, dropout=self.dropout),
            batches=tiny_batches(rank=self.world.rank, size=self.world.size),
            objective=self.objective,
            settings=self.settings,
            progress=progress or Progress.of_steps(self.num_steps),
            folder=self.folder,
            events=EventLog(self.folder / "events.jsonl"),
            metrics=EventLog(self.folder / "metrics.jsonl"),
            stopwatch=stopwatch,
            seed=0,
            dtype=torch.float32,
            world=self.world,
            validate=self.validate,
            budget=budget,
        )

    def run(self) -> Loop:
        """A new loop, run to its end."""
        loop = self.loop()
        loop.run(Signals())
        return loop

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The recorded events of one kind."""
        return [e for e in read_events(self.folder / "events.jsonl") if e["event"] == kind]

    def steps(self) -> list[dict[str, Any]]:
        """The recorded steps."""
        return [e for e in read_events(self.folder / "metrics.jsonl") if e["event"] == "step"]


def weights_of(state: TrainState) -> dict[str, torch.Tensor]:
    """A copy of all weights."""
    return {name: weight.detach().clone() for name, weight in state.model.named_parameters()}


def same_tensors(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Whether both hold the same names with the same bits."""
    return first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)
