"""Parquet: one row is one document; read by row groups, so that memory does not grow with the file."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.encoding import decode
from danlu.corpus.opening import UnpackError
from danlu.corpus.readers.delimited import text_column
from danlu.corpus.readers.json_lines import SHOWN, from_object
from danlu.corpus.readers.plain import read_whole, reading_edits
from danlu.corpus.settings import ReadingSettings

BATCH_ROWS = 1024


def read(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields the text column of each row (string or binary); `offset` counts the rows. A damaged file is refused."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    row = 0
    try:
        packed = io.BytesIO(read_whole(part, settings)) if part.file.compression else Path(part.file.path)
        with pq.ParquetFile(packed) as file:
            names = file.schema_arrow.names
            column = text_column(names, settings)
            if column is None:
                yield Refused(offset=0, reason="no_text_field", got=", ".join(names)[:SHOWN])
                return
            wanted = [name for name in (column, settings.domain_field, "domain", "source") if name in names]
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(dict.fromkeys(wanted))):
                for value in batch.to_pylist():
                    yield _from_row(value, column, row, settings)
                    row += 1
    except (pa.ArrowException, OSError, UnpackError) as problem:
        yield Refused(offset=row, reason="damaged_parquet", got=str(problem)[:SHOWN])


def _from_row(value: dict[str, Any], column: str, row: int, settings: ReadingSettings) -> Found | Refused:
    text = value[column]
    edits: tuple[str, ...] = ()
    if isinstance(text, bytes):
        decoded = decode(text, settings.encoding)
        text, edits = decoded.text, reading_edits(decoded)
    return from_object({**value, settings.text_field: text}, row, settings, edits)


READER = Reader(endings=(".parquet",), read=read, many=True)
