"""HTML: one page is one document. The work on it is done in a process that can be killed."""

import re
from collections.abc import Iterator

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.encoding import BOMS, decode
from danlu.corpus.opening import UnpackError
from danlu.corpus.readers.confined import ask
from danlu.corpus.readers.plain import read_whole, reading_edits
from danlu.corpus.settings import ReadingSettings

MAX_PAGE_BYTES = 8 * 2**20  # extraction of a larger page may take minutes, and it is no page for readers
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,30})""", re.IGNORECASE)


def read(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields the main text of the page, tables and lists included, comments and navigation left out."""
    try:
        data = read_whole(part, settings)
    except UnpackError as problem:
        yield Refused(offset=0, reason=problem.reason, got=problem.got)
        return
    yield from_page(data, 0, settings)


def from_page(data: bytes, offset: int, settings: ReadingSettings, charset: str = "") -> Found | Refused:
    """The document in the bytes of a page; `charset` is what the server said of them, where that is known."""
    if len(data) > MAX_PAGE_BYTES:
        return Refused(offset=offset, reason="too_long", got=f"{len(data)} bytes of HTML")
    decoded = decode(data, _encoding(data, settings, charset))
    if not decoded.text.strip():
        return Refused(offset=offset, reason="empty", got="")
    answer = ask("html", decoded.text.encode("utf-8", "replace"), settings.html_seconds)
    if answer.reason:
        return Refused(offset=offset, reason=answer.reason, got=answer.got)
    if not answer.text.strip():
        return Refused(offset=offset, reason="empty", got="")
    return Found(offset=offset, text=answer.text, edits=(*reading_edits(decoded), f"html:{answer.facts['kind']}"))


def _encoding(data: bytes, settings: ReadingSettings, charset: str) -> str:
    """The page's own word for its encoding counts only after strict UTF-8: it is often a lie."""
    if settings.encoding != "auto" or any(data.startswith(bom) for bom, _ in BOMS):
        return settings.encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        named = _META_CHARSET.search(data[:4096])
        told = [charset, named[1].decode("ascii") if named else ""]
        return next((name for name in (_believable(word.lower(), data) for word in told if word) if name), "auto")
    return "auto"


def _believable(name: str, data: bytes) -> str:
    """The named encoding where it decodes the page without loss, else nothing. GBK names mean their superset."""
    name = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "iso-8859-1": "cp1252"}.get(name, name)
    try:
        data.decode(name)
    except (LookupError, UnicodeDecodeError):
        return ""
    return name


READER = Reader(endings=(".html", ".htm", ".xhtml"), read=read)
