"""Final lines: the figure beside the reference lines, and what to do next; tidy at 40 columns."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from danlu.cli.layout import display_width
from danlu.cli.summaries import summary
from danlu.core.language import Text

from .conftest import QUOTE, Outcome

RESULT = Outcome(
    folder=Path("runs/x"),
    bits_per_byte=2.5,
    perplexity=12.3,
    seconds=15.2,
    reference_lines={"gzip": 3.1, "xz": 2.65, "ngram": 2.41},
)


def test_the_better_reference_stands_above_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    lines = summary("pretrain", RESULT, 80)
    order = [line.split("  ")[1] for line in lines if line.startswith("  ") and "==" in line]
    assert order == ["n-grams", "this model", "xz -9e", "gzip -9"]
    assert "  danlu generate runs/x" in "\n".join(lines)


@pytest.mark.parametrize("tongue", ["en", "zh"])
@pytest.mark.parametrize(
    ("name", "result"), [("pretrain", RESULT), ("evaluate", RESULT), ("plan", QUOTE), ("another command", QUOTE)]
)
def test_lines_fit(name: str, result: object, tongue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", tongue)
    for line in summary(name, result, 40):
        assert display_width(line) <= 40 or line.startswith("  danlu "), line


def test_anything_else_is_shown_too() -> None:
    assert summary("another command", "two\nlines", 80) == ["two", "lines"]
    assert summary("another command", {"files": 3, "bad": [], "share": 0.25}, 80) == [
        "  files  3",
        "  bad",
        "  share  0.25",
    ]
    assert summary("another command", [1, None], 80) == ["1", "-"]


INTERVAL = {"low": 2.4, "high": 2.6, "unit": "windows", "num_units": 9}
DOMAIN = {"domain": "novels", "bits_per_byte": 2.5}


def test_an_evaluation_says_how_sure_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    plain = {
        "bits_per_byte": 2.5,
        "interval": INTERVAL,
        "accuracy": 0.25,
        "calibration": {"expected_calibration_error": 0.01},
        "num_bytes": 38000,
        "num_documents": 3,
        "domains": [DOMAIN, {**DOMAIN, "domain": "letters", "bits_per_byte": 2.1}],
    }
    shown = "\n".join(summary("evaluate", plain, 80))
    assert "between 2.400 and 2.600" in shown
    assert "25.0% of the next tokens" in shown
    assert shown.index("letters") < shown.index("novels")
    one = "\n".join(summary("evaluate", {**plain, "domains": [DOMAIN]}, 80))
    assert "novels" not in one


SHARE = {"accuracy": 0.75, "interval": {"low": 0.7, "high": 0.8, "unit": "texts", "num_units": 90}}
PROBES = {
    "labels": {
        "model": SHARE,
        "random_weights": {**SHARE, "accuracy": 0.5},
        "commonest": 0.25,
        "commonest_interval": SHARE["interval"],
        "num_labels": 4,
        "num_train": 400,
        "num_test": 90,
    },
    "pairs": {
        "model": {"spearman": 0.61, "pearson": 0.62},
        "random_weights": {"spearman": 0.3, "pearson": 0.2},
        "num_pairs": 75,
    },
    "neighbours": {"火": [{"word": f"炉{n}", "cosine": 0.9} for n in range(12)], "rare": []},
}
LANGUAGES = [
    {"domain": "zh", "bits_per_byte": 1.5, "num_bytes": 10, "num_documents": 2},
    {"domain": "en", "bits_per_byte": 2.25, "num_bytes": 90, "num_documents": 7},
]


@pytest.mark.parametrize(("tongue", "word"), [("en", "random weights"), ("zh", "随机权重")])
@pytest.mark.parametrize("width", [40, 100])
def test_probes_stand_beside_random_weights(
    tongue: str, word: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANLU_LANG", tongue)
    lines = summary("evaluate", {"bits_per_byte": 2.0, "probes": PROBES, "languages": LANGUAGES}, width)
    shown = "\n".join(lines)
    assert all(display_width(line) <= width for line in lines)
    assert shown.count(word) == 2
    assert shown.index("75.0%") < shown.index("50.0%") < shown.index("25.0%")
    assert "0.610" in shown
    assert shown.count("炉") == 12
    assert shown.index("2.250") < shown.index("1.500")  # the language with more text first


def test_one_language_needs_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    assert "each language" not in "\n".join(summary("evaluate", {"bits_per_byte": 2.0, "languages": LANGUAGES[:1]}, 80))


@dataclass(frozen=True)
class _Comparison:
    runs: list[dict[str, object]]
    verdict: Text


def test_a_comparison_ranks_and_says_what_can_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "zh")
    runs: list[dict[str, object]] = [
        {"name": "second", "bits_per_byte": 2.6, "interval": None},
        {"name": "runs/一个名字很长很长很长的训练目录", "bits_per_byte": 2.5, "interval": INTERVAL},
    ]
    lines = summary("compare", _Comparison(runs, Text("they differ", "两者不同")), 40)
    assert all(display_width(line) <= 40 for line in lines)
    assert lines[1].startswith("  runs/")
    assert lines[-1] == "两者不同"


def test_each_kind_of_score_has_a_table_with_speed_and_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    facts = {"parameters": 2_000_000, "tokens_per_second": 15_300.0, "share_of_peak": 0.31}
    runs: list[dict[str, object]] = [
        {"name": "gpt", "bits_per_byte": 1.8, "interval": INTERVAL, **facts, "samples": {"The": " file is"}},
        {"name": "bert", "pseudo": True, "pseudo_bits_per_byte": 1.1, "kind": "hidden tokens", **facts},
        {"name": "t5", "pseudo": True, "pseudo_bits_per_byte": 1.4, "kind": "hidden spans", **facts},
    ]
    for width in (30, 60, 100):
        lines = summary("compare", _Comparison(runs, Text("fine", "好")), width)
        assert all(display_width(line) <= width for line in lines)
    shown = "\n".join(lines)
    assert shown.index("gpt") < shown.index("Pseudo") < shown.index("bert") < shown.index("spans") < shown.index("t5")
    assert shown.count("31% of peak") == 3
    assert "15.3K tokens/s" in shown
    assert "The | file is" in shown


def test_an_export_names_its_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    proofs = [{"program": "transformers 5", "largest_difference": 2e-6}]
    shown = "\n".join(
        summary("export", {"path": "x", "format": "huggingface", "num_bytes": 1500, "proofs": proofs}, 80)
    )
    assert "transformers 5 loaded it; largest difference of the scores 2.0e-06" in shown
