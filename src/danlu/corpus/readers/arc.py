"""ARC, the web archive format before WARC (archive.org, ARC file format 1.0): a header line, then that many bytes."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from danlu.corpus.document import Found, Refused
from danlu.corpus.readers.web_record import MAX_RECORD_BYTES, Payload, payload_of_response, text_of
from danlu.corpus.settings import ReadingSettings

# Address (which may hold spaces), IP address, date, type, in version 2 five more fields, length.
_HEADER = re.compile(rb"^(\S.*?) (\S+) (\d{8,20}) (\S+)(?: \S+ \S+ \S+ \S+ \S+)? (\d{1,12})\r?\n$")
MAX_HEADER_BYTES = 16 * 1024


def read_arc(stream: BinaryIO, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields the pages; lines that are no header where one must stand are refused together, up to the next header."""
    offset, lost_at = 0, -1
    while line := stream.readline(MAX_HEADER_BYTES):
        start, offset = offset, offset + len(line)
        header = _HEADER.match(line)
        if header is None:
            if line.strip() and lost_at < 0:
                lost_at = start
                yield Refused(offset=start, reason="damaged_record", got=line.decode("utf-8", "replace")[:200])
            continue
        lost_at = -1
        length = int(header[5])
        content = stream.read(min(length, MAX_RECORD_BYTES))
        offset += len(content)
        skipped = _skip(stream, length - len(content))
        offset += skipped
        if len(content) + skipped < length:
            got = f"{len(content) + skipped} of {length} bytes"
            yield Refused(offset=start, reason="damaged_record", got=got)
            return
        address = header[1].decode("utf-8", "replace")
        if length > MAX_RECORD_BYTES:
            yield Refused(offset=start, reason="too_long", got=address[:200])
        else:
            yield _record(address, header[4].decode("ascii", "replace"), content, start, settings)


def _record(address: str, kind: str, content: bytes, start: int, settings: ReadingSettings) -> Found | Refused:
    if address.startswith("filedesc:"):
        return Refused(offset=start, reason="no_page", got=address[:200])
    if not content.startswith(b"HTTP/"):
        return text_of(Payload(address, kind, "", content), start, settings)
    payload = payload_of_response(address, content, start)
    return payload if isinstance(payload, Refused) else text_of(payload, start, settings)


def _skip(stream: BinaryIO, count: int) -> int:
    left = count
    while left > 0 and (data := stream.read(min(left, 1 << 20))):
        left -= len(data)
    return count - left
