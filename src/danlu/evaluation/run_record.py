"""What a run folder tells of itself: its events, its measurements and the facts of the artifacts inside.

Only read here, never written; whatever is missing is empty, so that a run that is not finished can be looked at, too.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from danlu.core.artifacts import open_artifact
from danlu.core.errors import ArtifactError
from danlu.core.events import read_events
from danlu.corpus.store import Corpus, open_corpus

SAMPLES_PER_REASON = 2
DROPPED_SCANNED = 2000  # rows of dropped documents that are looked through for samples


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What the model wrote at one step."""

    step: int
    text: str


@dataclass(frozen=True, kw_only=True)
class DroppedDocument:
    """One document that a rule dropped, and why."""

    reason: str
    source: str
    value: float | None
    limit: float | None
    text: str


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """Everything that is known of one run."""

    path: Path
    events: Sequence[Mapping[str, Any]]
    steps: Sequence[Mapping[str, Any]]
    looks: Sequence[Mapping[str, Any]]
    samples: Mapping[str, Sequence[Sample]]
    corpus: Mapping[str, Any]
    dropped: Sequence[DroppedDocument]
    tokenizer: Mapping[str, Any]
    tokens: Mapping[str, Any]
    settings: str

    @property
    def pseudo(self) -> bool:
        """Whether the bits are a pseudo-likelihood, which no reference line compares with."""
        return bool(self.finished.get("pseudo"))

    def of_kind(self, kind: str) -> list[Mapping[str, Any]]:
        """The events of one kind, oldest first."""
        return [event for event in self.events if event.get("event") == kind]

    def last(self, kind: str) -> Mapping[str, Any]:
        """The newest event of one kind; empty when there is none."""
        found = self.of_kind(kind)
        return found[-1] if found else {}

    @property
    def finished(self) -> Mapping[str, Any]:
        """The outcome; empty while the run goes on."""
        return self.last("finished")

    @property
    def reference_lines(self) -> dict[str, float]:
        """Bits per byte of the reference lines, as far as they were measured."""
        if self.pseudo:
            return {}
        lines = self.finished.get("reference_lines") or self.last("references").get("lines") or {}
        return {str(name): float(value) for name, value in lines.items() if finite(value)}


def read_run(path: Path) -> RunRecord:
    """Reads the run folder `path`; parts that are missing or damaged are left empty."""
    lines = list(read_events(path / "metrics.jsonl"))
    samples: dict[str, list[Sample]] = {}
    for line in lines:
        if line.get("event") == "sample":
            prompt = str(line.get("prompt", ""))
            samples.setdefault(prompt, []).append(Sample(step=int(line["step"]), text=str(line.get("text", ""))))
    events = list(read_events(path / "events.jsonl"))
    corpus = _corpus_of(path, events)
    settings = path / "settings.toml"
    return RunRecord(
        path=path,
        events=events,
        steps=[line for line in lines if line.get("event") == "step"],
        looks=[line for line in lines if line.get("event") == "valid"],
        samples=samples,
        corpus=corpus.artifact.facts if corpus else {},
        dropped=dropped_samples(corpus) if corpus else [],
        tokenizer=_facts(path / "tokenizer") or _facts(path / "model" / "tokenizer"),
        tokens=_facts(path / "tokens"),
        settings=settings.read_text(encoding="utf-8", errors="replace") if settings.is_file() else "",
    )


def dropped_samples(corpus: Corpus) -> list[DroppedDocument]:
    """A few dropped documents for each reason, in the order in which they were dropped."""
    taken: dict[str, int] = {}
    samples: list[DroppedDocument] = []
    scanned = 0
    for table in corpus.tables("dropped", ["reason", "source", "value", "limit", "text"]):
        for row in table.slice(0, DROPPED_SCANNED - scanned).to_pylist():
            reason = str(row["reason"])
            if taken.get(reason, 0) < SAMPLES_PER_REASON:
                taken[reason] = taken.get(reason, 0) + 1
                samples.append(DroppedDocument(**{**row, "reason": reason, "text": str(row["text"] or "")}))
        scanned += table.num_rows
        if scanned >= DROPPED_SCANNED:
            break
    return sorted(samples, key=lambda sample: sample.reason)


def points(lines: Sequence[Mapping[str, Any]], x: str, y: str) -> tuple[list[float], list[float]]:
    """The finite pairs of two fields, in order, as two lists of equal length."""
    pairs = [(float(line[x]), float(line[y])) for line in lines if finite(line.get(x)) and finite(line.get(y))]
    return [a for a, _ in pairs], [b for _, b in pairs]


def finite(value: object) -> TypeGuard[float]:
    """Whether `value` is a number that can be drawn (logs hold "nan" and "inf" as words)."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _corpus_of(path: Path, events: Sequence[Mapping[str, Any]]) -> Corpus | None:
    """The corpus inside the run, or the finished one that it was made from."""
    asked: Mapping[str, Any] = next(
        (event.get("sources", {}) for event in events if event.get("event") == "requested"), {}
    )
    for place in (path / "corpus", *(Path(name) for name in asked)):
        try:
            return open_corpus(place)
        except (ArtifactError, OSError):
            continue
    return None


def _facts(path: Path) -> Mapping[str, Any]:
    try:
        return open_artifact(path).facts
    except (ArtifactError, OSError):
        return {}
