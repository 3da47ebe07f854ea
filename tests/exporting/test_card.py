"""The card says what is known, and leaves open what is the owner's to say."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from danlu.exporting.card import model_card
from danlu.exporting.source import open_source

from .conftest import MakeRun

yaml = pytest.importorskip("yaml")


def test_the_metadata_is_yaml_with_bits_per_byte(gpt_run: Path) -> None:
    card = model_card(open_source(gpt_run), license_name="mit", languages=("zh", "en"))
    _, head, body = card.split("---\n", 2)
    read = yaml.safe_load(head)
    assert read["pipeline_tag"] == "text-generation"
    assert read["license"] == "mit"
    assert read["language"] == ["zh", "en"]
    (result,) = read["model-index"][0]["results"]
    assert result["metrics"] == [{"name": "bits per byte", "type": "bits_per_byte", "value": 1.7321}]
    assert "| gzip | 3.000 |" in body
    assert "Qwen3ForCausalLM" in body


def test_what_is_not_known_is_not_said(gpt_run: Path, tmp_path: Path) -> None:
    shutil.copytree(gpt_run / "model", tmp_path / "model")
    card = model_card(open_source(tmp_path / "model"))
    read = yaml.safe_load(card.split("---\n", 2)[1])
    assert not {"license", "language", "model-index"} & set(read)
    assert "the owner" in card
    assert "Not measured" in card


@pytest.mark.parametrize(
    ("arch", "task", "loader"),
    [("bert", "fill-mask", "AutoModelForMaskedLM"), ("t5", "text2text-generation", "AutoModelForSeq2SeqLM")],
)
def test_pseudo_bits_have_their_own_name_and_stand_beside_no_compressor(
    make_run: MakeRun, arch: str, task: str, loader: str
) -> None:
    source = open_source(make_run(arch))
    _, head, body = model_card(replace(source, facts={**source.facts, "pseudo": True})).split("---\n", 2)
    read = yaml.safe_load(head)
    assert read["pipeline_tag"] == task
    (result,) = read["model-index"][0]["results"]
    assert result["task"]["type"] == task
    assert result["metrics"] == [{"name": "pseudo bits per byte", "type": "pseudo_bits_per_byte", "value": 1.7321}]
    assert "gzip" not in body
    assert "pseudo bits per byte" in body
    assert loader in body


def test_a_model_of_others_is_not_called_danlu_s(gpt_run: Path) -> None:
    source = open_source(gpt_run)
    card = model_card(replace(source, facts={"imported_from": "theirs"}))
    assert "`theirs`, trained by others" in card
    assert "from scratch" not in card
    assert "split_special_tokens" not in card
    assert "AutoModelForCausalLM" in card
