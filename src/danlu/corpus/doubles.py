"""What a corpus tells of its duplicates: how many, how alike, the largest groups, and pairs side by side."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from danlu.core.streams import stream_seed
from danlu.corpus.differing import Difference, differences
from danlu.corpus.naming import find
from danlu.corpus.store import Corpus

MOST_GROUPS = 5
MOST_PAIRS = 3
SHOWN = 300


@dataclass(frozen=True, kw_only=True)
class Group:
    """A kept document and how many were dropped as its doubles."""

    id: str
    source: str
    offset: int
    num_doubles: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A near duplicate, its kept twin, and where they differ."""

    id: str
    name: str
    twin: str
    twin_name: str
    similarity: float | None
    differences: tuple[Difference, ...]


@dataclass(frozen=True, kw_only=True)
class Doubles:
    """Counts by kind; near duplicates by their similarity in steps of 0.05 (`"0.75"`: from 0.75 below 0.80)."""

    kinds: Mapping[str, int]
    similarities: Mapping[str, int]
    groups: tuple[Group, ...]
    pairs: tuple[Pair, ...]


def doubles(corpus: Corpus) -> Doubles:
    """Reads the small columns of what was dropped, and the texts of the examples."""
    kinds: Counter[str] = Counter()
    similarities: Counter[str] = Counter()
    twins: Counter[str] = Counter()
    near: list[str] = []
    if "twin" in corpus.columns("dropped"):
        for table in corpus.tables("dropped", ["id", "reason", "value", "twin"]):
            for row in table.filter(pc.is_valid(table.column("twin"))).to_pylist():
                kinds[row["reason"]] += 1
                twins[row["twin"]] += 1
                if row["reason"] == "near_duplicate":
                    near.append(row["id"])
                    similarities[_step(row["value"])] += 1
    picked = sorted(near, key=lambda name: stream_seed(0, "sample", name))[:MOST_PAIRS]
    groups = [(name, count) for name, count in sorted(twins.items(), key=lambda item: (-item[1], item[0])) if count > 1]
    return Doubles(
        kinds=dict(kinds.most_common()),
        similarities=dict(sorted(similarities.items())),
        groups=tuple(_group(corpus, name, count) for name, count in groups[:MOST_GROUPS]),
        pairs=tuple(_pair(corpus, name) for name in picked),
    )


def _step(value: float | None) -> str:
    return "?" if value is None else f"{int(value * 20 + 1e-9) / 20:.2f}"


def _group(corpus: Corpus, name: str, count: int) -> Group:
    row = _row(corpus, name)
    return Group(id=name, source=row["source"], offset=row["offset"], num_doubles=count, text=row["text"][:SHOWN])


def _pair(corpus: Corpus, name: str) -> Pair:
    (hit,) = find(corpus, name)
    row = hit.row()
    (other,) = find(corpus, row["twin"])
    return Pair(
        id=name,
        name=hit.name,
        twin=other.id,
        twin_name=other.name,
        similarity=row["value"],
        differences=differences(row["text"], other.row()["text"]),
    )


def _row(corpus: Corpus, name: str) -> dict[str, Any]:
    (hit,) = find(corpus, name)
    return hit.row()
