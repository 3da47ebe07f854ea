"""The page of a run: complete, closed to the network, safe against its own samples, the same bytes each time."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from danlu.core.language import Text
from danlu.evaluation.report import render_report, verdict, write_report
from danlu.evaluation.report_tables import clean, fill, quote_rows
from danlu.evaluation.run_record import read_run

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Tags that are open, attributes and text, as a browser would read them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: dict[str, str] = {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


@pytest.fixture(scope="module")
def page(fake_run: Path) -> str:
    return render_report(read_run(fake_run))


def test_the_page_is_well_formed_and_small(page: str) -> None:
    assert Page(page).open == []
    assert len(page.encode()) < 400_000


def test_the_page_loads_nothing(page: str) -> None:
    for tag, name, value in Page(page).attributes:
        assert name not in ("src", "srcset", "action", "style", "background", "poster"), (tag, name, value)
        assert not name.startswith("on"), (tag, name)
        assert not (name == "href" and not value.startswith("#")), value
    assert not re.search(r"@import|https?://|url\((?!#)", page)


def test_only_the_page_s_own_script_and_style_may_run(page: str) -> None:
    parsed = Page(page)
    policy = next(value for tag, name, value in parsed.attributes if tag == "meta" and value.startswith("default-src"))
    assert policy.startswith("default-src 'none'")
    for tag in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(parsed.texts[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        assert sum(1 for _ in re.finditer(f"<{tag}[ >]", page)) == 1


def test_hostile_samples_stay_text(page: str) -> None:
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "{{ 7 * 7 }}" in page
    assert "\x00" not in page
    assert "<b>en</b>" not in page


def test_both_languages_are_there_in_equal_number(page: str) -> None:
    english, chinese = page.count('class="en"'), page.count('class="zh"')
    assert english == chinese > 60
    assert "17.0\u00a0% better than n-gram" in page
    assert "好 17.0\u00a0%" in page


def test_the_language_shown_first_is_asked_for(fake_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "zh")
    assert '<html lang="zh-Hans" data-lang="zh" data-x="minutes" data-fixed="1">' in render_report(read_run(fake_run))
    monkeypatch.delenv("DANLU_LANG")
    assert "data-fixed" not in render_report(read_run(fake_run)).partition("<head>")[0]


def test_the_same_run_gives_the_same_bytes(fake_run: Path, page: str) -> None:
    assert render_report(read_run(fake_run)) == page


def test_all_sections_are_there(page: str) -> None:
    headings = re.findall(r'<h2><span class="en" lang="en">(.*?)</span>', page)
    assert headings == [
        "Learning curve",
        "What it writes",
        "Promised and delivered",
        "Where it is good, and whether it knows",
        "The text",
        "Decisions",
        "Settings",
        "How to go on",
    ]


def test_a_reference_line_that_saw_only_a_part_says_so(page: str) -> None:
    assert "trained on only 4.00 MB of the 8.12 MB of training text" in page


def test_missing_parts_are_left_out(tmp_path: Path) -> None:
    page = write_report(tmp_path).read_text(encoding="utf-8")
    assert "This run is not finished yet" in page
    assert re.findall(r'<h2><span class="en" lang="en">(.*?)</span>', page) == ["How to go on"]
    Page(page)


@pytest.mark.parametrize("name", ["corpus", "tokenizer", "tokens", "metrics.jsonl", "settings.toml"])
def test_any_part_may_be_missing(fake_run: Path, tmp_path: Path, name: str) -> None:
    for entry in fake_run.iterdir():
        if entry.name != name:
            (tmp_path / entry.name).symlink_to(entry)
    assert Page(render_report(read_run(tmp_path))).open == []


def test_a_run_that_goes_on_shows_what_it_has(fake_run: Path, tmp_path: Path) -> None:
    lines = (fake_run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines[:40]) + "\n" + lines[40][:9], encoding="utf-8")
    page = render_report(read_run(tmp_path))
    assert "Learning curve" in page
    assert "not finished" in page


def test_a_worse_model_is_told_so(tmp_path: Path) -> None:
    event = {"event": "finished", "bits_per_byte": 3.0, "reference_lines": {"gzip": 3.2, "ngram": 2.4}}
    (tmp_path / "events.jsonl").write_text(json.dumps(event) + "\n")
    words = str(verdict(read_run(tmp_path)))
    assert 'class="bad"' in words
    assert "25.0\u00a0% worse than n-gram" in words


def test_the_quote_is_held_against_the_outcome(fake_run: Path) -> None:
    rows = {row.name.en: row for row in quote_rows(read_run(fake_run))}
    assert rows["bits per byte"].held is True
    assert rows["time"].held is True
    assert rows["steps"].held is None
    assert rows["steps"].difference == "+2.8 %"


def test_control_characters_become_visible() -> None:
    assert clean("a\x00b\x1bc\nd\x85", 99) == "a\u2400b\u241bc\nd\ufffd"
    assert clean("abcdef", 3) == "abc\u2026"


def test_texts_may_hold_texts() -> None:
    assert fill(Text("a {x}", "甲 {x}"), x=Text("b", "乙")) == Text("a b", "甲 乙")
