"""A run as HTML and as a figure, also when it has hardly begun."""

import json
import re
from pathlib import Path

import pytest

from danlu.recipes.notebook import plot_run, run_html


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder with the logs of a short run."""
    steps = [{"event": "step", "step": n, "bits_per_byte": 4 - n / 10} for n in range(20)]
    looks = [{"event": "valid", "step": n, "bits_per_byte": 4 - n / 12} for n in (5, 10, 19)]
    odd = [{"event": "step", "step": 20, "bits_per_byte": "nan"}, {"event": "sample", "step": 5, "text": "x"}]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(e) + "\n" for e in [*steps, *looks, *odd]))
    (tmp_path / "events.jsonl").write_text(json.dumps({"event": "references", "lines": {"gzip": 3.1}}) + "\n")
    return tmp_path


def test_the_page_is_self_contained_and_escapes_what_it_shows(run: Path) -> None:
    html = run_html(run, {"bits_per_byte": 2.345678, "<b>": "<script>", "reference_lines": {"gzip": 3.1}})
    assert "<svg" in html
    assert ".danlu-run .zh { display: none; }" in html
    assert "2.346" in html
    assert "<script" not in html
    assert not re.search(r"https?://(?!www\.w3\.org)", html)


def test_the_figure_has_both_curves_and_the_reference(run: Path) -> None:
    axes = plot_run(run).axes[0]
    assert len(axes.lines) == 3
    assert [text.get_text() for text in axes.texts] == ["gzip"]


def test_a_run_without_measurements_is_no_error(tmp_path: Path) -> None:
    assert "<svg" not in run_html(tmp_path, {})
    assert not list(plot_run(tmp_path).axes[0].lines)
