"""Files as blocks of whole lines: the memory that reading takes does not grow with the file."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from danlu.corpus.document import FilePart
from danlu.corpus.opening import open_bytes
from danlu.corpus.settings import ReadingSettings

BLOCK_BYTES = 8 * 2**20


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line without its line end; `too_long` holds only the beginning of one above `max_document_bytes`."""

    offset: int
    data: bytes
    too_long: bool = False


def read_lines(part: FilePart, settings: ReadingSettings) -> Iterator[Line]:
    """The lines that begin in the part, wherever they end, so that neighbouring parts share none and lose none."""
    limit = settings.max_document_bytes
    with open_bytes(Path(part.file.path), part.file.compression, settings) as stream:
        offset = part.start
        if offset:
            stream.seek(offset - 1)
            offset += len(stream.readline()) - 1
        while part.stop is None or offset < part.stop:
            data = stream.readline(limit)
            if not data:
                return
            start, offset = offset, offset + len(data)
            if len(data) < limit or data.endswith(b"\n"):
                yield Line(offset=start, data=data.rstrip(b"\r\n"))
                continue
            while rest := stream.readline(BLOCK_BYTES):
                offset += len(rest)
                if rest.endswith(b"\n"):
                    break
            yield Line(offset=start, data=data[:1000], too_long=True)


def read_blocks(part: FilePart, settings: ReadingSettings) -> Iterator[Line]:
    """Blocks of about 8 MiB that end behind a line end where there is one; a range begins behind a blank line."""
    with open_bytes(Path(part.file.path), part.file.compression, settings) as stream:
        offset = part.start
        if offset:
            stream.seek(offset - 1)
            offset += len(stream.readline()) - 1
        while part.stop is None or offset < part.stop:
            wanted = BLOCK_BYTES if part.stop is None else min(BLOCK_BYTES, part.stop - offset)
            data = stream.read(wanted)
            if not data:
                return
            if not data.endswith(b"\n"):
                data += stream.readline(BLOCK_BYTES)
            if not data.endswith(b"\n"):
                data += _rest_of_character(stream)
            yield Line(offset=offset, data=data)
            offset += len(data)


def _rest_of_character(stream: BinaryIO) -> bytes:
    """The continuation bytes of UTF-8 that follow, where a block had to end within a line."""
    rest = b""
    while len(rest) < 3 and (following := cast(io.BufferedReader, stream).peek(1)[:1]) and following[0] & 0xC0 == 0x80:
        rest += stream.read(1)
    return rest


def line_number(part: FilePart, offset: int, settings: ReadingSettings) -> int:
    """The line (from 1) at a byte offset; counts line ends from the start of the file, so only for messages."""
    number = 1
    with open_bytes(Path(part.file.path), part.file.compression, settings) as stream:
        while offset > 0 and (data := stream.read(min(BLOCK_BYTES, offset))):
            number += data.count(b"\n")
            offset -= len(data)
    return number
