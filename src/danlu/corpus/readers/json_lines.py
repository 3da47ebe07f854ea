"""JSON lines (one object a line) and JSON arrays: which one it is shows in the data, whatever the ending says."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.encoding import decode, repair_surrogates
from danlu.corpus.opening import UnpackError
from danlu.corpus.readers.blocks import Line, line_number, read_lines
from danlu.corpus.readers.plain import read_whole, reading_edits
from danlu.corpus.readers.shapes import Record, record, records, shape_of, value_at
from danlu.corpus.settings import ReadingSettings

SHOWN = 200  # characters of a refused record that are kept for the report
DOMAIN_LENGTH = 80
PLAIN_FIELD = "text"  # where texts stand in files made for language models; another setting names the field for sure


def _no_constant(name: str) -> None:
    """NaN and Infinity are no JSON, yet harmless beside a text."""


# Made once: `json.loads` with an argument makes a decoder for each call, a third of its time on short lines.
_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def read(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields one document for each object with a text; anything else is refused with its line and its beginning."""
    try:
        for number, line in enumerate(read_lines(part, settings)):
            if number == 0 and part.start == 0 and (_begins_array(line.data) or _is_all(line, part)):
                yield from _read_array(part, settings)
                return
            if line.too_long or line.data.strip():
                yield _from_line(line, part, settings)
    except UnpackError as problem:
        yield Refused(offset=part.start, reason=problem.reason, got=problem.got)


def from_object(value: Any, offset: int, settings: ReadingSettings, edits: tuple[str, ...] = ()) -> Found | Refused:
    """The document in a parsed value: the text field of an object, what its shape says, or the value when it is a string."""
    shape = None
    if settings.text_field == PLAIN_FIELD or settings.shape != "auto":
        shape = shape_of(value, settings.shape)
    if shape is not None:
        return _from_record(record(value, shape, settings.shape), offset, value, edits)
    text = _text_of(value, settings.text_field)
    if not isinstance(text, str):
        reason = "text_is_no_string" if text is not None or not isinstance(value, dict) else "no_text_field"
        if isinstance(value, dict) and settings.text_field in value:
            reason = "text_is_no_string"
        return Refused(offset=offset, reason=reason, got=_shown(value))
    return _found(text, offset, _domain(value, settings), edits)


def _from_record(found: Record, offset: int, value: Any, edits: tuple[str, ...]) -> Found | Refused:
    """The document in a record of a shape; posts without text, deleted ones among them, are refused as empty."""
    if found.text is None or not found.text.strip():
        return Refused(offset=offset, reason="empty", got=_shown(value))
    return _found(found.text, offset, found.domain, edits)


def _found(text: str, offset: int, domain: str | None, edits: tuple[str, ...]) -> Found:
    mended = repair_surrogates(text)
    return Found(offset=offset, text=mended.text, domain=domain, edits=(*edits, *reading_edits(mended)))


def _text_of(value: Any, field: str) -> Any:
    """What the text field names: `a.b` goes into objects, `a+b` joins the texts that are there by a blank line."""
    if not isinstance(value, dict):
        return value
    if field in value or "+" not in field:
        return value_at(value, field)
    texts = [text for text in (value_at(value, name.strip()) for name in field.split("+")) if isinstance(text, str)]
    return "\n\n".join(texts) if texts else None


def _shown(value: Any) -> str:
    return repr(value)[:SHOWN]


def _from_line(line: Line, part: FilePart, settings: ReadingSettings) -> Found | Refused:
    if line.too_long:
        return _refused(line, "too_long", part, settings)
    decoded = decode(line.data, settings.encoding)
    try:
        value = _DECODER.decode(decoded.text)
    except (ValueError, RecursionError):
        return _refused(line, "not_json", part, settings)
    found = from_object(value, line.offset, settings, reading_edits(decoded))
    return found if isinstance(found, Found) else _refused(line, found.reason, part, settings)


def _refused(line: Line, reason: str, part: FilePart, settings: ReadingSettings) -> Refused:
    shown = line.data[: 4 * SHOWN].decode("utf-8", "replace")[:SHOWN]
    return Refused(offset=line.offset, reason=reason, got=shown, line=line_number(part, line.offset, settings))


def _begins_array(data: bytes) -> bool:
    """A line that begins an array which it does not end, or ends as the array of all documents."""
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    return data.startswith(b"[") or data in (b"{",)


def _read_array(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """A file that is one JSON value: an array of documents, an object of arrays is none. `offset` counts the rows."""
    decoded = decode(read_whole(part, settings), settings.encoding)
    try:
        values = _DECODER.decode(decoded.text)
    except (ValueError, RecursionError) as problem:
        yield Refused(offset=0, reason="not_json", got=str(problem)[:SHOWN], line=getattr(problem, "lineno", None))
        return
    edits = reading_edits(decoded)
    if settings.rows_field and not isinstance(values, list):
        values = value_at(values, settings.rows_field)
        if not isinstance(values, list):
            yield Refused(offset=0, reason="no_text_field", got=f"no list at {settings.rows_field}")
            return
    named = settings.text_field != PLAIN_FIELD and settings.shape == "auto"
    found = None if named else records(values, settings.shape)
    if found is not None:
        for item in found:
            if item.shapeless is None:
                yield _from_record(item, item.row, f"record {item.row}", edits)
            else:
                yield from_object(item.shapeless, item.row, settings, edits)
        return
    for row, value in enumerate(values if isinstance(values, list) else [values]):
        yield from_object(value, row, settings, edits)


def _is_all(line: Line, part: FilePart) -> bool:
    """Whether the first line is an object that is the whole file: exports are often written without line ends."""
    whole = not part.file.compression and len(line.data) + 2 >= part.file.num_bytes
    return whole and part.stop is None and line.data.lstrip().startswith(b"{")


def _domain(value: Any, settings: ReadingSettings) -> str | None:
    """The domain that a record names; an address counts by its host, so that each page is not a domain of its own."""
    if not isinstance(value, dict):
        return None
    for name in (settings.domain_field,) if settings.domain_field else ("domain", "source"):
        domain = value.get(name)
        if isinstance(domain, str) and domain.strip():
            if "://" in domain:
                domain = urlsplit(domain).netloc or domain
            return repair_surrogates(domain.strip()[:DOMAIN_LENGTH]).text
    return None


LINES = Reader(endings=(".jsonl", ".ndjson", ".jl"), read=read, many=True, ranges=True)
JSON = Reader(endings=(".json",), read=read, many=True, ranges=True)
