"""PDF: one file is one document. pdfium reads it in a process that can be killed; nothing in the file is run."""

import os
from collections.abc import Iterator
from pathlib import Path

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.opening import UnpackError, plain_file
from danlu.corpus.readers.confined import ask
from danlu.corpus.settings import ReadingSettings

MAX_PDF_BYTES = 512 * 2**20


def read(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields the text of all pages. Encrypted files, those of pictures alone and oversize ones are refused."""
    try:
        with plain_file(Path(part.file.path), part.file.compression, settings) as path:
            num_bytes = path.stat().st_size
            if num_bytes > MAX_PDF_BYTES:
                yield Refused(offset=0, reason="too_long", got=f"{num_bytes} bytes of PDF")
                return
            answer = ask("pdf", os.fsencode(path), settings.pdf_seconds)
    except UnpackError as problem:
        yield Refused(offset=0, reason=problem.reason, got=problem.got)
        return
    if answer.reason:
        yield Refused(offset=0, reason=answer.reason, got=answer.got)
        return
    pictures = answer.facts["pages_without_text"]
    edits = (f"pdf_pages:{answer.facts['num_pages']}", *((f"pages_without_text:{pictures}",) if pictures else ()))
    yield Found(offset=0, text=answer.text, edits=edits)


READER = Reader(endings=(".pdf",), read=read, binary=True)
