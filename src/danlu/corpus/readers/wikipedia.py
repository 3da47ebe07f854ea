"""MediaWiki dumps (Wikipedia and its sisters): one article is one document, its title the first line; streamed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.opening import UnpackError, open_bytes
from danlu.corpus.readers.confined import ask
from danlu.corpus.readers.hardened_xml import DamagedXmlError, elements
from danlu.corpus.settings import ReadingSettings

ARTICLES = "0"  # the namespace of articles; talk, users, files, templates and categories have others
MAX_PAGE_CHARACTERS = 8 * 2**20


def read(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields the articles; `offset` counts the pages. Redirects and pages of other namespaces are refused by name."""
    number = 0
    try:
        with open_bytes(Path(part.file.path), part.file.compression, settings) as stream:
            for page in elements(stream, "page", only_last="revision"):
                yield _page(page, number, settings)
                number += 1
    except DamagedXmlError as problem:
        yield Refused(offset=number, reason="damaged_xml", got=str(problem))
    except UnpackError as problem:
        yield Refused(offset=number, reason=problem.reason, got=problem.got)


def _page(page: Any, number: int, settings: ReadingSettings) -> Found | Refused:
    title = (page.findtext("{*}title") or "").strip()
    if (page.findtext("{*}ns") or ARTICLES).strip() != ARTICLES:
        return Refused(offset=number, reason="other_namespace", got=title)
    target = page.find("{*}redirect")
    if target is not None:
        return Refused(offset=number, reason="redirect", got=f"{title} -> {target.get('title', '')}")
    text = page.findtext("{*}revision/{*}text") or ""
    if text[:20].lstrip().lower().startswith(("#redirect", "#重定向")):
        return Refused(offset=number, reason="redirect", got=title)
    model = page.findtext("{*}revision/{*}model")
    if model not in (None, "wikitext"):
        return Refused(offset=number, reason="no_wikitext", got=f"{title}: {model}")
    if len(text) > MAX_PAGE_CHARACTERS:
        return Refused(offset=number, reason="too_long", got=title)
    data = text.encode("utf-8", "replace")
    answer = ask("wiki", data, settings.html_seconds, variant=settings.wiki_variant)
    if answer.reason:
        return Refused(offset=number, reason=answer.reason, got=f"{title}: {answer.got}")
    if not answer.text.strip():
        return Refused(offset=number, reason="empty", got=title)
    return Found(offset=number, text=f"{title}\n\n{answer.text}\n", edits=("wikitext:plain_text",))


READER = Reader(endings=(".xml",), read=read, many=True)
