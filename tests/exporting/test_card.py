"""The card says what is known, and leaves open what is the owner's to say."""

import shutil
from pathlib import Path

import pytest

from danlu.exporting.card import model_card
from danlu.exporting.source import open_source

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
