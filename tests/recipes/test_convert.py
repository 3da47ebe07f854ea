"""Foreign weights become safetensors only with a word of trust, in another process, and code in them never runs."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from danlu.core.errors import ArtifactError, DataError, UsageError
from danlu.models.weight_files import read_weights
from danlu.recipes.convert import convert
from danlu.recipes.import_model import import_model
from danlu.recipes.load import load
from foreign_folders import write_model, write_tokenizer

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def unsafe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a Llama whose weights are a pytorch_model.bin; original.safetensors holds the same, outside."""
    folder = tmp_path_factory.mktemp("unsafe")
    write_model(folder / "model", "llama", write_tokenizer(folder / "model", "llama"))
    shutil.move(folder / "model" / "model.safetensors", folder / "original.safetensors")
    torch.save(load_file(folder / "original.safetensors"), folder / "model" / "pytorch_model.bin")
    (folder / "model" / "code.py").write_text("raise SystemExit\n")
    return folder / "model"


def test_such_weights_are_refused_with_the_command_that_converts_them(unsafe: Path, tmp_path: Path) -> None:
    for read in (lambda: load(unsafe), lambda: import_model(unsafe, tmp_path / "out")):
        with pytest.raises(ArtifactError) as refused:
            read()
        assert f"danlu convert {unsafe / 'pytorch_model.bin'} --i-trust-this-file -o" in str(refused.value)
    with pytest.raises(UsageError, match="--i-trust-this-file"):
        convert(unsafe / "pytorch_model.bin", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_trusted_file_becomes_a_folder_that_imports(unsafe: Path, tmp_path: Path) -> None:
    result = convert(unsafe / "pytorch_model.bin", tmp_path / "safe", trusted=True)
    original = load_file(unsafe.parent / "original.safetensors")
    found = read_weights(result.path)
    assert found.keys() == original.keys()
    assert all(torch.equal(found[name], original[name]) for name in original)
    assert "code.py" not in {path.name for path in result.path.iterdir()}
    assert import_model(result.path, tmp_path / "ours").architecture == "llama"
    with pytest.raises(UsageError, match="something else"):
        convert(unsafe / "pytorch_model.bin", tmp_path / "safe", trusted=True)


def test_shards_are_read_by_their_index(unsafe: Path, tmp_path: Path) -> None:
    import json

    weights = load_file(unsafe.parent / "original.safetensors")
    places = {name: f"pytorch_model-{number % 2}.bin" for number, name in enumerate(weights)}
    for file in set(places.values()):
        torch.save({name: weights[name] for name in weights if places[name] == file}, tmp_path / file)
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": places}))
    result = convert(tmp_path / "pytorch_model.bin.index.json", tmp_path / "safe", trusted=True)
    assert read_weights(result.path).keys() == weights.keys()
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": {"a": "../elsewhere.bin"}}))
    with pytest.raises(DataError, match="elsewhere"):
        convert(tmp_path / "pytorch_model.bin.index.json", tmp_path / "other", trusted=True)


def test_tied_tensors_and_a_trainer_s_wrapping_are_read(tmp_path: Path) -> None:
    shared = torch.arange(6.0).reshape(2, 3)
    torch.save({"epoch": 3, "state_dict": {"a": shared, "b": shared, "c": shared.T}}, tmp_path / "w.pt")
    result = convert(tmp_path / "w.pt", tmp_path / "safe", trusted=True)
    found = load_file(result.path / "model.safetensors")
    assert torch.equal(found["a"], shared)
    assert torch.equal(found["b"], shared)
    assert torch.equal(found["c"], shared.T)


class _Runs:
    """Leaves a mark behind when a reader that runs code reads it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def test_code_inside_a_trusted_file_does_not_run(tmp_path: Path) -> None:
    torch.save({"weight": torch.ones(2), "trap": _Runs(tmp_path / "ran")}, tmp_path / "w.bin")
    with pytest.raises(DataError, match="other than weights"):
        convert(tmp_path / "w.bin", tmp_path / "safe", trusted=True)
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "safe").exists()


def test_what_is_no_file_of_weights_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.bin").write_text("no weights")
    torch.save(torch.ones(2), tmp_path / "alone.bin")
    torch.save({"a": torch.ones(2), "config": "text"}, tmp_path / "mixed.bin")
    with zipfile.ZipFile(tmp_path / "zip.bin", "w") as archive:
        archive.writestr("a", "b")
    for name in ("text.bin", "alone.bin", "mixed.bin", "zip.bin"):
        with pytest.raises(DataError):
            convert(tmp_path / name, tmp_path / "safe", trusted=True)
    with pytest.raises(UsageError, match="no file"):
        convert(tmp_path / "absent.bin", tmp_path / "safe", trusted=True)
