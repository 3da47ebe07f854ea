"""The last pass over a shard: its rows with the decisions of the whole build go into the artifact's parts."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from danlu.corpus.document import document_id
from danlu.corpus.judging import measure_batch
from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.piece_cutting import without_repeated
from danlu.corpus.segments import pause
from danlu.corpus.settings import CorpusSettings
from danlu.corpus.shard_reading import measure_column
from danlu.corpus.splits import TRAIN, VALID
from danlu.corpus.store import COLUMNS, DECISION, DROPPED, EDITS, KEPT, PartWriter


@dataclass(frozen=True, kw_only=True)
class WritingTask:
    """One scratch file with its decisions (a file with the columns of `Decisions`, row for row)."""

    index: int
    scratch: Path
    decisions: Path
    folder: Path
    settings: CorpusSettings
    cut_share: float = 0.0  # when the only document must give both splits: the share of it that is held out


def write_shard(task: WritingTask) -> dict[str, Any]:
    """Writes `documents/part-N.parquet`, and `dropped/part-N.parquet` when there is any; gives the counts."""
    decided = pq.read_table(task.decisions)
    kept = _Part(task.folder / KEPT / f"part-{task.index:05d}.parquet")
    dropped = _Part(task.folder / DROPPED / f"part-{task.index:05d}.parquet")
    counts = _Counts()
    row = 0
    with pq.ParquetFile(task.scratch) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            table = _with_decisions(table, decided.slice(row, table.num_rows))
            row += table.num_rows
            if "repeated" in table.column_names:
                table = without_repeated(table, task.settings)
            is_kept = pc.is_null(table.column("reason"))
            stays, goes = table.filter(is_kept), table.filter(pc.invert(is_kept))
            if task.cut_share and stays.num_rows:
                stays = _cut_last(stays, task)
            kept.write(_ordered(stays, dropped=False))
            if goes.num_rows:
                dropped.write(_ordered(goes, dropped=True))
            counts.add(stays, goes)
    kept.close()
    dropped.close()
    return counts.facts()


def _with_decisions(table: pa.Table, decided: pa.Table) -> pa.Table:
    """Puts the columns of the decisions in place of those of the first pass."""
    for name in ("reason", "value", "limit"):
        table = table.drop_columns([name])
    for name in decided.column_names:
        table = table.append_column(name, decided.column(name))
    return table


def _ordered(table: pa.Table, *, dropped: bool) -> pa.Table:
    """The columns in the artifact's order: place, text, split, cluster, language, edits, measures, decision."""
    fixed = [name for name, _ in COLUMNS]
    if dropped:
        fixed.remove("split")
    decision = [name for name, _ in DECISION]
    internal = {"valid", "digest", "signature", "pieces", "repeated", "split", EDITS[0], "language", *decision, *fixed}
    measures = [name for name in table.column_names if name not in internal]
    return table.select([*fixed, "language", EDITS[0], *measures, *(decision if dropped else ())])


class _Part:
    """A part file that exists only once something is written to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: PartWriter | None = None

    def write(self, table: pa.Table) -> None:
        self._writer = self._writer or PartWriter(self._path, table.schema)
        self._writer.write(table)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class _Counts:
    """Documents and bytes of each split, and what was dropped for which reason."""

    def __init__(self) -> None:
        self.documents = Counter({TRAIN: 0, VALID: 0})
        self.num_bytes = Counter({TRAIN: 0, VALID: 0})
        self.dropped: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()

    def add(self, kept: pa.Table, dropped: pa.Table) -> None:
        columns = (kept.column(name).to_pylist() for name in ("split", "num_bytes", "language"))
        for split, num_bytes, language in zip(*columns, strict=True):
            self.documents[split] += 1
            self.num_bytes[split] += num_bytes
            self.languages[language] += 1
        self.dropped.update(dropped.column("reason").to_pylist())

    def facts(self) -> dict[str, Any]:
        return {
            "documents": dict(self.documents),
            "bytes": dict(self.num_bytes),
            "dropped": dict(self.dropped),
            "languages": dict(self.languages),
        }


def _cut_last(table: pa.Table, task: WritingTask) -> pa.Table:
    """Cuts the document that is marked for validation: its head stays for training, its tail is held out."""
    rows = table.to_pylist()
    place = next((i for i, row in enumerate(rows) if row["split"] == VALID), None)
    if place is None:
        return table
    text = rows[place]["text"]
    wanted = round(len(text) * (1 - task.cut_share))
    slack = max(1, round(len(text) * task.cut_share / 2))
    at = min(max(1, pause(text, max(1, wanted - slack), wanted + slack, wanted)), max(1, len(text) - 1))
    pieces = [piece for piece in (text[:at], text[at:]) if piece]
    if len(pieces) < 2:
        return table
    measured = measure_batch(TextBatch(pieces), task.settings)
    halves = []
    for number, piece in enumerate(pieces):
        half = {**rows[place], "text": piece, "split": (TRAIN, VALID)[number]}
        half["edits"] = [*rows[place]["edits"], "cut:2"]
        half.update({name: measure_column(name, values)[number].as_py() for name, values in measured.items()})
        halves.append(half)
    halves[1]["id"] = document_id(halves[1]["source"], halves[1]["offset"], 1_000_000_000)
    return pa.Table.from_pylist([*rows[:place], *halves, *rows[place + 1 :]], schema=table.schema)
