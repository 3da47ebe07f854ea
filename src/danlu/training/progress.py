"""Progress of a run: a function of the step that recorded estimates define.

With a number of steps there is one estimate. With a time budget, the remaining number of steps is estimated anew from
the clock now and then; each estimate is on the disk before it takes effect, and is replayed on resume, so the same
decisions give the same bytes. Progress never jumps: an estimate only changes how fast it goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """From `step` (where progress is `progress`) on, the run ends after `remaining_steps` more steps."""

    step: int
    progress: float
    remaining_steps: int
    next_step: int
    """The step before which the clock is asked again; beyond the end when it never is."""


@final
class Progress:
    """The estimates of a run in order."""

    def __init__(self, estimates: list[Estimate]) -> None:
        self.estimates = estimates

    @classmethod
    def of_steps(cls, num_steps: int) -> "Progress":
        """A run of a given number of steps: one estimate, never revised."""
        return cls([Estimate(step=0, progress=0.0, remaining_steps=num_steps, next_step=num_steps + 1)])

    def _governing(self, step: int) -> Estimate:
        chosen = self.estimates[0]
        for estimate in self.estimates:
            if estimate.step <= step:
                chosen = estimate
        return chosen

    def at(self, step: int) -> float:
        """Progress before `step`, from 0 to 1."""
        estimate = self._governing(step)
        if estimate.remaining_steps <= 0:
            return 1.0
        share = min(1.0, (step - estimate.step) / estimate.remaining_steps)
        return estimate.progress + (1 - estimate.progress) * share

    def last_step(self, step: int) -> int:
        """The step at which the run ends, as seen from `step`."""
        estimate = self._governing(step)
        return estimate.step + max(0, estimate.remaining_steps)

    def due(self, step: int) -> bool:
        """Whether the clock must be asked before `step`."""
        return step >= self._governing(step).next_step

    def add(self, estimate: Estimate) -> None:
        """Takes effect from its step on; those recorded for later steps are forgotten."""
        self.estimates = [e for e in self.estimates if e.step < estimate.step] + [estimate]

    @classmethod
    def from_events(cls, events: Sequence[Mapping[str, Any]]) -> "Progress":
        """The estimates that events recorded, in order; one for an earlier step takes back those behind it."""
        names = ("step", "progress", "remaining_steps", "next_step")
        progress = cls([])
        for event in events:
            progress.add(Estimate(**{n: event[n] for n in names}))
        return progress
