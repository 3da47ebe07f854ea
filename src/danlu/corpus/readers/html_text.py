"""The text of a page: the main part by trafilatura; where that finds nothing, all that is visible by lxml."""

import re
from functools import cache
from typing import Any, NamedTuple

FEW_CHARACTERS = 20
LONGER = 1.05  # of two extractions, the second must be that many times longer
# What stands on a page but not in its text.
_NO_TEXT = ("script", "style", "noscript", "template", "svg", "head", "nav", "iframe", "button", "select")
_BLOCKS = (
    *("p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "section", "article"),
    *("header", "footer", "blockquote", "pre", "dt", "dd", "ul", "ol"),
)
_INLINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "del", "dfn", "em", "font", "i"),
        *("img", "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike"),
        *("strong", "sub", "sup", "time", "tt", "u", "var", "wbr"),
    )
)
_BLANKS = re.compile(r"[ \t\r\f\v]+")
_INDENTED = re.compile(r"^ *\t[ \t]*", re.MULTILINE)  # of the page's source; code is indented by spaces
_EMPTY_LINES = re.compile(r"\n\s*\n\s*")


class PageText(NamedTuple):
    """The text and how it was found: `main_text` or `all_text`; empty when the page has none."""

    text: str
    kind: str


def page_text(page: str) -> PageText:
    """The main text of the page, tables and lists included, comments and navigation left out; else all visible text."""
    text = extract(page)
    if len(text.strip()) >= FEW_CHARACTERS:
        return PageText(text, "main_text")
    text = visible_text(page)
    return PageText(text if text.strip() else _text_of_deep_page(page), "all_text")


def _text_of_deep_page(page: str) -> str:
    """The text of a page that is nested deeper than lxml goes (256 levels); resiliparse has no such limit."""
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(page, main_content=False, alt_texts=False, links=False, form_fields=False))


def extract(page: str) -> str:
    """The main text of a page, or an empty string when trafilatura finds none or fails on it.

    Pages that write their paragraphs as `<div>` lose prose in trafilatura: on 91 Chinese pages of documentation 79 % of
    the lines of prose were found, with such blocks taken for paragraphs 89 %. So the page is tried that way too, and
    the longer text wins; on 57 pages with marked strings that changed nothing.
    """
    text = _extracted(page, fast=False)
    root = _with_paragraphs(page, least=(LONGER - 1) * len(text))
    other = "" if root is None else _extracted(root, fast=True)
    if len(other) > LONGER * len(text):
        text = other
    return _INDENTED.sub("", text).replace("\xa0", " ")


def _extracted(page: Any, *, fast: bool) -> str:
    import trafilatura

    try:
        found = trafilatura.extract(
            page, include_comments=False, include_tables=True, deduplicate=False, config=_config(), fast=fast
        )
    except Exception:  # a parser of foreign pages may fail in any way, and visible_text is left
        return ""
    return found or ""


def _with_paragraphs(page: str, least: float) -> Any:
    """The page with each block of running text made a paragraph; None when such blocks hold less than `least` characters."""
    root = _parsed(page)
    if root is None:
        return None
    num_characters = 0
    for block in root.iter("div"):
        if all(child.tag in _INLINE for child in block.iterdescendants() if isinstance(child.tag, str)):
            text = "".join(block.itertext()).strip()
            in_links = sum(len("".join(link.itertext())) for link in block.iter("a"))
            if text and in_links < 0.5 * len(text):
                block.tag = "p"
                num_characters += len(text)
    return root if num_characters > least else None


def _parsed(page: str) -> Any:
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", huge_tree=False, no_network=True, remove_comments=False)
    try:
        return html.document_fromstring(page.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None


def visible_text(page: str) -> str:
    """Every text of the page outside scripts and navigation, one line for each block; empty when it cannot be parsed."""
    from lxml import etree

    root = _parsed(page)
    if root is None:
        return ""
    etree.strip_elements(root, *_NO_TEXT, with_tail=False)
    for element in root.iter(*_BLOCKS):
        element.tail = "\n" + (element.tail or "")
        element.text = "\n" + (element.text or "")
    text = _BLANKS.sub(" ", root.text_content())
    return _EMPTY_LINES.sub("\n\n", "\n".join(line.strip() for line in text.split("\n"))).strip()


@cache
def _config() -> Any:
    """trafilatura's defaults, with pages of few words accepted: Chinese has no spaces to count words by."""
    from trafilatura.settings import use_config

    config = use_config()
    config.set("DEFAULT", "MIN_EXTRACTED_SIZE", "50")
    config.set("DEFAULT", "MIN_OUTPUT_SIZE", "1")
    config.set("DEFAULT", "EXTRACTION_TIMEOUT", "0")
    return config
