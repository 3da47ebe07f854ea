"""`plan`: the quote, and nothing trained."""

from pathlib import Path

import pytest

from danlu.core.errors import UsageError
from danlu.recipes.plan import plan
from tiny_texts import GPT, tiny_text


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A text in a folder of its own."""
    path = tmp_path / "text.txt"
    path.write_text(tiny_text(), encoding="utf-8")
    return path


def test_a_quote_without_any_trace(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(text.parent)
    stages = []
    quote = plan(text, duration="1m", watch=lambda event: stages.append(event.get("name")))
    assert quote.seconds == 60
    assert quote.tokens_per_second > 0
    assert quote.bits_per_byte_low < quote.bits_per_byte < quote.bits_per_byte_high
    assert "train" not in stages
    assert [p.name for p in text.parent.iterdir()] == ["text.txt"]


def test_what_the_user_sets_is_in_the_quote(text: Path) -> None:
    quote = plan(text, steps=60, overrides=GPT)
    assert (quote.steps, quote.batch_tokens, quote.context_length, quote.vocab_size) == (60, 64, 16, 300)
    assert quote.tokens == 60 * 64


def test_more_time_buys_more(text: Path) -> None:
    text.write_text(tiny_text(3000), encoding="utf-8")  # a small text has no use for a large network
    short, long = plan(text, duration="1m"), plan(text, duration="1h")
    assert long.parameters > short.parameters
    assert long.tokens > short.tokens
    assert long.bits_per_byte < short.bits_per_byte


def test_the_same_arguments_are_refused_as_by_pretrain(text: Path) -> None:
    with pytest.raises(UsageError, match="muon"):
        plan(text, steps=2, overrides=["training.optimizer.name=muno"])
    with pytest.raises(UsageError, match="no-such"):
        plan(text.parent / "no-such", steps=2)
    with pytest.raises(UsageError, match="one budget"):
        plan(text, steps=2, tokens=9)
