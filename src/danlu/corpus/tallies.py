"""Sums over the columns of kept documents: languages, domains, licences, lengths, edits, personal data.

Row group by row group, so memory does not grow with the corpus (but for one number per document of the percentiles).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from danlu.corpus.measures.batch import Array
from danlu.corpus.reasons import count_edits
from danlu.corpus.store import NOT_MEASURES, Corpus

SIZES = ("num_bytes", "num_characters", "num_units", "num_han")
LICENCE_COLUMNS = ("license", "licence")
UNKNOWN = "unknown"
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """The kept documents of one language, domain or licence. Sizes that the build did not measure are 0."""

    name: str
    num_documents: int
    num_bytes: int
    num_characters: int
    num_units: int
    num_han: int


@dataclass(frozen=True, kw_only=True)
class LengthBin:
    """How many kept documents have at least `low` and less than `high` bytes."""

    low: int
    high: int
    num_documents: int


@dataclass(frozen=True, kw_only=True)
class EditCount:
    """In how many kept documents an edit was made, and how often all in all."""

    num_documents: int
    num_changes: int


def tallies(corpus: Corpus, column: str) -> tuple[Tally, ...]:
    """Sums for each value of `column`, the most bytes first; nothing where the corpus has no such column."""
    known = corpus.columns()
    if column not in known:
        return ()
    sizes = [name for name in SIZES if name in known]
    sums: dict[str, Counter[str]] = {}
    for table in corpus.tables("documents", [column, *sizes]):
        wanted = [([], "count_all"), *((name, "sum") for name in sizes)]
        for row in table.group_by(column).aggregate(wanted).to_pylist():
            found = sums.setdefault(row[column] or UNKNOWN, Counter())
            found.update({"num_documents": row["count_all"], **{name: row[f"{name}_sum"] or 0 for name in sizes}})
    rows = [
        Tally(name=name, **{field: found[field] for field in ("num_documents", *SIZES)}) for name, found in sums.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.num_bytes, -row.num_documents, row.name)))


def licences(corpus: Corpus) -> tuple[Tally, ...]:
    """Sums for each licence that readers stored; one row `unknown` where none was."""
    for column in LICENCE_COLUMNS:
        if column in corpus.columns():
            return tallies(corpus, column)
    whole = tallies(corpus, "split")
    if not whole:
        return ()
    fields = ("num_documents", *SIZES)
    return (Tally(name=UNKNOWN, **{field: sum(getattr(row, field) for row in whole) for field in fields}),)


def percentiles(corpus: Corpus) -> dict[str, dict[int, float]]:
    """Percentiles of every measure over the kept documents."""
    names = [name for name in corpus.measures() if name not in NOT_MEASURES and name != "language"]
    columns: dict[str, list[Array]] = {name: [] for name in names}
    for table in corpus.tables("documents", names) if names else ():
        for name in names:
            columns[name].append(table.column(name).to_numpy())
    return {
        name: {p: round(float(np.percentile(np.concatenate(parts), p)), 4) for p in PERCENTILES}
        for name, parts in columns.items()
        if sum(part.size for part in parts) and parts[0].dtype.kind in "iufb"
    }


def length_bins(corpus: Corpus) -> tuple[LengthBin, ...]:
    """Kept documents by powers of two of their bytes, from the shortest to the longest one there is."""
    counts: Counter[int] = Counter()
    if "num_bytes" not in corpus.columns():
        return ()
    for table in corpus.tables("documents", ["num_bytes"]):
        sizes = table.column("num_bytes").to_numpy()
        powers, found = np.unique(np.floor(np.log2(np.maximum(1, sizes))).astype(int), return_counts=True)
        counts.update(dict(zip(powers.tolist(), found.tolist(), strict=True)))
    span = range(min(counts), max(counts) + 1) if counts else ()
    return tuple(LengthBin(low=2**power, high=2 ** (power + 1), num_documents=counts[power]) for power in span)


def edit_counts(corpus: Corpus) -> dict[str, EditCount]:
    """Every kind of edit in the kept documents, the most frequent first."""
    documents: Counter[str] = Counter()
    changes: Counter[str] = Counter()
    for edits in _edits(corpus):
        found = count_edits(edits)
        documents.update(found.keys())
        changes.update(found)
    return {
        name: EditCount(num_documents=documents[name], num_changes=changes[name]) for name, _ in documents.most_common()
    }


def personal_data(edits: Mapping[str, EditCount]) -> dict[str, EditCount]:
    """Of all edits those on personal data, by their kind (email, phone, ...)."""
    return {name.partition(":")[2]: found for name, found in edits.items() if name.startswith("privacy:")}


def _edits(corpus: Corpus) -> Iterator[Sequence[str]]:
    """The edits of those kept documents that have any."""
    if "edits" not in corpus.columns():
        return
    for table in corpus.tables("documents", ["edits"]):
        column = table.column("edits")
        yield from column.filter(pc.greater(pc.list_value_length(column), 0)).to_pylist()
