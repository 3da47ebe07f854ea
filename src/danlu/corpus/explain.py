"""The way of one document through the build: where it lay, what was changed, measured, decided, and its twin."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from danlu.core.errors import DataError
from danlu.core.language import Text
from danlu.corpus.rules.judge import limits_of, rule
from danlu.corpus.settings import CorpusSettings
from danlu.corpus.store import NOT_MEASURES, Corpus, Which

MAX_MATCHES = 20


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
class Explanation:
    """Everything the corpus knows of a document. `reason` is None for a kept one; `twin_text` shows its double."""

    id: str
    source: str
    offset: int
    domain: str
    text: str
    kept: bool
    split: str | None
    cluster: str
    language: str
    edits: tuple[str, ...]
    measures: Mapping[str, float]
    judgements: tuple[Judgement, ...]
    reason: str | None
    value: float | None
    limit: float | None
    twin: str | None
    twin_source: str | None
    twin_text: str | None


def explain(corpus: Corpus, document: str) -> Explanation:
    """The explanation of one document, named by its id (or its beginning), or by `source` or `source:offset`.

    Raises DataError when no document or more than one answers to that.
    """
    rows = find_rows(corpus, document)
    if len(rows) != 1:
        raise _not_one(document, rows)
    row = rows[0]
    twin = next(iter(find_rows(corpus, row["twin"])), None) if row.get("twin") else None
    settings = CorpusSettings.model_validate(corpus.artifact.settings)
    fixed = ("id", "source", "offset", "domain", "text", "cluster", "language")
    return Explanation(
        **{name: row[name] for name in fixed},
        kept=row["which"] == "documents",
        split=row.get("split"),
        edits=tuple(row["edits"]),
        measures={name: row[name] for name in row if name not in NOT_MEASURES and name not in ("which", "language")},
        judgements=_judgements(row, settings),
        reason=row.get("reason"),
        value=row.get("value"),
        limit=row.get("limit"),
        twin=row.get("twin"),
        twin_source=None if twin is None else f"{twin['source']}:{twin['offset']}",
        twin_text=None if twin is None else twin["text"],
    )


def find_rows(corpus: Corpus, document: str) -> list[dict[str, Any]]:
    """At most MAX_MATCHES rows that `document` names; `which` tells whether they are kept or dropped."""
    found: list[dict[str, Any]] = []
    which: Which
    for which in ("documents", "dropped"):
        for table in corpus.tables(which):
            chosen = table.filter(_matches(table, document))
            found += [{**row, "which": which} for row in chosen.slice(0, MAX_MATCHES).to_pylist()]
    exact = [row for row in found if row["id"] == document]
    return (exact or found)[:MAX_MATCHES]


def _matches(table: pa.Table, document: str) -> Any:
    source, _, offset = document.rpartition(":")
    by_name = pc.or_(
        pc.equal(table.column("source"), document), pc.ends_with(table.column("source"), pattern="/" + document)
    )
    if len(document) >= 6 and all(sign in "0123456789abcdef" for sign in document):
        by_name = pc.or_(by_name, pc.starts_with(table.column("id"), pattern=document))
    if not source or not offset.isdecimal():
        return by_name
    at_place = pc.and_(_matches(table.select(["id", "source"]), source), pc.equal(table.column("offset"), int(offset)))
    return pc.or_(by_name, at_place)


def _judgements(row: Mapping[str, Any], settings: CorpusSettings) -> tuple[Judgement, ...]:
    judgements = []
    for name, limits in limits_of(settings).items():
        found = rule(name)
        if found.measure not in row or row[found.of] < found.at_least:
            continue
        if found.languages and row["language"] not in found.languages:
            continue
        value = float(row[found.measure])
        too_small = limits.least is not None and value < limits.least
        too_large = limits.most is not None and value > limits.most
        judgements.append(
            Judgement(
                rule=name,
                meaning=found.meaning,
                source=found.source,
                value=value,
                least=limits.least,
                most=limits.most,
                passed=not (too_small or too_large),
            )
        )
    return tuple(judgements)


def _not_one(document: str, rows: list[dict[str, Any]]) -> DataError:
    places = ", ".join(f"{row['id']} ({row['source']}:{row['offset']})" for row in rows[:5])
    return DataError(
        Text("{count} documents answer to '{document}'", "有 {count} 篇文档与 '{document}' 对应"),
        got=places or document,
        allowed=Text("the id of one document, or file:offset", "一篇文档的 id,或 文件:偏移"),
        fix=Text("take an id from the report or from the column id", "请从报告或 id 列中选取一个 id"),
        count=len(rows),
        document=document,
    )
