"""What the corpus commands print of real corpora: the funnel, the fate of a document, verdicts, what would move."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from danlu.cli.layout import display_width
from danlu.cli.main import main
from danlu.cli.results import plain_values
from danlu.cli.summaries import summary
from danlu.recipes.corpus import corpus_build, corpus_verify
from danlu.recipes.corpus_plan import corpus_plan
from danlu.recipes.corpus_questions import corpus_check, corpus_explain, corpus_what_if
from danlu.recipes.corpus_report import corpus_report
from danlu.recipes.quality import corpus_quality_train
from good_and_bad import write_side
from mixed_corpus import write_mixed_texts

TOKENIZER = {
    "path": "tokenizers/mine", "settings": {"kind": "bpe"}, "facts": {"vocab_size": 1000, "quality": {"bytes_per_token": 2.95}},
}  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The result of each command, by its name."""
    folder = tmp_path_factory.mktemp("answers")
    texts, corpus = write_mixed_texts(folder / "texts"), folder / "corpus"
    built = corpus_build([texts], corpus)
    report = corpus_report(corpus, card=True)
    good, bad = (write_side(folder / f"{name}.jsonl", good=name == "good") for name in ("good", "bad"))
    trained = corpus_quality_train(good, folder / "score", bad=bad, overrides=["epochs=2"])
    near = report.samples["near_duplicate"][0]
    return {
        "corpus build": built,
        "corpus report": report,
        "corpus verify": corpus_verify(corpus),
        "corpus explain": corpus_explain(corpus, near.id),
        "corpus check": corpus_check(corpus, overrides=["volume.least_bytes=10000000"]),
        "corpus what-if": corpus_what_if(corpus, overrides=["num_units=1:", "digits=:0"]),
        "corpus plan": corpus_plan([texts]),
        "corpus quality train": trained,
        "tokenizer train": TOKENIZER,
    }


NAMES = ["corpus build", "corpus report", "corpus verify", "corpus explain", "corpus check", "corpus what-if",
         "corpus plan", "corpus quality train", "tokenizer train"]  # fmt: skip


@pytest.mark.parametrize("tongue", ["en", "zh"])
@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("name", NAMES)
def test_lines_fit(
    name: str, width: int, tongue: str, results: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANLU_LANG", tongue)
    lines = summary(name, results[name], width)
    # An id, a path or a number with its unit is never broken, so a line of one such word may be longer.
    assert all(display_width(line) <= width or " " not in line.strip() for line in lines), lines
    assert not any(character in "".join(lines) for character in "\x07\x1b")
    assert not any("{" in line for line in lines)


def test_the_funnel_adds_up_before_the_eyes(results: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    lines = summary("corpus report", results["corpus report"], 80)
    funnel = [int(line.split()[0]) for line in lines[1 : lines.index("")]]
    assert sum(funnel[:-1]) == funnel[-1] == results["corpus build"].documents_kept


def test_a_broken_rule_is_marked(results: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    explained = plain_values(results["corpus explain"])
    rule = {**explained["judgements"][0], "value": 7.0, "least": 50.0, "most": None, "passed": False}
    shown = "\n".join(summary("corpus explain", {**explained, "judgements": [rule]}, 80))
    assert "dropped: near_duplicate, " in shown
    assert "(limit 0.7)" in shown
    assert f"! {rule['rule']}" in shown
    assert "7 (at least 50)" in shown


def test_twins_stand_side_by_side(results: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    wide = summary("corpus explain", results["corpus explain"], 80)
    assert any(" | " in line and "尾" in line.partition(" | ")[0] for line in wide)
    narrow = summary("corpus explain", results["corpus explain"], 40)
    assert any(line.startswith("  - ") for line in narrow)
    assert any(line.startswith("  + ") for line in narrow)


def test_a_failed_check_says_how_to_set_its_limit(results: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    shown = "\n".join(summary("corpus check", results["corpus check"], 200))
    assert "volume: fails" in shown
    assert "diversity: passes" in shown
    assert "volume.least_bytes=VALUE" in shown


def test_the_gate_decides_the_exit_code(
    results: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    corpus = str(Path(results["corpus build"].path))
    assert main(["corpus", "check", corpus, "volume.least_bytes=1", "volume.least_valid_bytes=1", "--json"]) == 0
    assert '"passed": true' in capsys.readouterr().out.splitlines()[-1]
    assert main(["corpus", "check", corpus, "volume.least_documents=5000"]) == 3
    assert main(["corpus", "check", corpus, "volume.least_document=5000"]) == 2
    assert main(["corpus", "explain", corpus, "nothing-of-that-name"]) == 3


def test_the_json_line_carries_what_is_promised(results: Mapping[str, Any]) -> None:
    line = plain_values(results["corpus build"])
    assert line["documents_in"] == line["documents_kept"] + sum(line["dropped"].values())
    assert line["bytes_kept"] == sum(line["bytes_of_splits"].values())
    assert line["seconds"] > 0
