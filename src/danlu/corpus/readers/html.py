"""HTML: the main text of a page by trafilatura; where that finds nothing, all visible text by lxml."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.encoding import BOMS, decode
from danlu.corpus.opening import UnpackError
from danlu.corpus.readers.plain import read_whole, reading_edits
from danlu.corpus.settings import ReadingSettings

MAX_PAGE_BYTES = 8 * 2**20  # extraction of a larger page may take minutes, and it is no page for readers
FEW_CHARACTERS = 20
# What stands on a page but not in its text.
_NO_TEXT = ("script", "style", "noscript", "template", "svg", "head", "nav", "iframe", "button", "select")
_BLOCKS = (
    *("p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "section", "article"),
    *("header", "footer", "blockquote", "pre", "dt", "dd", "ul", "ol"),
)
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,30})""", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\f\v]+")
_INDENTED = re.compile(r"^ *\t[ \t]*", re.MULTILINE)  # of the page's source; code is indented by spaces
_EMPTY_LINES = re.compile(r"\n\s*\n\s*")


def read(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields the main text of the page, tables and lists included, comments and navigation left out."""
    try:
        data = read_whole(part, settings)
    except UnpackError as problem:
        yield Refused(offset=0, reason=problem.reason, got=problem.got)
        return
    if len(data) > MAX_PAGE_BYTES:
        yield Refused(offset=0, reason="too_long", got=f"{len(data)} bytes of HTML")
        return
    decoded = decode(data, _encoding(data, settings))
    edits = reading_edits(decoded)
    text = extract(decoded.text)
    if len(text.strip()) >= FEW_CHARACTERS:
        yield Found(offset=0, text=text, edits=(*edits, "html:main_text"))
        return
    text = visible_text(decoded.text)
    if text.strip():
        yield Found(offset=0, text=text, edits=(*edits, "html:all_text"))
    else:
        yield Refused(offset=0, reason="empty", got="")


def extract(page: str) -> str:
    """The main text of a page, or an empty string when trafilatura finds none or fails on it."""
    import trafilatura

    try:
        found = trafilatura.extract(
            page, include_comments=False, include_tables=True, deduplicate=False, config=_config()
        )
    except Exception:  # a parser of foreign pages may fail in any way, and visible_text is left
        return ""
    return _INDENTED.sub("", found or "").replace("\xa0", " ")


def visible_text(page: str) -> str:
    """Every text of the page outside scripts and navigation, one line for each block; empty when it cannot be parsed."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", huge_tree=False, no_network=True, remove_comments=True)
    try:
        root: Any = html.document_fromstring(page.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return ""
    etree.strip_elements(root, *_NO_TEXT, with_tail=False)
    for element in root.iter(*_BLOCKS):
        element.tail = "\n" + (element.tail or "")
        element.text = "\n" + (element.text or "")
    text = _BLANKS.sub(" ", root.text_content())
    return _EMPTY_LINES.sub("\n\n", "\n".join(line.strip() for line in text.split("\n"))).strip()


def _encoding(data: bytes, settings: ReadingSettings) -> str:
    """The page's own word for its encoding counts only after strict UTF-8: it is often a lie."""
    if settings.encoding != "auto" or any(data.startswith(bom) for bom, _ in BOMS):
        return settings.encoding
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        named = _META_CHARSET.search(data[:4096])
        return _believable(named[1].decode("ascii").lower(), data) if named else "auto"
    return "auto"


def _believable(name: str, data: bytes) -> str:
    """The named encoding where it decodes the page without loss, else "auto". GBK names mean their superset."""
    name = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "iso-8859-1": "cp1252"}.get(name, name)
    try:
        data.decode(name)
    except (LookupError, UnicodeDecodeError):
        return "auto"
    return name


@cache
def _config() -> Any:
    """trafilatura's defaults, with pages of few words accepted: Chinese has no spaces to count words by."""
    from trafilatura.settings import use_config

    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", "50")
    config.set("DEFAULT", "MIN_OUTPUT_SIZE", "1")
    config.set("DEFAULT", "EXTRACTION_TIMEOUT", "0")
    return config


READER = Reader(endings=(".html", ".htm", ".xhtml"), read=read)
