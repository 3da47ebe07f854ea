"""A model on disk: what is refused, and how it is said."""

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from danlu.core.errors import ArtifactError
from danlu.models import ARCHITECTURES
from danlu.models.store import CONFIG, OWN, WEIGHTS, load_model, save_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stored gpt."""
    row = ARCHITECTURES.load("gpt")
    save_model(row.build(row.sized(30_000, 60, 16), 60), tmp_path)
    return tmp_path


def change_config(folder: Path, **changes: Any) -> None:
    """Overwrites fields of config.json."""
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps({**config, **changes}))


def change_weights(folder: Path, changes: dict[str, torch.Tensor | None]) -> None:
    """Adds or replaces tensors; None removes one."""
    weights = {**safetensors.torch.load_file(folder / WEIGHTS), **changes}
    safetensors.torch.save_file({n: w for n, w in weights.items() if w is not None}, folder / WEIGHTS)


def test_the_config_says_all_that_transformers_needs(folder: Path) -> None:
    config = json.loads((folder / CONFIG).read_text())
    assert config["architectures"] == ["Qwen3ForCausalLM"]
    assert config["model_type"] == "qwen3"
    assert config["tie_word_embeddings"] is True
    assert config["bos_token_id"] == config["eos_token_id"] == 0
    assert config["rope_parameters"]["rope_theta"] == config["rope_theta"] == 10000.0


def test_names_are_those_of_hugging_face(folder: Path) -> None:
    names = set(safetensors.torch.load_file(folder / WEIGHTS))
    assert {"model.embed_tokens.weight", "model.norm.weight", "model.layers.0.self_attn.q_proj.weight"} <= names
    assert "lm_head.weight" not in names


def test_code_of_its_own_is_refused(folder: Path) -> None:
    change_config(folder, auto_map={"AutoModel": "evil.Model"})
    with pytest.raises(ArtifactError, match="code of its own"):
        load_model(folder)


@pytest.mark.parametrize("file", [WEIGHTS, CONFIG])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(ArtifactError, match=file):
        load_model(folder)


@pytest.mark.parametrize("file", [WEIGHTS, CONFIG])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.6, 0.99])
def test_a_cut_file_is_damaged(folder: Path, file: str, share: float) -> None:
    data = (folder / file).read_bytes()
    (folder / file).write_bytes(data[: int(share * len(data))])
    with pytest.raises(ArtifactError, match=file):
        load_model(folder)


@pytest.mark.parametrize(
    "changes",
    [{"hidden_size": 96}, {"num_hidden_layers": 9}, {"vocab_size": 61}, {"hidden_size": "wide"}, {"head_dim": 7}],
)
def test_a_config_of_another_shape_is_refused(folder: Path, changes: dict[str, Any]) -> None:
    change_config(folder, **changes)
    with pytest.raises(ArtifactError):
        load_model(folder)


def test_an_unknown_architecture_is_named(folder: Path) -> None:
    change_config(folder, model_type="mamba")
    with pytest.raises(ArtifactError, match="mamba"):
        load_model(folder)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"model.norm.weight": None}, "missing"),
        ({"model.norm.weight": torch.ones(5)}, "instead of"),
        ({"model.norm.bias": torch.ones(5)}, "not part of"),
    ],
)
def test_wrong_weights_are_listed(folder: Path, weights: dict[str, torch.Tensor | None], said: str) -> None:
    change_weights(folder, weights)
    with pytest.raises(ArtifactError, match=said):
        load_model(folder)


def test_a_tied_head_may_be_written_twice(folder: Path) -> None:
    embedding = safetensors.torch.load_file(folder / WEIGHTS)["model.embed_tokens.weight"]
    before = load_model(folder)
    change_weights(folder, {"lm_head.weight": embedding.clone()})
    assert torch.equal(load_model(folder).head.weight, before.head.weight)


def test_a_tied_head_that_differs_is_refused(folder: Path) -> None:
    change_weights(folder, {"lm_head.weight": torch.zeros(60, load_model(folder).embed.weight.shape[1])})
    with pytest.raises(ArtifactError, match="lm_head"):
        load_model(folder)


def test_the_dtype_can_be_chosen(folder: Path) -> None:
    model = load_model(folder, dtype=torch.bfloat16)
    assert {p.dtype for p in model.parameters()} == {torch.bfloat16}
    assert not model.training


def test_settings_of_a_recurrent_row_are_checked(tmp_path: Path) -> None:
    row = ARCHITECTURES.load("lstm")
    save_model(row.build(row.sized(30_000, 60, 16), 60), tmp_path)
    own = json.loads((tmp_path / OWN).read_text())
    own["settings"]["width"] = -1
    (tmp_path / OWN).write_text(json.dumps(own))
    with pytest.raises(ArtifactError, match="width"):
        load_model(tmp_path)
