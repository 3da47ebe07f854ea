"""The funnel of a corpus as data: what came in, what each step took, languages, lengths, samples. Shown elsewhere."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from danlu.core.streams import stream_seed
from danlu.corpus.measures.batch import Array
from danlu.corpus.store import NOT_MEASURES, Corpus

SAMPLES = 3
SHOWN = 300  # characters of a sample
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of the funnel: a reason, the documents and bytes it took, and what was left after it."""

    reason: str
    num_documents: int
    num_bytes: int
    num_left: int


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A dropped document as it is shown: place, beginning of the text, value and limit of its rule, twin."""

    id: str
    source: str
    offset: int
    text: str
    value: float | None
    limit: float | None
    twin: str | None


@dataclass(frozen=True, kw_only=True)
class CorpusReport:
    """Everything that `corpus report` shows. Percentiles are over kept documents; bytes are UTF-8."""

    documents_in: int
    documents_kept: int
    steps: tuple[Step, ...]
    num_documents: Mapping[str, int]
    bytes_kept: Mapping[str, int]
    languages: Mapping[str, int]
    domains: Mapping[str, int]
    percentiles: Mapping[str, Mapping[int, float]]
    samples: Mapping[str, tuple[Sample, ...]]
    files_skipped: Mapping[str, int]
    skipped_examples: Mapping[str, list[str]]
    problems: tuple[Mapping[str, Any], ...]
    valid_seen_in_train: int
    settings: Mapping[str, Any] = field(default_factory=dict)


def report(corpus: Corpus) -> CorpusReport:
    """Reads the columns of a corpus once (texts only of the samples) and gives its report."""
    facts = corpus.artifact.facts
    dropped, dropped_bytes = Counter[str](), Counter[str]()
    for table in corpus.tables("dropped", ["reason", "num_bytes"]):
        for reason, num_bytes in zip(*(table.column(n).to_pylist() for n in ("reason", "num_bytes")), strict=True):
            dropped[reason] += 1
            dropped_bytes[reason] += num_bytes
    return CorpusReport(
        documents_in=facts["documents_in"],
        documents_kept=facts["documents_kept"],
        steps=_steps(dropped, dropped_bytes, facts["documents_in"]),
        num_documents=facts["num_documents"],
        bytes_kept=facts["bytes_kept"],
        languages=facts["languages"],
        domains=_domains(corpus),
        percentiles=_percentiles(corpus),
        samples={reason: _samples(corpus, reason) for reason in dropped},
        files_skipped=facts["files_skipped"],
        skipped_examples=facts["skipped_examples"],
        problems=_problems(corpus),
        valid_seen_in_train=facts["valid_seen_in_train"],
        settings=corpus.artifact.settings,
    )


def _steps(dropped: Mapping[str, int], num_bytes: Mapping[str, int], left: int) -> tuple[Step, ...]:
    """Reading first, then rules by their size, then duplicates: the order in which they act."""
    duplicates = ("exact_duplicate", "near_duplicate")
    order = sorted(dropped, key=lambda reason: (reason in duplicates, -dropped[reason], reason))
    steps = []
    for reason in order:
        left -= dropped[reason]
        steps.append(Step(reason=reason, num_documents=dropped[reason], num_bytes=num_bytes[reason], num_left=left))
    return tuple(steps)


def _domains(corpus: Corpus) -> dict[str, int]:
    """Kept bytes of each domain, largest first."""
    counts = Counter[str]()
    for table in corpus.tables("documents", ["domain", "num_bytes"]):
        sums = table.group_by("domain").aggregate([("num_bytes", "sum")]).to_pylist()
        counts.update({row["domain"]: row["num_bytes_sum"] for row in sums})
    return dict(counts.most_common())


def _percentiles(corpus: Corpus) -> dict[str, dict[int, float]]:
    names = [name for name in corpus.measures() if name not in NOT_MEASURES and name != "language"]
    columns: dict[str, list[Array]] = {name: [] for name in names}
    for table in corpus.tables("documents", names):
        for name in names:
            columns[name].append(table.column(name).to_numpy())
    return {
        name: {p: round(float(np.percentile(np.concatenate(parts), p)), 4) for p in PERCENTILES}
        for name, parts in columns.items()
        if sum(part.size for part in parts)
    }


def _samples(corpus: Corpus, reason: str) -> tuple[Sample, ...]:
    """A few documents of a reason, picked by the hash of their id, so that the same ones are shown each time."""
    names = ["id", "source", "offset", "text", "value", "limit", "twin", "reason"]
    best: list[Mapping[str, Any]] = []
    for table in corpus.tables("dropped", names):
        chosen: pa.Table = table.filter(pc.equal(table.column("reason"), reason))
        chosen = chosen.set_column(
            names.index("text"), "text", pc.utf8_slice_codeunits(chosen.column("text"), 0, SHOWN)
        )
        best = sorted([*best, *chosen.to_pylist()], key=lambda row: stream_seed(0, "sample", row["id"]))[:SAMPLES]
    return tuple(Sample(**{name: row[name] for name in names if name != "reason"}) for row in best)


def _problems(corpus: Corpus) -> tuple[Mapping[str, Any], ...]:
    """Records that could not be read, with file and line; at most ten of each file."""
    return tuple({"source": source["name"], **example} for source in corpus.sources() for example in source["examples"])
