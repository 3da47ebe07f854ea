"""What is exported is found from a run or a model folder, whole and matching, or refused."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from danlu.core.artifacts import finish_artifact
from danlu.core.errors import ArtifactError
from danlu.exporting.source import open_source


def test_a_run_and_its_model_folder_are_the_same_source(gpt_run: Path) -> None:
    run, model = open_source(gpt_run), open_source(gpt_run / "model")
    assert run.artifact == model.artifact
    assert run.name == model.name == gpt_run.name
    assert run.facts["bits_per_byte"] == model.facts["bits_per_byte"] == 1.7321
    assert run.architecture.name == "gpt"
    assert run.num_parameters == sum(weight.numel() for weight in run.model.parameters())


def test_a_model_whose_tokenizer_lies_beside_it(gpt_run: Path, tmp_path: Path) -> None:
    shutil.copytree(gpt_run, tmp_path / "run")
    shutil.move(tmp_path / "run" / "model" / "tokenizer", tmp_path / "run" / "tokenizer")
    with pytest.raises(ArtifactError):  # the manifest of the model names its tokenizer
        open_source(tmp_path / "run")


def test_an_unfinished_model_is_refused(gpt_run: Path, tmp_path: Path) -> None:
    shutil.copytree(gpt_run, tmp_path / "run")
    (tmp_path / "run" / "model" / "manifest.json").unlink()
    with pytest.raises(ArtifactError, match="not a finished artifact"):
        open_source(tmp_path / "run")


def test_the_languages_are_those_of_the_corpus(gpt_run: Path, tmp_path: Path) -> None:
    shutil.copytree(gpt_run, tmp_path / "run")
    (tmp_path / "run" / "corpus").mkdir()
    counts = {"en": 40, "zh": 55, "it": 2, "unknown": 30}
    finish_artifact(tmp_path / "run" / "corpus", "corpus", settings={}, facts={"languages": counts})
    assert open_source(tmp_path / "run").facts["languages"] == ["zh", "en"]
    assert "languages" not in open_source(gpt_run).facts


def test_one_flipped_bit_is_refused(gpt_run: Path, tmp_path: Path) -> None:
    shutil.copytree(gpt_run, tmp_path / "run")
    weights = tmp_path / "run" / "model" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-5] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ArtifactError, match="SHA-256"):
        open_source(tmp_path / "run")


def test_another_tokenizer_is_refused(gpt_run: Path, make_run: Callable[..., Path], tmp_path: Path) -> None:
    other = make_run("gpt", "byte")
    shutil.copytree(gpt_run / "model", tmp_path / "model")
    shutil.rmtree(tmp_path / "model" / "tokenizer")
    shutil.copytree(other / "model" / "tokenizer", tmp_path / "tokenizer")
    inputs = dict(open_source(gpt_run).artifact.inputs)
    finish_artifact(tmp_path / "model", "model", settings={}, inputs=inputs)
    with pytest.raises(ArtifactError, match="another tokenizer"):
        open_source(tmp_path / "model")
    finish_artifact(tmp_path / "model", "model", settings={}, inputs={})
    with pytest.raises(ArtifactError, match="does not belong"):
        open_source(tmp_path / "model")


def test_a_model_without_a_tokenizer_is_refused(gpt_run: Path, tmp_path: Path) -> None:
    shutil.copytree(gpt_run / "model", tmp_path / "a" / "model")
    shutil.rmtree(tmp_path / "a" / "model" / "tokenizer")
    finish_artifact(tmp_path / "a" / "model", "model", settings={}, inputs={})
    with pytest.raises(ArtifactError, match="no tokenizer"):
        open_source(tmp_path / "a" / "model")
