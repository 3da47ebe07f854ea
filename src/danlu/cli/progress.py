"""What a watched recipe has told so far, kept for whoever draws it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from danlu.core.language import Text, say
from danlu.core.quantities import format_bytes

STAGES = {
    "corpus": Text("corpus", "语料"),
    "calibrate": Text("calibrate", "测速"),
    "tokenizer": Text("tokenizer", "分词器"),
    "tokens": Text("tokens", "词元"),
    "references": Text("references", "参照线"),
    "train": Text("train", "训练"),
    "evaluate": Text("evaluate", "评估"),
    "report": Text("report", "报告"),
}


@dataclass(kw_only=True)
class Stage:
    """One part of the way: when it began and, once done, how many seconds it took."""

    started: float
    seconds: float | None = None


@dataclass(kw_only=True)
class Progress:
    """The state behind the screen. Missing or odd fields of an event change nothing: drawing must not stop a run."""

    expected: tuple[str, ...] = ()  # stages that will come, as far as is known beforehand
    budget: float | None = None  # seconds that `--for` allows, or None
    clock: Callable[[], float] = time.monotonic
    age: Callable[[], float] = lambda: 0.0  # seconds since the command began
    stages: dict[str, Stage] = field(default_factory=dict)
    step: int = 0
    total_steps: int | None = None
    first_step: int | None = None
    measures: dict[str, float] = field(default_factory=dict)
    measured_at: float = 0.0
    valid: list[tuple[int, float]] = field(default_factory=list)
    sample: str = ""
    part: str = ""  # how far the running stage is, e.g. `3/12`
    share_read: float | None = None  # of the sources of a corpus, 0 to 1
    told_left: float | None = None  # seconds that the corpus build still expects, where it says so

    def take(self, event: Mapping[str, Any]) -> None:
        """Counts one event in."""
        kind = event.get("event")
        if kind == "stage":
            self._stage(str(event.get("name")), event)
        elif kind == "step":
            self._measure(event)
        elif kind == "valid" and isinstance(event.get("bits_per_byte"), (int, float)):
            self.valid.append((_whole(event.get("step"), self.step), float(event["bits_per_byte"])))
        elif kind == "sample":
            self.sample = f"{event.get('prompt', '')}{event.get('text', '')}"
        elif kind == "corpus_files" and self.running() is None:
            self._stage("corpus", {})
        elif kind in ("corpus_read", "corpus_written"):
            self._corpus(event)
        elif kind == "quote":
            self.total_steps = _whole(event.get("steps"), 0) or None

    def running(self) -> str | None:
        """The stage that is under way."""
        return next((name for name, stage in reversed(self.stages.items()) if stage.seconds is None), None)

    def seconds_in(self, name: str) -> float:
        """Seconds that a stage took, or has taken so far."""
        stage = self.stages[name]
        return stage.seconds if stage.seconds is not None else self.clock() - stage.started

    def share_done(self) -> float | None:
        """0 to 1: by time where the run has a time, else by steps; None before either is known."""
        left = self._left_as_told()
        if left is not None:
            worked = self.measures.get("seconds", 0.0) + self.clock() - self.measured_at
            return min(1.0, worked / max(worked + left, 1e-9))
        if self.budget:
            return min(1.0, self.age() / self.budget)
        if self.running() == "corpus":
            return self.share_read
        return min(1.0, self.step / self.total_steps) if self.total_steps else None

    def seconds_left(self) -> float | None:
        """Seconds to the end, as far as can be told."""
        left = self._left_as_told()
        if left is not None:
            return left
        if self.budget:
            return max(0.0, self.budget - self.age())
        if self.running() == "corpus":
            return self._left_of_corpus()
        worked = self.step - (self.first_step or 0)
        if self.total_steps and worked > 0 and "train" in self.stages:
            return max(0, self.total_steps - self.step) * self.seconds_in("train") / worked
        return None

    def _left_as_told(self) -> float | None:
        """What the run itself said last, less the time since then. It knows what an earlier try has spent."""
        told = self.measures.get("seconds_left")
        return None if told is None else max(0.0, told - (self.clock() - self.measured_at))

    def _left_of_corpus(self) -> float | None:
        """What the build says, else by the bytes read so far."""
        if self.told_left is not None:
            return max(0.0, self.told_left - (self.clock() - self.measured_at))
        return self.seconds_in("corpus") * (1 - self.share_read) / self.share_read if self.share_read else None

    def _corpus(self, event: Mapping[str, Any]) -> None:
        """`done` of `of` shards; `bytes_done` of `bytes_total` where the build counts them."""
        done, total = event.get("bytes_done"), event.get("bytes_total")
        if isinstance(done, (int, float)) and isinstance(total, (int, float)) and total > 0:
            self.part = f"{format_bytes(done)} / {format_bytes(total)}"
        else:
            done, total = event.get("done"), event.get("of")
            self.part = f"{done}/{total}"
        if isinstance(done, (int, float)) and isinstance(total, (int, float)) and total > 0:
            self.share_read = max(0.0, min(1.0, done / total))
        left = event.get("seconds_left")
        self.told_left = float(left) if isinstance(left, (int, float)) else None
        self.measured_at = self.clock()

    def finish(self) -> None:
        """The command has come to its end: what ran is done."""
        running = self.running()
        if running is not None:
            self.stages[running].seconds = self.seconds_in(running)

    def _measure(self, event: Mapping[str, Any]) -> None:
        self.step = _whole(event.get("step"), self.step)
        self.first_step = self.step - 1 if self.first_step is None else self.first_step
        self.total_steps = _whole(event.get("last_step"), 0) or self.total_steps
        self.measures = {name: value for name, value in event.items() if isinstance(value, (int, float))}
        self.measured_at = self.clock()

    def _stage(self, name: str, event: Mapping[str, Any]) -> None:
        done = bool(event.get("done"))
        stage = self.stages.get(name)
        if not done or stage is None:
            before = self.running()
            if before is not None and before != name:  # a recipe may leave the end of a stage to the next one's begin
                self.stages[before].seconds = self.seconds_in(before)
            stage = self.stages[name] = Stage(started=self.clock())
            self.part = ""
        if done:
            seconds = event.get("seconds")
            stage.seconds = float(seconds) if isinstance(seconds, (int, float)) else self.clock() - stage.started


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


def stage_name(name: str) -> str:
    """A stage's name in the reader's language; one that is not known here as it is."""
    return say(STAGES[name]) if name in STAGES else name
