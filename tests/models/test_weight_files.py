"""Weights in one file or in shards; an index that lies, or leads elsewhere, is refused."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from danlu.core.errors import ArtifactError
from danlu.models.weight_files import read_weights, weight_files

WEIGHTS = {"a": torch.arange(3.0), "b": torch.arange(4.0), "c": torch.ones(2, 2)}


def _shard(folder: Path, places: dict[str, str]) -> None:
    for file in set(places.values()):
        save_file({name: WEIGHTS[name] for name, place in places.items() if place == file}, folder / file)
    _index(folder, places)


def _index(folder: Path, places: object) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))


def test_shards_are_one_set_of_weights(tmp_path: Path) -> None:
    _shard(tmp_path, {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-1.safetensors"})
    found = read_weights(tmp_path)
    assert found.keys() == WEIGHTS.keys()
    assert all(torch.equal(found[name], WEIGHTS[name]) for name in WEIGHTS)
    assert [path.name for path in weight_files(tmp_path)] == [
        "model.safetensors.index.json", "model-1.safetensors", "model-2.safetensors"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "places",
    [
        {"a": "../model.safetensors"},
        {"a": "/etc/passwd"},
        {"a": "code.bin"},
        {"a": "absent.safetensors"},
        {"a": 1},
        ["a"],
        {"z": "model-1.safetensors"},
    ],
)
def test_an_index_that_is_wrong_is_refused(tmp_path: Path, places: object) -> None:
    save_file({"a": WEIGHTS["a"]}, tmp_path / "model-1.safetensors")
    _index(tmp_path, places)
    with pytest.raises(ArtifactError):
        read_weights(tmp_path)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "weights.pt", "model.ckpt", "pytorch_model.bin.index.json"])
def test_files_that_can_hold_code_are_named_with_the_command(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ArtifactError, match="danlu convert"):
        read_weights(tmp_path)


def test_nothing_there_and_a_cut_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "training_args.bin").write_bytes(b"x")
    with pytest.raises(ArtifactError, match="missing"):
        read_weights(tmp_path)
    save_file(WEIGHTS, tmp_path / "model.safetensors")
    data = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(data[:-8])
    with pytest.raises(ArtifactError):
        read_weights(tmp_path)
