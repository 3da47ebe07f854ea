"""A run of a model that reads both ways, from text to filled blanks."""

import json
from pathlib import Path

import pytest

from danlu.cli.results import plain_values
from danlu.core.errors import UsageError
from danlu.core.events import read_events
from danlu.recipes.compare import compare
from danlu.recipes.evaluate import evaluate
from danlu.recipes.export import export
from danlu.recipes.finish import Outcome
from danlu.recipes.generate import generate
from danlu.recipes.pretrain import pretrain
from tiny_texts import GPT, tiny_text

BERT = ["model.width=32", "model.depth=2", "model.num_heads=2", "model.inner_width=64", "model.context_length=32"]
LOOP = ["training.batch_tokens=64", "training.micro_batch_tokens=64", "tokenizer.kind=byte", "watching.sample_tokens=8"]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in two languages."""
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text(tiny_text(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def finished(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A finished run that others only read."""
    return pretrain(text, out=tmp_path_factory.mktemp("runs") / "bert", overrides=[*BERT, *LOOP], arch="bert", steps=40)


def test_its_figure_has_a_name_of_its_own(finished: Outcome) -> None:
    assert finished.pseudo
    assert finished.tokens == 40 * 64
    plain = plain_values(finished)
    assert 0 < plain["pseudo_bits_per_byte"] < 9
    assert "bits_per_byte" not in plain
    again = evaluate(finished.folder)
    assert again.bits_per_byte == pytest.approx(finished.bits_per_byte, rel=1e-3)
    assert "pseudo_bits_per_byte" in json.dumps(plain_values(again))


def test_nothing_is_foretold_of_it(finished: Outcome) -> None:
    quote = next(e for e in read_events(finished.folder / "events.jsonl") if e["event"] == "quote")
    assert "bits_per_byte" not in quote
    assert "bits_per_byte" not in finished.quoted


def test_samples_are_filled_in_and_the_report_says_pseudo(finished: Outcome) -> None:
    samples = [e for e in read_events(finished.folder / "metrics.jsonl") if e["event"] == "sample"]
    assert samples
    assert all("[" in sample["text"] for sample in samples)
    page = finished.report.read_text(encoding="utf-8")
    assert "pseudo bits per byte" in page
    assert "伪每字节" in page


def test_it_fills_blanks_and_is_exported(finished: Outcome, tmp_path: Path) -> None:
    (text,) = generate(finished.folder, "a ___ b")
    assert text[0] == "a"
    assert text[-1] == "b"
    proofs = export(finished.folder, to="huggingface", out=tmp_path / "exported").proofs
    assert max(proof.largest_difference for proof in proofs) < 1e-4
    config = json.loads((tmp_path / "exported" / "tokenizer_config.json").read_text())
    assert config["mask_token"] == "<|mask|>"


def test_it_is_ranked_apart_from_models_that_continue(finished: Outcome, text: Path, tmp_path: Path) -> None:
    gpt = pretrain(text, out=tmp_path / "gpt", overrides=[*GPT], arch="gpt", steps=5)
    shorter = pretrain(text, out=tmp_path / "less", overrides=[*BERT, *LOOP], arch="bert", steps=5)
    found = compare([shorter.folder, finished.folder, gpt.folder])
    assert [run.name for run in found.runs] == ["gpt", finished.folder.name, "less"]
    assert [run.kind for run in found.runs] == ["code", "hidden tokens", "hidden tokens"]
    assert "ranked apart" in found.verdict.en
    assert "分别排名" in found.verdict.zh
    assert all(run.share_of_peak and run.tokens_per_second for run in found.runs)


def test_a_timed_run_ends_in_time_and_says_what_share_it_scored(text: Path, tmp_path: Path) -> None:
    finished = pretrain(text, out=tmp_path / "timed", overrides=[*BERT, *LOOP], arch="bert", duration="10s")
    assert finished.seconds < 13
    trained = next(e for e in read_events(finished.folder / "events.jsonl") if e["event"] == "trained")
    assert finished.share_scored == pytest.approx(trained["passes"] / 10, abs=0.05)
    beside = compare([finished.folder]).runs[0]  # in as many passes: the same tokens, so the same figure
    assert beside.bits_per_byte == pytest.approx(finished.bits_per_byte, rel=1e-3)
    looks = [e for e in read_events(finished.folder / "metrics.jsonl") if e["event"] == "valid"]
    assert looks


def test_a_wrong_pair_of_objective_and_direction_is_refused(text: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be trained"):
        pretrain(text, out=tmp_path / "a", overrides=[*BERT, *LOOP], arch="bert", objective="causal", steps=5)


def test_a_recurrent_network_reads_both_ways(text: Path, tmp_path: Path) -> None:
    shape = ["model.width=32", "model.hidden_width=16", "model.depth=1", "model.context_length=32"]
    finished = pretrain(text, out=tmp_path / "bilstm", overrides=[*shape, *LOOP], arch="bilstm", steps=30)
    assert finished.pseudo
    assert finished.bits_per_byte == pytest.approx(evaluate(finished.folder).bits_per_byte, rel=1e-3)
    (filled,) = generate(finished.folder, "a ___ b")
    assert filled[0] + filled[-1] == "ab"
