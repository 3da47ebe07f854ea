"""Plain text: one file is one document; a large one is read in blocks and cut into segments."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.encoding import Decoded, decode, encoding_of
from danlu.corpus.opening import UnpackError, open_bytes, read_head
from danlu.corpus.readers.blocks import BLOCK_BYTES, read_blocks, read_lines
from danlu.corpus.settings import ReadingSettings


def read(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields the text of the part: whole below 8 MiB (and always for validation), else in blocks of whole lines.

    The encoding is found at the start of the file. A packed file that is damaged gives the text before the damage,
    and a refusal.
    """
    try:
        if part.file.valid:
            yield found_text(read_whole(part, settings), settings)
            return
        head = read_head(Path(part.file.path), part.file.compression, 64 * 1024, settings)
        encoding = encoding_of(head) if settings.encoding == "auto" else settings.encoding
        if encoding.startswith(("utf-16", "utf-32")):
            yield from _read_wide(part, encoding, settings)
            return
        if settings.shape == "lines":
            yield from _read_lines(part, encoding, settings)
            return
        for block in read_blocks(part, settings):
            decoded = decode(block.data, "auto" if encoding in ("utf-8", "mixed") else encoding)
            yield Found(offset=block.offset, text=decoded.text, edits=reading_edits(decoded))
    except UnpackError as problem:
        yield Refused(offset=part.start, reason=problem.reason, got=problem.got)


def read_whole(part: FilePart, settings: ReadingSettings) -> bytes:
    """All unpacked bytes of a file."""
    with open_bytes(Path(part.file.path), part.file.compression, settings) as stream:
        return stream.read()


def found_text(data: bytes, settings: ReadingSettings, *, offset: int = 0) -> Found:
    """One document from the bytes of a whole file."""
    decoded = decode(data, settings.encoding)
    return Found(offset=offset, text=decoded.text, edits=reading_edits(decoded))


def reading_edits(decoded: Decoded) -> tuple[str, ...]:
    """What reading did to the bytes: the encoding when it is not UTF-8, and how many characters were lost."""
    edits = () if decoded.encoding == "utf-8" else (f"encoding:{decoded.encoding}",)
    return (*edits, f"repaired:{decoded.num_repaired}") if decoded.num_repaired else edits


def _read_lines(part: FilePart, encoding: str, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Each line that is not blank is a document: comments and messages as they were crawled."""
    for line in read_lines(part, settings):
        if line.too_long:
            yield Refused(offset=line.offset, reason="too_long", got=line.data[:200].decode("utf-8", "replace"))
        elif line.data.strip():
            decoded = decode(line.data, "auto" if encoding in ("utf-8", "mixed") else encoding)
            yield Found(offset=line.offset, text=decoded.text, edits=reading_edits(decoded))


def _read_wide(part: FilePart, encoding: str, settings: ReadingSettings) -> Iterator[Found]:
    """UTF-16 and UTF-32: a line end is no byte of its own, so an incremental decoder goes over the blocks."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    offset = 0
    with open_bytes(Path(part.file.path), part.file.compression, settings) as stream:
        while data := stream.read(BLOCK_BYTES):
            text = decoder.decode(data, final=len(data) < BLOCK_BYTES)
            text = text.removeprefix("\ufeff") if offset == 0 else text
            lost = text.count("\ufffd")
            edits = (f"encoding:{encoding}", *((f"repaired:{lost}",) if lost else ()))
            yield Found(offset=offset, text=text, edits=edits)
            offset += len(data)


READER = Reader(endings=(".txt", ".text", ".log"), read=read, ranges=True)
