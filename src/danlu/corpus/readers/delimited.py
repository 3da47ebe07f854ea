"""CSV and TSV: one row is one document; the separator shows in the header line."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.encoding import decode
from danlu.corpus.opening import UnpackError
from danlu.corpus.readers.json_lines import SHOWN, from_object
from danlu.corpus.readers.plain import read_whole, reading_edits
from danlu.corpus.settings import ReadingSettings

_OPENING_QUOTE = re.compile(r'(?:^|\t)"', re.MULTILINE)
_CLOSING_QUOTE = re.compile(r'"(?=\t|\r?$)', re.MULTILINE)
SEPARATORS = "\t,;|"
# Names that a text column goes by when the one that the settings name is not there.
TEXT_NAMES = ("text", "content", "body", "document", "sentence", "正文", "文本", "内容")


def read_csv(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields the text column of each row; `offset` counts the rows from 0 (the header is none).

    The column is the setting's, else a usual name for it; without one the file is refused whole.
    """
    yield from _read(part, settings, SEPARATORS)


def read_tsv(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """The same with tabs alone; quotes are part of the text unless every field that begins with one ends with one."""
    yield from _read(part, settings, "\t")


def _read(part: FilePart, settings: ReadingSettings, separators: str) -> Iterator[Found | Refused]:
    try:
        data = read_whole(part, settings)
    except UnpackError as problem:
        yield Refused(offset=0, reason=problem.reason, got=problem.got)
        return
    decoded = decode(data, settings.encoding)
    csv.field_size_limit(settings.max_document_bytes)
    header_line = decoded.text.partition("\n")[0]
    separator = max(separators, key=lambda sign: (header_line.count(sign), -separators.index(sign)))
    text = decoded.text.replace("\0", "")
    plain = separators == "\t" and _quotes_are_text(text)
    rows = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, quoting=csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL
    )
    header = _next(rows)
    if not isinstance(header, list):
        yield Refused(offset=0, reason="empty" if header is None else "not_csv", got=str(header or ""))
        return
    column = text_column(header, settings)
    if column is None:
        yield Refused(offset=0, reason="no_text_field", got=", ".join(header)[:SHOWN], line=1)
        return
    edits = reading_edits(decoded)
    row = 0
    while (values := _next(rows)) is not None:
        yield _from_row(values, header, column, row, rows.line_num, settings, edits)
        row += 1


def text_column(names: Sequence[str], settings: ReadingSettings) -> str | None:
    """The column that holds the text: the one the settings name, else the first usual name, else the only column."""
    by_lower = {name.strip().lower(): name for name in reversed(names)}
    for name in (settings.text_field.lower(), *TEXT_NAMES):
        if name in by_lower:
            return by_lower[name]
    return names[0] if len(names) == 1 else None


def _quotes_are_text(text: str) -> bool:
    """Whether quotes at the edges of fields do not pair: TSV has no quoting of its own, though some programs write it."""
    return len(_OPENING_QUOTE.findall(text)) != len(_CLOSING_QUOTE.findall(text))


def _next(rows: Any) -> "list[str] | str | None":
    """The next row, None at the end, or the message of a row that cannot be parsed."""
    try:
        found: list[str] | None = next(rows, None)
    except csv.Error as problem:
        return str(problem)
    return found


def _from_row(
    values: "list[str] | str",
    header: Sequence[str],
    column: str,
    row: int,
    line: int,
    settings: ReadingSettings,
    edits: tuple[str, ...],
) -> Found | Refused:
    if isinstance(values, str):
        return Refused(offset=row, reason="not_csv", got=values[:SHOWN], line=line)
    place = header.index(column)
    if len(values) <= place:
        shown = ", ".join(values)[:SHOWN]
        return Refused(offset=row, reason="ragged_row" if values else "empty", got=shown, line=line)
    value = dict(zip(header, values, strict=False))
    return from_object({**value, settings.text_field: values[place]}, row, settings, edits)


CSV = Reader(endings=(".csv",), read=read_csv, many=True)
TSV = Reader(endings=(".tsv", ".tab"), read=read_tsv, many=True)
