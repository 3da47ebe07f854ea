"""Everything that a checkpoint must hold: weights, optimizer, moving average, counters. No hidden state beside it.

Dropout draws from a stream of the step, so no random state needs saving.
"""

from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor

from danlu.models.model import LanguageModel
from danlu.training.optimizers import OptimizerGroup


@dataclass(kw_only=True)
class Counters:
    """Where the run is. Plain numbers, stored as JSON."""

    step: int = 0
    """Optimizer steps done (a skipped one counts: its number is used up)."""
    skipped_batches: int = 0
    """Batches stepped over after a rollback; data_step = step + skipped_batches."""
    tokens: int = 0
    """Tokens learnt from."""
    seconds: float = 0.0
    """Seconds worked, start-up included."""
    nonfinite_in_row: int = 0
    rollbacks: int = 0
    best_bits: float | None = None
    """Lowest validation bits per byte so far."""
    best_step: int = 0
    since_best: int = 0
    """Validations since the best one."""
    validations: int = 0

    @property
    def data_step(self) -> int:
        """The number of the next batch."""
        return self.step + self.skipped_batches


@final
@dataclass(kw_only=True)
class TrainState:
    """The model in training. `average` (moving average of the weights by name) is empty when it is off."""

    model: LanguageModel
    optimizer: OptimizerGroup
    counters: Counters = field(default_factory=Counters)
    average: dict[str, Tensor] = field(default_factory=dict)

    def update_average(self, decay: float) -> None:
        """Moves the average towards the weights; a young average forgets faster, so that it needs no correction."""
        if not decay:
            return
        weights = dict(self.model.named_parameters())
        if not self.average:
            self.average = {name: w.detach().clone() for name, w in weights.items()}
            return
        young = min(decay, (1 + self.counters.step) / (10 + self.counters.step))
        # by name: an average that was loaded from a file comes in another order
        averages = [self.average[name] for name in weights]
        torch._foreach_lerp_(averages, [w.detach() for w in weights.values()], 1 - young)

    def swap_average(self) -> None:
        """Exchanges weights and average in place; calling it twice changes nothing."""
        if not self.average:
            return
        with torch.no_grad():
            for name, weight in self.model.named_parameters():
                kept = weight.detach().clone()
                weight.copy_(self.average[name])
                self.average[name] = kept
