"""The pages that calculate: their programs print what the pages show, and both languages carry the same numbers."""

import contextlib
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest

from .pages import CALCULATED, Block, blocks, chinese, links, read

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_FORMULA = re.compile(r"^\$\$$(.*?)^\$\$$", re.MULTILINE | re.DOTALL)
_SOURCE = re.compile(r"arXiv:\d+\.\d+|\b(?:19|20)\d\d\b|section \d[\d.]*|第 \d[\d.]* 节")
_NUMBER = re.compile(r"\d+(?:,\d{3})+|\d+(?:\.\d+)?")


def _prose(page: str) -> str:
    """What is left without blocks, formulas and links."""
    return re.sub(r"\]\([^)]*\)", "]", _FORMULA.sub("", _FENCED.sub("", read(page))))


def _programs(page: str) -> Iterator[tuple[str, str]]:
    """Each python block of a page with the output shown behind it, empty where none is."""
    found = blocks(page)
    for block, behind in zip(found, [*found[1:], Block("", "")], strict=True):
        if block.language == "python":
            yield block.text, behind.text if behind.language == "text" else ""


def test_there_are_pages_that_calculate() -> None:
    assert "docs/tutorial/02-embeddings-and-positions.md" in CALCULATED


@pytest.mark.parametrize("page", CALCULATED)
def test_the_programs_print_what_the_page_shows(page: str) -> None:
    names: dict[str, object] = {}  # one session, as of a reader who pastes block after block
    for program, shown in _programs(page):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(program, page, "exec"), names)
        assert printed.getvalue() == shown, program


@pytest.mark.parametrize("page", CALCULATED)
def test_both_languages_carry_the_same_numbers(page: str) -> None:
    ours, theirs = (Counter(_NUMBER.findall(_prose(name))) for name in (page, chinese(page)))
    assert ours == theirs


@pytest.mark.parametrize("page", CALCULATED)
def test_both_languages_carry_the_same_formulas(page: str) -> None:
    formulas = _FORMULA.findall(read(page))
    assert formulas == _FORMULA.findall(read(chinese(page)))
    for formula in formulas:  # Markdown eats a backslash before punctuation, and words belong into the text
        assert not re.search(r"\\[^a-zA-Z ]|\\text\b", formula), formula


@pytest.mark.parametrize("page", CALCULATED)
def test_each_decimal_of_the_text_is_printed_or_set_by_a_program(page: str) -> None:
    known = set(_NUMBER.findall("\n".join(block.text for block in blocks(page))))
    told = {number for number in _NUMBER.findall(_SOURCE.sub("", _prose(page))) if "." in number or "," in number}
    assert told <= known, sorted(told - known)


def test_each_page_leads_to_the_next() -> None:
    for before, page in pairwise(CALCULATED):
        assert page.rpartition("/")[2] in links(before), before
