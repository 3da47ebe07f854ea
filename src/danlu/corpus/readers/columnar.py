"""Parquet and Arrow: one row is one document; read by batches, so that memory does not grow with the file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.encoding import decode
from danlu.corpus.opening import UnpackError, plain_file
from danlu.corpus.readers.delimited import text_column
from danlu.corpus.readers.json_lines import SHOWN, from_object
from danlu.corpus.readers.plain import reading_edits
from danlu.corpus.settings import ReadingSettings

BATCH_ROWS = 1024


class _Batch(NamedTuple):
    """Some rows as mappings, and the name of the column with the text."""

    column: str
    values: list[dict[str, Any]]


_Batches = Callable[[Path, ReadingSettings], "Iterator[_Batch | Refused]"]


def read_parquet(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields the text column of each row (string or binary); `offset` counts the rows. A damaged file is refused."""
    yield from _read(part, settings, _parquet_batches, "damaged_parquet")


def read_arrow(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """The same for Arrow: IPC files, IPC streams and Feather (version 2, which is an IPC file)."""
    yield from _read(part, settings, _arrow_batches, "damaged_arrow")


def _read(part: FilePart, settings: ReadingSettings, batches: _Batches, damaged: str) -> Iterator[Found | Refused]:
    import pyarrow as pa

    row = 0
    try:
        with plain_file(Path(part.file.path), part.file.compression, settings) as path:
            for found in batches(path, settings):
                if isinstance(found, Refused):
                    yield found
                    return
                for value in found.values:
                    yield _from_row(value, found.column, row, settings)
                    row += 1
    except (pa.ArrowException, OSError) as problem:
        yield Refused(offset=row, reason=damaged, got=str(problem)[:SHOWN])
    except UnpackError as problem:
        yield Refused(offset=row, reason=problem.reason, got=problem.got)


def _parquet_batches(path: Path, settings: ReadingSettings) -> Iterator[_Batch | Refused]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        wanted = _wanted(file.schema_arrow.names, settings)
        if isinstance(wanted, Refused):
            yield wanted
            return
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=wanted):
            yield _Batch(wanted[0], batch.to_pylist())


def _arrow_batches(path: Path, settings: ReadingSettings) -> Iterator[_Batch | Refused]:
    """A file is mapped into memory and read batch by batch, a stream goes from front to back."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        is_file = source.read(6) == b"ARROW1"
        source.seek(0)
        reader = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
        wanted = _wanted(reader.schema.names, settings)
        if isinstance(wanted, Refused):
            yield wanted
            return
        batches = (reader.get_batch(i) for i in range(reader.num_record_batches)) if is_file else reader
        for batch in batches:
            batch.validate(full=True)  # offsets of a damaged file may point anywhere
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield _Batch(wanted[0], batch.select(wanted).slice(start, BATCH_ROWS).to_pylist())


def _wanted(names: list[str], settings: ReadingSettings) -> list[str] | Refused:
    """The columns to read, that of the text first."""
    column = text_column(names, settings)
    if column is None:
        return Refused(offset=0, reason="no_text_field", got=", ".join(names)[:SHOWN])
    others = [name for name in (settings.domain_field, "domain", "source") if name in names]
    return list(dict.fromkeys([column, *others]))


def _from_row(value: dict[str, Any], column: str, row: int, settings: ReadingSettings) -> Found | Refused:
    text = value[column]
    edits: tuple[str, ...] = ()
    if isinstance(text, bytes):
        decoded = decode(text, settings.encoding)
        text, edits = decoded.text, reading_edits(decoded)
    return from_object({**value, settings.text_field: text}, row, settings, edits)


PARQUET = Reader(endings=(".parquet",), read=read_parquet, many=True, binary=True)
ARROW = Reader(endings=(".arrow", ".arrows", ".feather", ".ipc"), read=read_arrow, many=True, binary=True)
