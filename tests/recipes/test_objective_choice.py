"""Runs with other objectives than the architecture's own: what they need is made, what cannot be is refused first."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from danlu.core.errors import UsageError
from danlu.core.events import read_events
from danlu.core.settings import build
from danlu.models import ARCHITECTURES
from danlu.objectives.settings import ObjectiveSettings
from danlu.recipes.evaluate import evaluate
from danlu.recipes.finish import Outcome
from danlu.recipes.load import load
from danlu.recipes.objective_choice import check_objective, controls_asked, written_objective
from danlu.recipes.pretrain import pretrain
from danlu.recipes.settings import settings_kind
from danlu.tokenizers.tokenizer import open_tokenizer
from tiny_texts import GPT, tiny_text

BERT = ["model.width=32", "model.depth=1", "model.num_heads=2", "model.inner_width=32", "model.context_length=16"]
LOOP = ["training.batch_tokens=64", "training.micro_batch_tokens=64", "training.validations=0"]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in two languages."""
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text(tiny_text(), encoding="utf-8")
    return path


def run(text: Path, out: Path, arch: str, objective: str, *more: str) -> Outcome:
    """Twenty steps of a very small network."""
    shape = [*GPT] if arch == "gpt" else [*BERT, *LOOP, "tokenizer.vocab_size=300"]
    return pretrain(text, out=out, overrides=[*shape, *more], arch=arch, objective=objective, steps=20)


def steps_of(outcome: Outcome) -> list[dict[str, Any]]:
    """The recorded steps."""
    return [e for e in read_events(outcome.folder / "metrics.jsonl") if e["event"] == "step"]


@pytest.mark.parametrize(
    ("objective", "controls"),
    [
        ("prefix_lm", {"<|bos|>": 0}),
        ("hybrid", {"<|bos|>": 0, "<|pad|>": 1, "<|mask|>": 2}),
        ("causal:0.7,fill_in_the_middle:0.3", {"<|bos|>": 0, "<|prefix|>": 1, "<|middle|>": 2, "<|suffix|>": 3}),
    ],
)
def test_a_gpt_learns_otherwise_and_is_scored_left_to_right(
    text: Path, tmp_path: Path, objective: str, controls: dict[str, int]
) -> None:
    outcome = run(text, tmp_path / "run", "gpt", objective)
    assert not outcome.pseudo
    assert open_tokenizer(outcome.folder / "tokenizer").control_tokens == controls
    assert evaluate(outcome.folder).bits_per_byte == pytest.approx(outcome.bits_per_byte, rel=1e-3)
    steps = steps_of(outcome)
    if objective == "prefix_lm":
        assert "losses" not in steps[0]
    else:
        assert {step["objective"] for step in steps} == {"causal", controls_name(objective)}


def controls_name(objective: str) -> str:
    """The member beside `causal`."""
    return "masked_next_token" if objective == "hybrid" else "fill_in_the_middle"


def test_pairs_in_whole_words_have_both_losses_in_the_metrics(text: Path, tmp_path: Path) -> None:
    asked = ("objective.whole_words=true", "objective.share=0.15")
    outcome = run(text, tmp_path / "run", "bert", "masked+next_sentence", *asked)
    assert outcome.pseudo
    for step in steps_of(outcome):
        assert set(step["losses"]) == {"masked", "next_sentence"}
        assert step["loss"] == pytest.approx(sum(step["losses"].values()), rel=1e-4)
    frozen = (outcome.folder / "settings.toml").read_text(encoding="utf-8")
    assert 'name = "masked+next_sentence"' in frozen
    assert "share = 0.15" in frozen


def test_a_name_alone_still_stands_for_the_table() -> None:
    assert build(settings_kind("gpt"), {"objective": "causal"}).objective == ObjectiveSettings(name="causal")
    gpt = ARCHITECTURES.load("gpt")
    assert controls_asked(gpt, {"objective": "hybrid"}) == ("<|bos|>", "<|pad|>", "<|mask|>")
    assert controls_asked(gpt, {}) == ("<|bos|>",)


@pytest.mark.parametrize(
    ("arch", "objective"),
    [("lstm", "hybrid"), ("gpt", "causal:1,masked:1"), ("bert", "prefix_lm"), ("bilstm", "causal")],
)
def test_a_pair_that_cannot_be_is_refused_before_any_work(
    arch: str, objective: str, text: Path, tmp_path: Path
) -> None:
    row = ARCHITECTURES.load(arch)
    with pytest.raises(UsageError, match="cannot be trained with"):
        check_objective(ObjectiveSettings(name=objective), row, row.settings())
    with pytest.raises(UsageError, match="cannot be trained with"):
        pretrain(text, out=tmp_path / "run", arch=arch, objective=objective, steps=3)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("objective", "asked", "fits"),
    [
        ("", None, True),
        ("", "denoising", True),
        ("", "prefix", False),
        ("prefix", "prefix", True),
        ("prefix", "denoising", False),
        ("denoising:0.7,prefix:0.3", "prefix", True),
    ],
)
def test_a_model_is_asked_only_for_what_it_learns(objective: str, asked: str | None, fits: bool) -> None:
    row = ARCHITECTURES.load("t5")
    shape = row.settings() if asked is None else row.settings(objective=asked)
    with nullcontext() if fits else pytest.raises(UsageError, match=r"model\.objective is not what the run teaches"):
        check_objective(ObjectiveSettings(name=objective), row, shape)


def test_a_mixture_is_asked_for_its_heaviest_part(text: Path, tmp_path: Path) -> None:
    t5 = ARCHITECTURES.load("t5")
    assert written_objective(t5, {"objective": "denoising:0.3,prefix:0.7"}) == "prefix"
    assert written_objective(t5, {"objective": "denoising,prefix", "model": {"objective": "prefix"}}) == "prefix"
    outcome = run(text, tmp_path / "run", "t5", "denoising:0.7,prefix:0.3")
    assert load(outcome.folder).network.objective == "denoising"
    assert {step["objective"] for step in steps_of(outcome)} == {"denoising", "prefix"}


def test_a_tokenizer_without_the_control_tokens_is_refused(text: Path, tmp_path: Path) -> None:
    made = run(text, tmp_path / "plain", "gpt", "causal").folder / "tokenizer"
    with pytest.raises(UsageError, match="lacks a control token"):
        pretrain(
            text, out=tmp_path / "run", overrides=[*GPT], objective="fill_in_the_middle", tokenizer=str(made), steps=3
        )
