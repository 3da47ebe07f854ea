"""An export appears whole and proven, or not at all."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from danlu.core.artifacts import finish_artifact, is_finished
from danlu.core.errors import ArtifactError, UsageError
from danlu.exporting import huggingface
from danlu.models import ARCHITECTURES
from danlu.models.model import LanguageModel
from danlu.models.store import load_model, save_model
from danlu.recipes.export import export
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.tokenizer import TokenizerSettings, save_tokenizer


def _model(folder: Path, arch: str) -> Path:
    """A finished model folder with a byte tokenizer."""
    settings = TokenizerSettings(kind="byte")
    tokenizer = TOKENIZERS.load("byte")(lambda: iter(()), settings)
    inside = save_tokenizer(tokenizer, folder / "tokenizer", settings=settings)
    row = ARCHITECTURES.load(arch)
    save_model(row.build(row.sized(30_000, tokenizer.vocab_size, 32), tokenizer.vocab_size), folder)
    finish_artifact(folder, "model", settings={}, inputs={"tokenizer": inside.digest})
    return folder


@pytest.fixture(autouse=True)
def no_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where it is not installed: danlu's own loader proves alone (and these tests stay quick)."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


@pytest.fixture(scope="module")
def gpt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder of `gpt`."""
    return _model(tmp_path_factory.mktemp("models") / "gpt", "gpt")


def test_the_export_is_a_finished_folder_and_is_told_step_by_step(gpt: Path, tmp_path: Path) -> None:
    events: list[Mapping[str, Any]] = []
    result = export(gpt, "huggingface", tmp_path / "deep" / "out", watch=events.append)
    assert is_finished(result.path, "export")
    assert [event["event"] for event in events] == ["written", "proven"]
    assert [proof.program for proof in result.proofs] == ["danlu"]
    assert result.num_bytes > 100_000
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
    assert not (result.path / ".lock").exists()


def test_the_same_export_again_is_done_already_and_equal_bytes(gpt: Path, tmp_path: Path) -> None:
    first = export(gpt, "huggingface", tmp_path / "a")
    again = export(gpt, "huggingface", tmp_path / "a")
    other = export(gpt, "huggingface", tmp_path / "b")
    assert first.digest == again.digest == other.digest
    assert again.proofs == ()


def test_an_empty_folder_is_filled_and_any_other_is_left_alone(gpt: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert is_finished(export(gpt, "huggingface", tmp_path / "empty").path, "export")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("")
    for taken in ("mine", "file"):
        with pytest.raises(UsageError, match="holds something else"):
            export(gpt, "huggingface", tmp_path / taken)
    with pytest.raises(UsageError, match="holds something else"):
        export(gpt, "huggingface", tmp_path / "empty", overrides=["license=mit"])
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_a_copy_that_differs_is_never_shown(gpt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(folder: Path, **how: Any) -> LanguageModel:
        model = load_model(folder, **how)
        with torch.no_grad():
            next(model.parameters()).mul_(1.01)
        return model

    monkeypatch.setattr(huggingface, "load_model", wrong)
    with pytest.raises(ArtifactError, match="does not equal"):
        export(gpt, "huggingface", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_export_left_is_cleared(gpt: Path, tmp_path: Path) -> None:
    (tmp_path / ".out.part" / "folder").mkdir(parents=True)
    (tmp_path / ".out.part" / "half.safetensors").write_text("x")
    result = export(gpt, "huggingface", tmp_path / "out")
    assert not (result.path / "half.safetensors").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("arch", ["lstm", "gru", "rnn"])
def test_recurrent_models_are_refused_with_what_can_be_done(tmp_path: Path, arch: str) -> None:
    model = _model(tmp_path / "model", arch)
    with pytest.raises(UsageError) as refused:
        export(model, "huggingface", tmp_path / "out")
    for language in ("en", "zh"):
        message = refused.value.render(language)
        assert arch in message
        assert "gpt" in message
        assert "--to onnx" in message
    assert not (tmp_path / "out").exists()


def test_unknown_formats_and_settings_are_refused(gpt: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="huggingface"):
        export(gpt, "hugingface", tmp_path / "out")
    with pytest.raises(UsageError, match="licence"):
        export(gpt, "huggingface", tmp_path / "out", overrides=["licence=mit"])
