"""Seconds since the command began, so that a promise of minutes counts the start-up too."""

import os
import time
from typing import final


def process_age() -> float:
    """Seconds since the operating system started this process (0.0 where it does not say)."""
    try:
        with open("/proc/self/stat", "rb") as handle:
            ticks = int(handle.read().rpartition(b")")[2].split()[19])
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))
    except (OSError, AttributeError, ValueError, IndexError):
        return 0.0


@final
class Stopwatch:
    """Seconds worked: `before` (from an earlier, interrupted try) plus the time since this object was made.

    Monotonic, so a change of the wall clock moves nothing.
    """

    def __init__(self, before: float = 0.0) -> None:
        self._start = time.monotonic() - before

    def seconds(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self._start

    def add(self, seconds: float) -> None:
        """Counts `seconds` more, e.g. those of an earlier try that turn up on resume."""
        self._start -= seconds
