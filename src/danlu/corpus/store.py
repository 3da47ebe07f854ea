"""The corpus artifact: its one reader and writer. Parquet parts of kept and of dropped documents."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, final

import pyarrow as pa
import pyarrow.parquet as pq

from danlu.core.artifacts import Artifact, open_artifact
from danlu.core.disk import disk_errors
from danlu.corpus.document import Document

KIND = "corpus"
KEPT, DROPPED = "documents", "dropped"
SOURCES = "sources.jsonl"  # one line for each file read: bytes, SHA-256, reader, encodings, refused records
PLACE = (("id", pa.string()), ("source", pa.string()), ("offset", pa.int64()), ("domain", pa.string()))
DECISION = (("reason", pa.string()), ("value", pa.float64()), ("limit", pa.float64()), ("twin", pa.string()))
COLUMNS = (*PLACE, ("text", pa.large_string()), ("split", pa.string()), ("cluster", pa.string()))
EDITS = ("edits", pa.list_(pa.string()))
NOT_MEASURES = frozenset(name for name, _ in (*COLUMNS, *DECISION, EDITS))
BATCH_ROWS = 256

Which = Literal["documents", "dropped"]


@final
class PartWriter:
    """Writes one Parquet part with fixed settings: equal rows give equal bytes. Visible under its name when closed.

    `fast` is for files of the work itself, which nobody keeps.
    """

    def __init__(self, path: Path, schema: pa.Schema, *, fast: bool = False) -> None:
        self._path, self._temporary = path, path.with_name(path.name + ".tmp")
        with disk_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(
                self._temporary,
                schema,
                compression="lz4" if fast else "zstd",
                compression_level=None if fast else 3,
                use_dictionary=[
                    name for name in ("source", "domain", "split", "language", "reason") if name in schema.names
                ],
                write_statistics=False,
                store_schema=True,
            )

    def write(self, table: pa.Table) -> None:
        """Adds the rows of `table` as one row group."""
        with disk_errors(self._path):
            self._writer.write_table(table, row_group_size=max(1, table.num_rows))

    def close(self) -> None:
        """Ends the file and gives it its name."""
        with disk_errors(self._path):
            self._writer.close()
            self._temporary.replace(self._path)


@dataclass(frozen=True, kw_only=True, eq=False)
class RowGroup:
    """Some rows of one part as they are read: which side, which file and group; `table` holds the wanted columns."""

    which: Which
    path: Path
    number: int
    table: pa.Table

    def rows(self, places: Sequence[int]) -> list[dict[str, Any]]:
        """Whole rows, texts included, with `which` beside their columns."""
        with pq.ParquetFile(self.path) as file:
            chosen = file.read_row_group(self.number).take(pa.array(places, pa.int64()))
        return [{**row, "which": self.which} for row in chosen.to_pylist()]


@final
class Corpus:
    """A finished corpus. Documents come in the order in which the build found them, one row group in memory."""

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact

    def documents(self, split: str = "train") -> Iterator[Document]:
        """The kept documents of one split, streamed."""
        names = [name for name, _ in PLACE] + ["text"]
        for table in self.tables("documents", [*names, "split"]):
            columns = {name: table.column(name).to_pylist() for name in names}
            chosen = [place for place, name in enumerate(table.column("split").to_pylist()) if name == split]
            for place in chosen:
                yield Document(**{name: values[place] for name, values in columns.items()})

    def num_documents(self, split: str) -> int:
        """Kept documents of a split."""
        return int(self.artifact.facts["num_documents"][split])

    def num_bytes(self, split: str) -> int:
        """UTF-8 bytes of the texts of a split."""
        return int(self.artifact.facts["bytes_kept"][split])

    def tables(self, which: Which, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows of `documents` or `dropped` as Arrow tables, one row group each, with all or some columns."""
        for group in self.groups(which, columns):
            yield group.table

    def groups(self, which: Which, columns: Sequence[str] | None = None) -> Iterator[RowGroup]:
        """As `tables`, with the place of each group, so that whole rows can be read later."""
        for path in sorted((self.artifact.path / which).glob("part-*.parquet")):
            with pq.ParquetFile(path) as file:
                for number in range(file.num_row_groups):
                    table = file.read_row_group(number, columns=None if columns is None else list(columns))
                    yield RowGroup(which=which, path=path, number=number, table=table)

    def columns(self, which: Which = "documents") -> list[str]:
        """The names of all columns; none when there is no such document."""
        for path in sorted((self.artifact.path / which).glob("part-*.parquet")):
            return list(pq.read_schema(path).names)
        return []

    def measures(self) -> list[str]:
        """The names of the measure columns."""
        return [name for name in self.columns() or self.columns("dropped") if name not in NOT_MEASURES]

    def sources(self) -> list[dict[str, Any]]:
        """One mapping for each file that was read."""
        path = self.artifact.path / SOURCES
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]


def open_corpus(path: Path) -> Corpus:
    """Opens a finished corpus; raises ArtifactError when it is unfinished, damaged or of another kind."""
    return Corpus(open_artifact(path, KIND))


def write_sources(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes the list of files read, one JSON object a line."""
    text = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
    with disk_errors(path):
        (path / SOURCES).write_text(text, encoding="utf-8", newline="\n")
