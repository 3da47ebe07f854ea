"""What a build tells while it works: bytes done of bytes in all, and the seconds it still expects to take."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, final

from danlu.core.clock import Stopwatch
from danlu.core.events import Watcher
from danlu.corpus.files import Shard
from danlu.runtime.shards import finished_shards

# Before the writing pass has begun, its time is guessed from that of reading: it took 0.26 of it with the preset
# minimal, 0.15 with near duplicates too, 0.08 with standard (17 MB of Chinese and English, one worker).
WRITING_SHARE = 0.15


@final
class Telling:
    """The progress of one build over its two passes. Packed files count by their packed bytes."""

    def __init__(self, shards: Sequence[Shard], watch: Watcher) -> None:
        self._sizes = [shard.num_bytes for shard in shards]
        self._total = max(1, sum(self._sizes))
        self._watch = watch

    def read(self, results: Iterable[Mapping[str, Any]], marks: Path) -> Iterator[Mapping[str, Any]]:
        """Passes on the results of the reading pass, an event `corpus_read` for each."""
        yield from self._pass("corpus_read", results, marks, WRITING_SHARE)

    def deciding(self) -> None:
        """Says that all is read."""
        self._watch({"event": "corpus_deciding", "bytes_total": self._total})

    def written(self, results: Iterable[Mapping[str, Any]], marks: Path) -> Iterator[Mapping[str, Any]]:
        """Passes on the results of the writing pass, an event `corpus_written` for each."""
        yield from self._pass("corpus_written", results, marks, 0.0)

    def _pass(
        self, event: str, results: Iterable[Mapping[str, Any]], marks: Path, more: float
    ) -> Iterator[Mapping[str, Any]]:
        """`more` is the time of what comes after this pass, as a share of the time of this pass."""
        before = finished_shards(marks, len(self._sizes))  # by a build that was killed: they cost no time now
        watch = Stopwatch()
        done = fresh = 0
        for index, result in enumerate(results):
            done += self._sizes[index]
            fresh += 0 if index in before else self._sizes[index]
            seconds_left = None
            if fresh:
                rate = watch.seconds() / fresh
                seconds_left = round(rate * (self._total - done + more * self._total), 1)
            self._watch(
                {
                    "event": event,
                    "done": index + 1,
                    "of": len(self._sizes),
                    "bytes_done": done,
                    "bytes_total": self._total,
                    "seconds_left": seconds_left,
                }
            )
            yield result
