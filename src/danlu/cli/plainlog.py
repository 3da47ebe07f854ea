"""Progress where nothing can be drawn in place: plain lines, few of them, without control characters."""

import time
from collections.abc import Callable, Mapping
from typing import Any, final

from danlu.cli.progress import Progress, stage_name
from danlu.cli.terminal import Terminal
from danlu.cli.wording import left_words, measure_words, notice, quote_lines, valid_words
from danlu.core.language import Text, say
from danlu.core.quantities import format_duration

SECONDS_BETWEEN = 5.0  # at most one line of measurements in this time
DONE = Text("{stage}: {seconds}", "{stage}:{seconds}")
BEGUN = Text("{stage} ...", "{stage} ……")


@final
class PlainLog:
    """Writes a line per stage, and one line of measurements now and then."""

    def __init__(self, terminal: Terminal, progress: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._terminal, self._progress, self._clock = terminal, progress, clock
        self._last = -SECONDS_BETWEEN

    def __enter__(self) -> "PlainLog":
        return self

    def __exit__(self, *problem: object) -> None:
        self._terminal.flush()

    def __call__(self, event: Mapping[str, Any], /) -> None:
        self._progress.take(event)
        kind = event.get("event")
        if kind == "stage":
            self._stage(str(event.get("name")), bool(event.get("done")))
        elif kind == "quote":
            for line in quote_lines(event, self._terminal.width()):
                self._terminal.line(line)
        elif notice(event):
            self._terminal.line(notice(event))
        elif kind in ("corpus_read", "corpus_written") and self._is_time_for_corpus():
            parts = (stage_name("corpus"), self._progress.part, left_words(self._progress))
            self._terminal.line("  " + "  ".join(filter(None, parts)))
        elif kind in ("step", "valid") and self._clock() - self._last >= SECONDS_BETWEEN:
            self._last = self._clock()
            now = self._progress
            words = (*measure_words(now), valid_words(now), left_words(now))
            self._terminal.line("  " + "  ".join(filter(None, words)))

    def _is_time_for_corpus(self) -> bool:
        """A build that takes no longer than a line of progress is read tells nothing."""
        long = "corpus" in self._progress.stages and self._progress.seconds_in("corpus") >= SECONDS_BETWEEN
        if not long or self._clock() - self._last < SECONDS_BETWEEN:
            return False
        self._last = self._clock()
        return True

    def _stage(self, name: str, done: bool) -> None:
        if done:
            seconds = format_duration(self._progress.seconds_in(name))
            self._terminal.line(say(DONE, stage=stage_name(name), seconds=seconds))
        elif name == "train":
            self._terminal.line(say(BEGUN, stage=stage_name(name)))
