"""A time budget as estimates of the remaining number of steps."""

from collections.abc import Callable
from typing import final

from danlu.core.clock import Stopwatch
from danlu.training.progress import Estimate

# The clock is asked again after a twentieth of the remaining steps: often enough to end within a step or two of the
# promise, seldom enough that the fsync of each estimate (1 to 10 ms) does not show.
REVISIONS = 20


@final
class Budget:
    """`seconds` of work in all, counted by `stopwatch`; `reserve()` is what the end of the run will take after the loop.

    `step_seconds` starts as a forecast and then follows what was measured, validations and checkpoints included.
    """

    def __init__(
        self, seconds: float, stopwatch: Stopwatch, *, step_seconds: float, reserve: Callable[[], float]
    ) -> None:
        self.seconds, self.stopwatch, self.reserve = seconds, stopwatch, reserve
        self.step_seconds = step_seconds
        self._asked: tuple[int, float] | None = None
        self._measured = False

    def left(self) -> float:
        """Seconds of training left now."""
        return self.seconds - self.reserve() - self.stopwatch.seconds()

    def estimate(self, step: int, progress: float) -> Estimate:
        """How the run goes on from `step`, where its progress is `progress`."""
        now = self.stopwatch.seconds()
        if self._asked is not None and step > self._asked[0]:
            measured = (now - self._asked[1]) / (step - self._asked[0])
            # a forecast counts for nothing beside the first measurement; later ones are averaged
            self.step_seconds += (0.5 if self._measured else 1.0) * (measured - self.step_seconds)
            self._measured = True
        self._asked = (step, now)
        remaining = max(0, int(self.left() / max(1e-4, self.step_seconds)))
        if not self._measured and remaining:
            # only a forecast yet: asked again after two steps, in which progress must not run away
            return Estimate(
                step=step, progress=progress, remaining_steps=max(remaining, 2 * REVISIONS), next_step=step + 2
            )
        gap = max(1, remaining // REVISIONS)
        return Estimate(step=step, progress=progress, remaining_steps=remaining, next_step=step + gap)
