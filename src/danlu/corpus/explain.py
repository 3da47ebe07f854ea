"""The way of one document through the build: where it lay, what was changed, measured, decided, and its twin."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from danlu.core.language import Text
from danlu.corpus.differing import Difference, differences
from danlu.corpus.leaks import leaks_of
from danlu.corpus.naming import find, find_one
from danlu.corpus.reasons import edit_meaning, reason_meaning
from danlu.corpus.rules.judge import limits_of, rule
from danlu.corpus.settings import CorpusSettings
from danlu.corpus.store import NOT_MEASURES, Corpus

MOST_DOUBLES = 5


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One rule and this document: the value measured, the limits, and whether it stays within them."""

    rule: str
    meaning: Text
    source: str
    value: float
    least: float | None
    most: float | None
    passed: bool


@dataclass(frozen=True, kw_only=True)
class TokenRange:
    """Where a document stands in the tokens of a split: ids [start, end) of `file`, as document `number`."""

    file: str
    split: str
    number: int
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Everything the corpus knows of a document. `reason` is None for a kept one; `twin_text` shows its double.

    `doubles` are dropped documents whose twin it is (MOST_DOUBLES are named), `num_in_cluster` counts the cluster that
    decides its split, `piece` counts the segments of a cut text from 1 (0: uncut).
    """

    id: str
    source: str
    offset: int
    piece: int
    domain: str
    text: str
    kept: bool
    split: str | None
    cluster: str
    num_in_cluster: int
    language: str
    edits: tuple[str, ...]
    edit_meanings: tuple[Text, ...]
    measures: Mapping[str, float]
    judgements: tuple[Judgement, ...]
    reason: str | None
    reason_meaning: Text | None
    value: float | None
    limit: float | None
    twin: str | None
    twin_source: str | None
    twin_text: str | None
    differences: tuple[Difference, ...]
    num_doubles: int
    doubles: tuple[str, ...]
    leaks: tuple[Mapping[str, Any], ...] = ()  # evaluation items whose text it holds: file, offset, text, share
    tokens: TokenRange | None = None


def explain(corpus: Corpus, document: str) -> Explanation:
    """The explanation of one document, named as `corpus.naming` says: id, FILE, FILE:OFFSET, FILE:OFFSET:PIECE, FILE#N.

    Raises DataError with the candidates when no document or more than one answers to that.
    """
    hit = find_one(corpus, document)
    row = hit.row()
    twin = next(iter(find(corpus, row["twin"])), None) if row.get("twin") else None
    twin_text = None if twin is None else str(twin.row()["text"])
    edits = tuple(row.get("edits") or ())
    doubles = _doubles(corpus, hit.id)
    return Explanation(
        **{name: row[name] for name in ("id", "source", "offset", "domain", "text", "cluster")},
        piece=hit.piece,
        language=row.get("language") or "und",
        kept=hit.which == "documents",
        split=row.get("split"),
        num_in_cluster=_num_in_cluster(corpus, row["cluster"]),
        edits=edits,
        edit_meanings=tuple(edit_meaning(edit) for edit in edits),
        measures={name: row[name] for name in row if name not in NOT_MEASURES and name not in ("which", "language")},
        judgements=judgements(row, CorpusSettings.model_validate(corpus.artifact.settings)),
        reason=row.get("reason"),
        reason_meaning=reason_meaning(row["reason"]) if row.get("reason") else None,
        value=row.get("value"),
        limit=row.get("limit"),
        twin=row.get("twin"),
        twin_source=None if twin is None else twin.name,
        twin_text=twin_text,
        differences=() if twin_text is None else differences(str(row["text"]), twin_text),
        num_doubles=len(doubles),
        doubles=tuple(doubles[:MOST_DOUBLES]),
        leaks=tuple(leaks_of(corpus.artifact.path, hit.id)),
    )


def judgements(row: Mapping[str, Any], settings: CorpusSettings) -> tuple[Judgement, ...]:
    """Every rule that is asked of this document, with what was measured."""
    found = []
    for name, limits in limits_of(settings).items():
        asked = rule(name)
        if asked.measure not in row or row[asked.measure] is None or row[asked.of] < asked.at_least:
            continue
        if asked.languages and row["language"] not in asked.languages:
            continue
        value = float(row[asked.measure])
        too_small = limits.least is not None and value < limits.least
        too_large = limits.most is not None and value > limits.most
        found.append(
            Judgement(
                rule=name,
                meaning=asked.meaning,
                source=asked.source,
                value=value,
                least=limits.least,
                most=limits.most,
                passed=not (too_small or too_large or np.isnan(value)),
            )
        )
    return tuple(found)


def _doubles(corpus: Corpus, twin: str) -> list[str]:
    """The dropped documents that this one stands for."""
    found: list[str] = []
    if "twin" in corpus.columns("dropped"):
        for table in corpus.tables("dropped", ["id", "twin"]):
            found += table.filter(pc.equal(table.column("twin"), twin)).column("id").to_pylist()
    return found


def _num_in_cluster(corpus: Corpus, cluster: str) -> int:
    count = 0
    for which in ("documents", "dropped"):
        if "cluster" in corpus.columns(which):
            for table in corpus.tables(which, ["cluster"]):
                count += pc.sum(pc.equal(table.column("cluster"), cluster)).as_py() or 0
    return count
