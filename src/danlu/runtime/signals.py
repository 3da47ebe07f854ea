"""SIGINT and SIGTERM as a flag that is looked at between steps, so that a run stops saved and in order."""

import os
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Self, final

ECHO_SECONDS = 0.2  # wrappers (uv run, npm, some shells) pass on a Ctrl-C that the terminal has sent already


@final
class Signals:
    """Inside `with Signals() as signals:`, the first SIGINT or SIGTERM only sets `signals.requested`.

    A second SIGINT ends the process at once with exit code 130 and cleans up nothing: what was finished is on the disk,
    and files are made visible by rename only, so the last checkpoint is valid. SIGHUP (the terminal was closed) asks
    for the same as SIGTERM, unless it was ignored before (nohup): then it stays ignored. In a thread that is not the
    main one nothing is installed, since Python takes signals in the main thread only.
    """

    def __init__(self) -> None:
        self.requested: int | None = None
        self._num_interrupts = 0
        self._last_interrupt = -ECHO_SECONDS
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            before = signal.getsignal(number)
            if before is signal.SIG_IGN and number == signal.SIGHUP:
                continue
            self._before[number] = before
            signal.signal(number, self._take)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            # None: a handler that was not set from Python; it cannot be put back, the default can
            signal.signal(number, signal.SIG_DFL if before is None else before)
        self._before.clear()

    def _take(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            now = time.monotonic()
            if now - self._last_interrupt >= ECHO_SECONDS:
                self._num_interrupts += 1
            self._last_interrupt = now
            if self._num_interrupts > 1:
                os._exit(128 + signal.SIGINT)
        if self.requested is None:
            self.requested = int(signal.SIGTERM if number == signal.SIGHUP else number)
