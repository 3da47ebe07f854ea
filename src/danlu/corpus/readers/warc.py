"""Web archives: WARC (responses become the text of their page, WET conversions are text already) and the older ARC."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, final

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.encoding import decode
from danlu.corpus.opening import UnpackError, open_bytes
from danlu.corpus.readers.arc import read_arc
from danlu.corpus.readers.plain import reading_edits
from danlu.corpus.readers.web_record import MAX_RECORD_BYTES, Payload, host_of, payload_of_response, text_of
from danlu.corpus.settings import ReadingSettings

MAX_DAMAGES = 100  # after so many places the rest of a file is given up: each costs a way from its beginning
BLOCK = 1 << 20
# A record within a record: the length that the outer one states is too large.
_SWALLOWED = re.compile(rb"\r?\n\r?\nWARC/[01]\.\d+\r?\n(?:WARC-|Content-)[A-Za-z-]+:")
_BEGINNING = b"\nWARC/"


@final
class _State:
    """Where the reading is: the record's first byte, and the first byte from which a next record may begin."""

    def __init__(self, start: int) -> None:
        self.offset = self.resume = start


@final
class _Forward:
    """A stream that tells where it is, which fastwarc asks for by seeking; it only ever goes forward."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._place = stream, 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._stream.read(size)
        self._place += len(data)
        return data

    def close(self) -> None:
        """Closes the stream."""
        self._stream.close()

    def tell(self) -> int:
        """Bytes read so far."""
        return self._place

    def seek(self, place: int, whence: int = 0) -> int:
        """The place, when that is where the stream is already."""
        if (place if whence == 0 else self._place + place) != self._place or whence > 1:
            raise OSError("this stream only goes forward")
        return self._place


class _DamagedError(Exception):
    """A record that is cut off, swallows others, or has no header where one must be."""


def read(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields the pages; `offset` is the byte of the record in the unpacked file.

    Requests, metadata, errors and other records without a page are refused as `no_page`, so that the counts add up.
    Behind a damaged record the reading goes on with the next one that can be found.
    """
    state = _State(0)
    damages = 0
    try:
        with _opened(part, 0, settings) as stream:
            if stream.read(11) == b"filedesc://":
                with _opened(part, 0, settings) as again:
                    yield from read_arc(again, settings)
                return
        start: int | None = 0
        while start is not None:
            state = _State(start)
            try:
                with _opened(part, start, settings) as stream:
                    yield from _records(stream, start, settings, state)
                return
            except _DamagedError as problem:
                yield Refused(offset=state.offset, reason="damaged_record", got=str(problem)[:200])
            damages += 1
            start = _next_record(part, state.resume, settings)
            if start is not None and damages == MAX_DAMAGES:
                yield Refused(offset=start, reason="damaged_record", got=f"the rest, after {damages} damaged records")
                return
    except UnpackError as problem:
        yield Refused(offset=state.resume, reason=problem.reason, got=problem.got)


def _records(stream: BinaryIO, start: int, settings: ReadingSettings, state: _State) -> Iterator[Found | Refused]:
    from fastwarc.warc import ArchiveIterator

    records = ArchiveIterator(_Forward(stream), parse_http=False, max_header_len=1 << 20)
    while True:
        try:
            record = next(records, None)
        except OSError as problem:
            state.offset = state.resume
            state.resume += 1
            raise _DamagedError(str(problem)) from problem
        if record is None:
            return
        state.offset = start + record.stream_pos
        state.resume = state.offset + 1
        if not str(record.headers.get("Content-Length") or "").strip().isdigit():
            raise _DamagedError("it states no length")
        content = _content(record, state)
        state.resume = state.offset + record.content_length
        yield _document(record, content, state.offset, settings)


def _content(record: Any, state: _State) -> bytes:
    """The record's bytes as they stand in the file; at most MAX_RECORD_BYTES and one more."""
    try:
        content: bytes = record.reader.read(min(record.content_length, MAX_RECORD_BYTES + 1))
    except OSError as problem:
        raise _DamagedError(str(problem)) from problem
    if swallowed := _SWALLOWED.search(content):
        state.resume = state.offset + swallowed.start()
        raise _DamagedError(f"it states {record.content_length} bytes, another record begins after {swallowed.start()}")
    if len(content) < min(record.content_length, MAX_RECORD_BYTES + 1):
        raise _DamagedError(f"{len(content)} of {record.content_length} bytes")
    return content


def _document(record: Any, content: bytes, offset: int, settings: ReadingSettings) -> Found | Refused:
    kind = str(record.record_type)
    address = str(record.headers.get("WARC-Target-URI") or "").strip("<> ")
    if kind not in ("response", "resource", "conversion"):
        return Refused(offset=offset, reason="no_page", got=f"{kind} {address}".strip()[:200])
    if len(content) > MAX_RECORD_BYTES:
        return Refused(offset=offset, reason="too_long", got=address[:200])
    said = str(record.headers.get("Content-Type") or "")
    if kind == "response" and record.is_http:
        payload = payload_of_response(address, content, offset)
        return payload if isinstance(payload, Refused) else text_of(payload, offset, settings)
    if kind == "conversion" and said.startswith("text/plain"):
        decoded = decode(content, settings.encoding)
        return Found(offset=offset, text=decoded.text, domain=host_of(address), edits=reading_edits(decoded))
    charset = said.partition("charset=")[2].strip("\"' ")
    return text_of(Payload(address, said, charset, content), offset, settings)


def _opened(part: FilePart, start: int, settings: ReadingSettings) -> BinaryIO:
    stream = open_bytes(Path(part.file.path), part.file.compression, settings)
    if not part.file.compression:
        stream.seek(start)
        return stream
    left = start
    while left > 0 and (data := stream.read(min(left, BLOCK))):
        left -= len(data)
    return stream


def _next_record(part: FilePart, after: int, settings: ReadingSettings) -> int | None:
    """The first byte from `after` on that follows a line end and begins like a record."""
    before = max(0, after - 1)
    with _opened(part, before, settings) as stream:
        kept = b""
        while data := stream.read(BLOCK):
            window = kept + data
            place = window.find(_BEGINNING)
            if place >= 0:
                return before + place + 1
            kept = window[-len(_BEGINNING) + 1 :]
            before += len(window) - len(kept)
    return None


READER = Reader(endings=(".warc", ".arc", ".wet", ".wat"), read=read, many=True)
