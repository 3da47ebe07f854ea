"""The recipe of `danlu tokenizer train`."""

from pathlib import Path
from typing import Any

import pytest

from danlu.core.errors import UsageError
from danlu.recipes.tokenizer import tokenizer_train
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.tokenizer import open_tokenizer
from small_corpus import write_corpus

TEXTS = ["the fire and the furnace 炼丹炉 " * 30, "the smoke " * 20]


@pytest.mark.parametrize("kind", TOKENIZERS.names())
def test_it_trains_and_says_why(kind: str, tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus", TEXTS, ["held out"])
    events: list[Any] = []
    overrides = [f"kind={kind}", "vocab_size=600"]
    artifact = tokenizer_train(tmp_path / "corpus", tmp_path / "t", overrides=overrides, watch=events.append)
    assert artifact.inputs == {"corpus": corpus.artifact.digest}
    assert artifact.facts["quality"]["round_trip_failures"] == 0
    assert artifact.facts["quality"]["num_bytes"] == len("held out")
    assert [event["event"] for event in events] == ["decision", "quality"]
    assert open_tokenizer(tmp_path / "t").kind == kind


def test_the_same_again_returns_it_and_other_settings_are_refused(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", TEXTS)
    first = tokenizer_train(tmp_path / "corpus", tmp_path / "t", overrides=["vocab_size=300"])
    assert tokenizer_train(tmp_path / "corpus", tmp_path / "t", overrides=["vocab_size=300"]) == first
    with pytest.raises(UsageError, match="vocab_size: 300 -> 320"):
        tokenizer_train(tmp_path / "corpus", tmp_path / "t", overrides=["vocab_size=320"])


def test_an_unknown_kind_is_told_with_the_nearest(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", TEXTS)
    with pytest.raises(UsageError, match="byte"):
        tokenizer_train(tmp_path / "corpus", tmp_path / "t", overrides=["kind=bytes"])
