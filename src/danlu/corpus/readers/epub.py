"""EPUB: one book is one document, its chapters in the order of the spine (EPUB 3.3, section 5.7)."""

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.encoding import decode
from danlu.corpus.opening import UnpackError, plain_file
from danlu.corpus.readers.confined import ask
from danlu.corpus.readers.hardened_xml import DamagedXmlError, tree
from danlu.corpus.readers.packaged import Package
from danlu.corpus.settings import ReadingSettings

DAMAGED = "damaged_epub"
PAGES = ("application/xhtml+xml", "text/html", "application/xml")
MAX_CHAPTER_BYTES = 32 * 2**20
MAX_CHAPTERS = 20_000
FONTS = "http://www.idpf.org/2008/embedding"  # obfuscated fonts are no lock on the text
_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"


class _Book(NamedTuple):
    """The chapters' texts in order, and what was wrong with some of them."""

    chapters: list[str]
    refused: list[Refused]


def read(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields the text of the book; contents lists and covers are left out, a chapter that is damaged is refused by name."""
    try:
        with (
            plain_file(Path(part.file.path), part.file.compression, settings) as path,
            Package(path, settings, DAMAGED) as package,
        ):
            book = _read(package, settings)
    except UnpackError as problem:
        yield Refused(offset=0, reason=problem.reason, got=problem.got)
        return
    except DamagedXmlError as problem:
        yield Refused(offset=0, reason=DAMAGED, got=str(problem))
        return
    text = "\n\n".join(chapter.strip() for chapter in book.chapters if chapter.strip())
    if text:
        yield Found(offset=0, text=text + "\n", edits=(f"epub_chapters:{len(book.chapters)}",))
    elif not book.refused:
        yield Refused(offset=0, reason="empty", got="no chapter has text")
    yield from book.refused


def _read(package: Package, settings: ReadingSettings) -> _Book:
    if _ENCRYPTION in package and _is_locked(package.part(_ENCRYPTION)):
        raise UnpackError("encrypted", "its chapters are locked (DRM)")
    book = _Book([], [])
    for number, name in enumerate(_spine(package), start=1):
        if number > MAX_CHAPTERS:
            raise UnpackError("too_long", f"more than {MAX_CHAPTERS} chapters")
        try:
            data = package.part(name)
        except UnpackError as problem:
            if problem.reason == "unpacks_too_large":
                raise
            book.refused.append(Refused(offset=number, reason=problem.reason, got=problem.got))
            continue
        if len(data) > MAX_CHAPTER_BYTES:
            book.refused.append(Refused(offset=number, reason="too_long", got=name))
            continue
        answer = ask("chapter", decode(data).text.encode("utf-8", "replace"), settings.html_seconds)
        if answer.reason:
            book.refused.append(Refused(offset=number, reason=answer.reason, got=f"{name}: {answer.got}"))
        else:
            book.chapters.append(answer.text)
    return book


def _spine(package: Package) -> list[str]:
    """Names of the chapters' files in reading order."""
    container = tree(package.part(_CONTAINER))
    root = container.find(".//{*}rootfile")
    name = unquote(root.get("full-path", "")) if root is not None else ""
    content = tree(package.part(name))
    folder = posixpath.dirname(name)
    items = {item.get("id"): item for item in content.iterfind("{*}manifest/{*}item")}
    found = []
    for reference in content.iterfind("{*}spine/{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type", PAGES[0]) not in PAGES:
            continue
        if "nav" in item.get("properties", "").split():
            continue
        href = unquote(item.get("href", "").partition("#")[0])
        if href and "://" not in href:  # a chapter outside the book is not fetched
            found.append(posixpath.normpath(posixpath.join(folder, href)))
    return found


def _is_locked(data: bytes) -> bool:
    methods = [method.get("Algorithm", "") for method in tree(data).iterfind(".//{*}EncryptionMethod")]
    return any(method != FONTS and not method.startswith("http://ns.adobe.com/pdf/enc") for method in methods)


READER = Reader(endings=(".epub",), read=read, binary=True)
