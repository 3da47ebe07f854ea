"""The text of a PDF, with what printing did to it undone: lines joined, hyphens mended, running heads left out."""

import re
from collections import Counter
from statistics import quantiles

from danlu.corpus.readers.confined_work import Work

MAX_PAGES = 20_000
FULL_LINE = 0.75  # of the width of a usual line: from there the text goes on in the next line
RUNNING_SHARE = 0.5  # of the pages; a first or last line that so many share is a running head
RUNNING_PAGES = 4
MAX_CHARACTERS = 200_000_000
_PAGE_NUMBER = re.compile(
    r"^[\W_]*(?:page|seite|第)?\s*(?:\d{1,5}|[ivxlc]{1,7})\s*(?:页|頁|of \d+|/\s*\d+)?[\W_]*$", re.IGNORECASE
)
_NUMBERS = re.compile(r"\d+")
_ENDS = "。！？；：.!?;:”』」…"
_HAN = r"\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
_HAN_END, _HAN_START = re.compile(f"[{_HAN}]$"), re.compile(f"^[{_HAN}]")
_ITEM = re.compile(r"^(?:[•·▪*–-]\s|\(?\d{1,3}[.)、]\s?|第.{1,4}[章节条])")
# What pdfium writes for a hyphen at a line's end; the line break itself it leaves out.
_LINE_END_HYPHEN = re.compile("[\x02\ufffe](?:\\r?\\n)?")
_ENCRYPTED, _DAMAGED = "encrypted", "damaged_pdf"


def document_text(path: str) -> Work:
    """The text of all pages, paragraphs on lines of their own, pages parted by blank lines."""
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as problem:
        locked = "password" in str(problem).lower() or "security" in str(problem).lower()
        return Work("", {}, _ENCRYPTED if locked else _DAMAGED, str(problem)[:200])
    num_pages = len(document)
    if num_pages > MAX_PAGES:
        return Work("", {}, "too_long", f"{num_pages} pages")
    pages, count, failed = [], 0, 0
    for number in range(num_pages):
        try:
            page = document[number]
            text = page.get_textpage()
            pages.append(_lines(text.get_text_range()))
            text.close()
            page.close()
        except pdfium.PdfiumError:
            failed += 1
            pages.append([])
        count += sum(len(line) for line in pages[-1])
        if count > MAX_CHARACTERS:
            return Work("", {}, "too_long", f"more than {MAX_CHARACTERS} characters")
    document.close()
    facts = {"num_pages": num_pages, "pages_without_text": sum(1 for page in pages if not page)}
    if not any(pages):
        got = f"{failed} of {num_pages} pages are damaged" if failed else f"{num_pages} pages, none with text"
        return Work("", facts, _DAMAGED if failed else "no_text_layer", got)
    return Work("\n\n".join(filter(None, map(joined, without_running(pages)))) + "\n", facts)


def without_running(pages: list[list[str]]) -> list[list[str]]:
    """The pages without page numbers and without first and last lines that many pages share but for their numbers."""
    heads = Counter(_NUMBERS.sub("#", page[0]) for page in pages if page)
    feet = Counter(_NUMBERS.sub("#", page[-1]) for page in pages if len(page) > 1)
    needed = max(RUNNING_PAGES, RUNNING_SHARE * len(pages))
    kept = []
    for page in pages:
        if page and heads[_NUMBERS.sub("#", page[0])] >= needed:
            page = page[1:]
        if page and feet[_NUMBERS.sub("#", page[-1])] >= needed:
            page = page[:-1]
        if len(pages) > 1 and page and _PAGE_NUMBER.match(page[0]):
            page = page[1:]
        if len(pages) > 1 and page and _PAGE_NUMBER.match(page[-1]):
            page = page[:-1]
        kept.append(page)
    return kept


def joined(lines: list[str]) -> str:
    """Lines that a paragraph was printed in become one line again: where one is full and ends no sentence before an item."""
    widths = [_width(line) for line in lines]
    full = FULL_LINE * (quantiles(widths, n=10)[8] if len(widths) > 1 else 0)
    text = ""
    for number, line in enumerate(lines):
        if number == 0:
            text = line
            continue
        before = lines[number - 1]
        short = widths[number - 1] < full or (before[-1] in _ENDS and widths[number - 1] < full / FULL_LINE * 0.95)
        if short or _ITEM.match(line):
            text += "\n" + line
        elif before.endswith("\xad"):
            text = text[:-1] + line
        elif _HAN_END.search(before) or _HAN_START.match(line):
            text += line
        elif before.endswith("-") and before[-2:-1].isalpha() and line[:1].islower():
            text = text[:-1] + line
        else:
            text += " " + line
    return text.replace("\xad", "")


def _lines(text: str) -> list[str]:
    text = _LINE_END_HYPHEN.sub("\xad\n", text.replace("\0", ""))
    return [line.strip() for line in re.split(r"\r\n|\r|\n", text) if line.strip()]


def _width(line: str) -> float:
    """In Latin letters; a Han character is as wide as two."""
    return sum(2 if character >= "\u2e80" else 1 for character in line)
