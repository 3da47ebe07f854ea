"""The page of a corpus: whole, in both languages, with foreign text escaped and nothing loaded from anywhere."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from danlu.corpus.report import CorpusReport, report
from danlu.evaluation.corpus_report import render_corpus_report, write_corpus_report
from mixed_corpus import build_mixed_corpus


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> CorpusReport:
    """The report of a corpus with documents of every fate."""
    return report(build_mixed_corpus(tmp_path_factory.mktemp("page")))


class _Balance(HTMLParser):
    """Opened elements that were not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "rect", "line", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole(found: CorpusReport, tmp_path: Path) -> None:
    page = render_corpus_report(found, tmp_path / "mine")
    parser = _Balance()
    parser.feed(page)
    assert parser.open == []
    for step in found.steps:
        assert step.reason in page
        for sample in found.samples[step.reason]:
            assert sample.id in page
    assert page.count('class="en"') == page.count('class="zh"')
    for part in ("Corpus report", "语料报告", "mine", "孪生文档", "<mark>尾</mark>"):
        assert part in page


def test_the_page_loads_nothing_and_runs_nothing_foreign(found: CorpusReport, tmp_path: Path) -> None:
    page = render_corpus_report(found, tmp_path / "<script>alert(1)</script>")
    assert "<script>alert" not in page
    assert "&lt;b&gt;&amp;" in page  # from a line that is no JSON
    assert "\x1b" not in page
    assert not re.findall(r"(?:src|href)=", page)
    assert "default-src 'none'" in page.replace("&#39;", "'")


def test_equal_reports_give_equal_pages(found: CorpusReport, tmp_path: Path) -> None:
    path = write_corpus_report(found, tmp_path / "mine", tmp_path / "out" / "page.html")
    assert path.read_text(encoding="utf-8") == render_corpus_report(found, tmp_path / "mine")
