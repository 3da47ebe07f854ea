"""The report of a corpus as data: what came in, what each step took, what is in it, samples. Shown elsewhere."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from danlu.core.language import Text
from danlu.core.streams import stream_seed
from danlu.corpus.diversity import Diversity, domain_diversity
from danlu.corpus.doubles import Doubles, doubles
from danlu.corpus.reasons import DUPLICATES, reason_meaning
from danlu.corpus.rules.judge import limits_of, rule
from danlu.corpus.settings import CorpusSettings
from danlu.corpus.store import Corpus, RowGroup
from danlu.corpus.tallies import (
    EditCount,
    LengthBin,
    Tally,
    edit_counts,
    length_bins,
    licences,
    percentiles,
    personal_data,
    tallies,
)

SAMPLES = 3
SHOWN = 300  # characters of a sample
CONTAMINATED = "contaminated"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of the funnel: a reason, the documents and bytes it took, and what was left after it."""

    reason: str
    meaning: Text
    num_documents: int
    num_bytes: int
    num_left: int


@dataclass(frozen=True, kw_only=True)
class RuleLine:
    """A rule of the build: what it measures, its limits and their source, and how many documents it dropped first."""

    rule: str
    meaning: Text
    source: str
    least: float | None
    most: float | None
    num_dropped: int


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
class TokenCount:
    """Tokens of one language: measured with a tokenizer on a sample, or estimated from its characters."""

    language: str
    tokens_per_character: float
    bytes_per_token: float
    num_tokens: int


@dataclass(frozen=True, kw_only=True)
class CorpusReport:
    """Everything that `corpus report` shows. Percentiles and tallies are over kept documents; bytes are UTF-8."""

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
    rules: tuple[RuleLine, ...]
    language_tallies: tuple[Tally, ...]
    domain_tallies: tuple[Tally, ...]
    diversity: tuple[Diversity, ...]  # of each domain, from samples
    licences: tuple[Tally, ...]
    lengths: tuple[LengthBin, ...]
    edits: Mapping[str, EditCount]
    privacy: Mapping[str, EditCount]
    doubles: Doubles
    contamination: Mapping[str, Any]
    files: Mapping[str, int]
    settings: Mapping[str, Any] = field(default_factory=dict)
    tokens: tuple[TokenCount, ...] = ()
    tokens_from: str = ""  # the tokenizer that counted them; empty: an estimate
    page: Path | None = None  # where the report was written as a page, and the data card; None: nowhere
    card: Path | None = None


def report(corpus: Corpus) -> CorpusReport:
    """Reads the columns of a corpus (texts only of the samples) and gives its report, without `tokens`."""
    facts = corpus.artifact.facts
    dropped, dropped_bytes = _dropped(corpus)
    num_kept = facts.get("documents_kept", sum(facts["num_documents"].values()))
    num_in = facts.get("documents_in", num_kept + sum(dropped.values()))
    edits, domains = edit_counts(corpus), tallies(corpus, "domain")
    return CorpusReport(
        documents_in=num_in,
        documents_kept=num_kept,
        steps=_steps(dropped, dropped_bytes, num_in),
        num_documents=facts["num_documents"],
        bytes_kept=facts["bytes_kept"],
        languages=facts.get("languages", {}),
        domains={row.name: row.num_bytes for row in domains},
        percentiles=percentiles(corpus),
        samples=_samples(corpus),
        files_skipped=facts.get("files_skipped", {}),
        skipped_examples=facts.get("skipped_examples", {}),
        problems=_problems(corpus),
        valid_seen_in_train=facts.get("valid_seen_in_train", 0),
        rules=_rules(corpus, dropped),
        language_tallies=tallies(corpus, "language"),
        domain_tallies=domains,
        diversity=domain_diversity(corpus),
        licences=licences(corpus),
        lengths=length_bins(corpus),
        edits=edits,
        privacy=personal_data(edits),
        doubles=doubles(corpus),
        contamination={"num_dropped": dropped[CONTAMINATED], **dict(facts.get("contamination") or {})},
        files=dict(Counter(source["reader"] for source in corpus.sources()).most_common()),
        settings=corpus.artifact.settings,
    )


def _dropped(corpus: Corpus) -> tuple[Counter[str], Counter[str]]:
    """Documents and bytes of each reason."""
    counts, sizes = Counter[str](), Counter[str]()
    for table in corpus.tables("dropped", ["reason", "num_bytes"]):
        for row in table.group_by("reason").aggregate([("num_bytes", "count"), ("num_bytes", "sum")]).to_pylist():
            counts[row["reason"]] += row["num_bytes_count"]
            sizes[row["reason"]] += row["num_bytes_sum"]
    return counts, sizes


def _steps(dropped: Mapping[str, int], num_bytes: Mapping[str, int], left: int) -> tuple[Step, ...]:
    """Reading first, then rules by their size, then duplicates: the order in which they act."""
    order = sorted(dropped, key=lambda reason: (reason in DUPLICATES, -dropped[reason], reason))
    steps = []
    for reason in order:
        left -= dropped[reason]
        steps.append(
            Step(
                reason=reason,
                meaning=reason_meaning(reason),
                num_documents=dropped[reason],
                num_bytes=num_bytes[reason],
                num_left=left,
            )
        )
    return tuple(steps)


def _rules(corpus: Corpus, dropped: Mapping[str, int]) -> tuple[RuleLine, ...]:
    limits = limits_of(CorpusSettings.model_validate(corpus.artifact.settings))
    return tuple(
        RuleLine(
            rule=name,
            meaning=rule(name).meaning,
            source=rule(name).source,
            least=found.least,
            most=found.most,
            num_dropped=dropped.get(name, 0),
        )
        for name, found in limits.items()
    )


def _samples(corpus: Corpus) -> dict[str, tuple[Sample, ...]]:
    """A few documents of each reason, picked by the hash of their id, so that the same ones are shown each time."""
    best: dict[str, list[_Place]] = {}
    for group in corpus.groups("dropped", ["id", "reason"]):
        for place, (name, reason) in enumerate(zip(*(c.to_pylist() for c in group.table.columns), strict=True)):
            rank = stream_seed(0, "sample", name)
            found = best.setdefault(reason, [])
            if len(found) < SAMPLES or rank < found[-1].rank:
                found.append(_Place(rank=rank, group=group, place=place))
                found.sort(key=lambda place: place.rank)
                del found[SAMPLES:]
    return {reason: tuple(_sample(place) for place in found) for reason, found in best.items()}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Place:
    """A row that may be a sample, and its rank among them."""

    rank: int
    group: RowGroup
    place: int


def _sample(place: _Place) -> Sample:
    (row,) = place.group.rows([place.place])
    names = ("id", "source", "offset", "value", "limit", "twin")
    return Sample(**{name: row[name] for name in names}, text=row["text"][:SHOWN])


def _problems(corpus: Corpus) -> tuple[Mapping[str, Any], ...]:
    """Records that could not be read, with file and line; at most ten of each file."""
    return tuple({"source": source["name"], **example} for source in corpus.sources() for example in source["examples"])
