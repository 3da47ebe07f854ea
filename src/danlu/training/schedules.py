"""Learning-rate schedules: the share of the peak rate as a function of the run's progress, 0 at the start, 1 at the end.

Warm-up counts steps and is the same for all: it guards the optimizer's first estimates, which are made in steps.
"""

import math

from danlu.training.settings import ScheduleSettings


def trapezoid(progress: float, settings: ScheduleSettings) -> float:
    """Constant, then linear down to the floor (Zhai et al. 2022, arXiv:2106.04560, section 3.5; Haegele et al. 2024, arXiv:2405.18392)."""
    if settings.cooldown == 0:
        return 1.0
    fallen = (progress - (1 - settings.cooldown)) / settings.cooldown
    return 1.0 if fallen <= 0 else settings.floor + (1 - settings.floor) * (1 - min(1.0, fallen))


def cosine(progress: float, settings: ScheduleSettings) -> float:
    """Half a cosine from the peak to the floor (Loshchilov & Hutter 2017, arXiv:1608.03983)."""
    return settings.floor + (1 - settings.floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def linear(progress: float, settings: ScheduleSettings) -> float:
    """A straight line from the peak to the floor."""
    return settings.floor + (1 - settings.floor) * (1 - min(1.0, progress))


def constant(progress: float, settings: ScheduleSettings) -> float:
    """The peak throughout."""
    return 1.0


def warmup(step: int, settings: ScheduleSettings) -> float:
    """Share of the scheduled rate at `step` (0 is the first): rises linearly to 1 over `warmup_steps`."""
    return min(1.0, (step + 1) / (settings.warmup_steps + 1))
