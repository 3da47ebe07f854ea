"""Several objectives by weight: each step learns one of them (multi-task pretraining: Raffel et al. 2020, section 3.5)."""

from collections.abc import Sequence
from typing import ClassVar, final

import numpy as np
import torch

from danlu.batches.batch import TokenBatch
from danlu.core.streams import numpy_stream
from danlu.models.model import LanguageModel
from danlu.objectives.objective import Loss, Objective


@final
class Mixture(Objective):
    """`members` with their `weights` (relative to each other, above 0).

    Whose turn a step is comes from a stream of its own for each step, the same on every rank, so that a resumed run draws
    what it would have drawn. Steps and not batches are divided, because objectives differ in how many tokens they predict.
    """

    name: ClassVar[str] = "mixture"
    directions: ClassVar[frozenset[str]] = frozenset({"left-to-right", "bidirectional", "encoder-decoder"})

    def __init__(self, members: Sequence[Objective], weights: Sequence[float]) -> None:
        super().__init__(members[0].vocabulary)
        self.members = tuple(members)
        self.bounds = np.cumsum(np.asarray(weights, dtype=np.float64) / sum(weights))

    def of_step(self, seed: int, step: int) -> Objective:
        """The member whose turn it is."""
        return self._at(float(numpy_stream(seed, "objective", step).random())).of_step(seed, step)

    def loss(self, model: LanguageModel, batch: TokenBatch) -> Loss:
        """The loss of a member drawn from torch's random state, where no step is known."""
        return self._at(float(torch.rand(()))).loss(model, batch)

    def _at(self, place: float) -> Objective:
        return self.members[min(int(np.searchsorted(self.bounds, place, side="right")), len(self.members) - 1)]
