"""A change of limits as a query: which documents would enter or leave, from the stored columns, without building again.

What is not replayed stands in `notes`: the edits of another preset, and near duplicates among what would enter.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from danlu.core.language import Text
from danlu.core.streams import stream_seed
from danlu.corpus import RULES
from danlu.corpus.cleaning import cleaners_of
from danlu.corpus.limit_changes import LimitChange, asked_limits, limit_changes
from danlu.corpus.measures.batch import Array
from danlu.corpus.reasons import DUPLICATES
from danlu.corpus.rules.judge import Verdicts, judge, limits_of, preset_of
from danlu.corpus.rules.rule import Limits
from danlu.corpus.settings import CorpusSettings
from danlu.corpus.store import Corpus, RowGroup, Which
from danlu.corpus.stored_measures import measured_columns, needed_measures

SAMPLES_OF_A_RULE = 2
MOST_SAMPLES = 10
SHOWN = 300  # characters of a sample


@dataclass(frozen=True, kw_only=True)
class MovedSample:
    """A document that would move: `rule` with `value` and `limit` is what dropped it before, or would drop it now."""

    id: str
    source: str
    offset: int
    language: str
    num_bytes: int
    rule: str
    value: float | None
    limit: float | None
    text: str


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The documents that would enter (`rules` dropped them) or leave (`rules` would drop them)."""

    num_documents: int
    num_bytes: int
    rules: Mapping[str, int]
    languages: Mapping[str, int]
    samples: tuple[MovedSample, ...]


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """The answer. `num_doubles`: documents that the limits let in, yet whose text is among the kept ones already."""

    path: Path
    changes: tuple[LimitChange, ...]
    documents_in: int
    documents_before: int
    documents_after: int
    bytes_before: int
    bytes_after: int
    entering: Moved
    leaving: Moved
    num_doubles: int
    notes: tuple[Text, ...]


def what_if(corpus: Corpus, *, preset: str | None = None, changes: Sequence[str] = ()) -> WhatIf:
    """What other limits would keep. `changes` are `rule=least:most`, `rule=off` or `limits.rule.most=number` strings.

    Validation files are never judged. Measures that the build did not take are taken from the stored texts. Raises
    UsageError for unknown rules and presets.
    """
    settings = CorpusSettings.model_validate(corpus.artifact.settings)
    before = limits_of(settings)
    after = asked_limits(settings, preset=preset, changes=changes)
    after_settings = settings if preset is None else settings.model_copy(update={"preset": preset})
    returning = ("near_duplicate",) if _near(settings) and not _near(after_settings) else ()
    found = _Movement(returning)
    names = needed_measures(after)
    fixed = frozenset(source["name"] for source in corpus.sources() if source.get("valid"))
    which: Which
    for which in ("documents", "dropped"):
        for rows in _judged(corpus, which, names, after, settings.languages):
            found.take(rows, fixed)
    found.settle(corpus)
    entering, leaving = found.moved(found.entering), found.moved(found.leaving)
    missing = [name for name in names if name not in corpus.measures()]
    return WhatIf(
        path=corpus.artifact.path,
        changes=limit_changes(before, after),
        documents_in=found.num_seen,
        documents_before=found.num_kept,
        documents_after=found.num_kept + entering.num_documents - leaving.num_documents,
        bytes_before=found.bytes_kept,
        bytes_after=found.bytes_kept + entering.num_bytes - leaving.num_bytes,
        entering=entering,
        leaving=leaving,
        num_doubles=found.num_doubles,
        notes=_notes(settings, after_settings, missing, entering.num_documents),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Judged:
    """A row group with its verdicts under the new limits."""

    group: RowGroup
    columns: Mapping[str, Array]
    verdicts: Verdicts


@dataclass(frozen=True, kw_only=True, eq=False)
class _Move:
    """One document on its way in or out."""

    id: str
    rule: str
    value: float | None
    limit: float | None
    num_bytes: int
    language: str
    group: RowGroup
    place: int


def _judged(
    corpus: Corpus, which: Which, names: Sequence[str], limits: Mapping[str, Limits], languages: Sequence[str]
) -> Iterator[_Judged]:
    known = corpus.columns(which)
    fixed = ("id", "source", "offset", "reason", "value", "limit", "twin")
    wanted = [name for name in (*fixed, *names) if name in known]
    if any(name not in known for name in names):
        wanted.append("text")
    for group in corpus.groups(which, wanted):
        columns = measured_columns(group.table, names)
        verdicts = judge(columns, limits)
        if languages:
            other_D = np.array([not why for why in verdicts.reason_D], bool)
            other_D &= ~np.isin(columns["language"].astype(str), list(languages))
            verdicts.reason_D[other_D] = "language_not_wanted"
        yield _Judged(group=group, columns=columns, verdicts=verdicts)


@final
class _Movement:
    """What moves, found row group by row group."""

    def __init__(self, returning: Sequence[str]) -> None:
        self._returning = returning  # reasons besides limits that are no more
        self.entering: list[_Move] = []
        self.leaving: list[_Move] = []
        self._doubles: list[tuple[str, _Move]] = []
        self.num_seen = self.num_kept = self.bytes_kept = self.num_doubles = 0

    def take(self, rows: _Judged, fixed: frozenset[str]) -> None:
        """Counts one row group in; documents of the files `fixed` stay where they are."""
        table, kept = rows.group.table, rows.group.which == "documents"
        self.num_seen += table.num_rows
        if kept:
            self.num_kept += table.num_rows
            self.bytes_kept += int(np.sum(rows.columns["num_bytes"]))
        sources = table.column("source").to_pylist()
        old = [None] * table.num_rows if kept else table.column("reason").to_pylist()
        for place, reason in enumerate(rows.verdicts.reason_D):
            if sources[place] in fixed:
                continue
            if kept and reason:
                value, limit = rows.verdicts.value_D[place], rows.verdicts.limit_D[place]
                self.leaving.append(_move(rows, place, str(reason), value, limit))
            elif not kept and not reason and old[place] in DUPLICATES and old[place] not in self._returning:
                twin = table.column("twin")[place].as_py()
                self._doubles.append((str(twin), _move(rows, place, str(old[place]), None, None)))
            elif not kept and not reason and (old[place] in self._returning or _by_limits(str(old[place]))):
                value, limit = (table.column(name)[place].as_py() for name in ("value", "limit"))
                self.entering.append(_move(rows, place, str(old[place]), value, limit))

    def settle(self, corpus: Corpus) -> None:
        """A double comes back where its twin leaves; of those that enter, texts that are kept already do not."""
        gone = {move.id for move in self.leaving}
        self.entering += [move for twin, move in self._doubles if twin in gone]
        digests = _digests(self.entering)
        known = _known_digests(corpus, {move.num_bytes for move in self.entering}, gone) if digests else set()
        fresh = []
        for move in self.entering:
            digest = digests[move.id]
            if digest not in known:
                known.add(digest)
                fresh.append(move)
        self.num_doubles = len(self.entering) - len(fresh)
        self.entering = fresh

    def moved(self, moves: Sequence[_Move]) -> Moved:
        """Counts and samples."""
        return Moved(
            num_documents=len(moves),
            num_bytes=sum(move.num_bytes for move in moves),
            rules=dict(Counter(move.rule for move in moves).most_common()),
            languages=dict(Counter(move.language for move in moves).most_common()),
            samples=tuple(_sample(move) for move in _picked(moves)),
        )


def _move(rows: _Judged, place: int, reason: str, value: Any, limit: Any) -> _Move:
    return _Move(
        id=rows.group.table.column("id")[place].as_py(),
        rule=reason,
        value=_plain(value),
        limit=_plain(limit),
        num_bytes=int(rows.columns["num_bytes"][place]),
        language=str(rows.columns["language"][place]),
        group=rows.group,
        place=place,
    )


def _plain(value: Any) -> float | None:
    return None if value is None or np.isnan(value) else float(value)


def _by_limits(reason: str) -> bool:
    return reason == "language_not_wanted" or reason in RULES.rows()


@dataclass(kw_only=True)
class _Places:
    """Rows of one group that are read together."""

    group: RowGroup
    places: list[int] = field(default_factory=list)


def _digests(moves: Sequence[_Move]) -> dict[str, bytes]:
    """The digest of each text, read group by group."""
    groups: dict[tuple[str, int], _Places] = {}
    for move in moves:
        key = (str(move.group.path), move.group.number)
        groups.setdefault(key, _Places(group=move.group)).places.append(move.place)
    return {row["id"]: _digest(row["text"]) for found in groups.values() for row in found.group.rows(found.places)}


def _known_digests(corpus: Corpus, sizes: set[int], gone: set[str]) -> set[bytes]:
    """Digests of the kept texts that have one of these sizes and stay."""
    found: set[bytes] = set()
    known = corpus.columns()
    if "num_bytes" not in known:
        return found
    for table in corpus.tables("documents", ["id", "num_bytes", "text"]):
        alike = table.filter(pc.is_in(table.column("num_bytes"), value_set=pa.array(sorted(sizes), pa.int64())))
        for row in alike.to_pylist():
            if row["id"] not in gone:
                found.add(_digest(row["text"]))
    return found


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:16]


def _picked(moves: Sequence[_Move]) -> list[_Move]:
    """Some of each rule, by the hash of their ids, so that the same ones are shown each time."""
    counts = Counter[str]()
    picked: list[_Move] = []
    for move in sorted(moves, key=lambda move: stream_seed(0, "sample", move.id)):
        if counts[move.rule] < SAMPLES_OF_A_RULE and len(picked) < MOST_SAMPLES:
            counts[move.rule] += 1
            picked.append(move)
    return picked


def _sample(move: _Move) -> MovedSample:
    row = move.group.rows([move.place])[0]
    return MovedSample(
        id=move.id,
        source=row["source"],
        offset=row["offset"],
        language=move.language,
        num_bytes=move.num_bytes,
        rule=move.rule,
        value=move.value,
        limit=move.limit,
        text=row["text"][:SHOWN],
    )


MEASURED_NOW = Text("measured now from the stored texts: {names}", "以下度量由已存文本现场测得：{names}")
EDITS_STAY = Text(
    "the texts stay as the build left them: what the other preset would edit is not replayed",
    "文本保持构建时的样子：另一预设会做的修改不在此重演",
)
NEAR_OUT = Text(
    "near duplicates among what would enter are found only by a build",
    "新进入的文档之间的近似重复只有重新构建才能发现",
)
NEAR_ON = Text(
    "the other preset also drops near duplicates, which only a build can find",
    "另一预设还会丢弃近似重复，这只有重新构建才能发现",
)


def _near(settings: CorpusSettings) -> bool:
    near = settings.duplicates.near
    return preset_of(settings).near if near is None else near


def _notes(
    before: CorpusSettings, after: CorpusSettings, missing: Sequence[str], num_entering: int
) -> tuple[Text, ...]:
    """What the answer leaves out, and what it had to measure anew."""
    old, new = preset_of(before), preset_of(after)
    names = ", ".join(missing)
    edited = old.line_rules != new.line_rules or (before.cleaning, cleaners_of(before)) != (
        after.cleaning,
        cleaners_of(after),
    )
    notes = (
        (bool(missing), Text._make(said.format(names=names) for said in MEASURED_NOW)),
        (edited, EDITS_STAY),
        (_near(after) and not _near(before), NEAR_ON),
        (_near(after) and _near(before) and num_entering > 0, NEAR_OUT),
    )
    return tuple(text for holds, text in notes if holds)
