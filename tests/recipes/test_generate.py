"""From the folder of a run to a text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from danlu.core.errors import ArtifactError, UsageError
from danlu.models import ARCHITECTURES
from danlu.models.store import save_model
from danlu.recipes.generate import generate
from danlu.tokenizers.byte import train
from danlu.tokenizers.tokenizer import TokenizerSettings, save_tokenizer


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with an untrained model of bytes."""
    folder = tmp_path_factory.mktemp("run")
    settings = TokenizerSettings(kind="byte")
    tokenizer = train(lambda: iter(["text"]), settings)
    save_tokenizer(tokenizer, folder / "tokenizer", settings=settings)
    row = ARCHITECTURES.load("gpt")
    save_model(row.build(row.sized(60_000, tokenizer.vocab_size, 32), tokenizer.vocab_size), folder / "model")
    return folder


@pytest.mark.parametrize("inside", ["", "model"])
def test_a_run_or_its_model_folder_goes_on(run: Path, inside: str) -> None:
    events: list[Mapping[str, Any]] = []
    pieces = generate(run / inside, "Ab", overrides=["max_tokens=40", "seed=3"], watch=events.append)
    assert "".join(pieces) == "".join(generate(run, "Ab", overrides=["max_tokens=40", "seed=3"]))
    assert [event["event"] for event in events] == ["generate"]


def test_wrong_settings_and_folders_are_refused_before_the_first_piece(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="temperature"):
        generate(run, "x", overrides=["temprature=1"])
    with pytest.raises(ArtifactError):
        generate(tmp_path, "x")
