"""Folders of other programs are told from danlu's own; their digest is that of what decides the model."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from danlu.exporting.foreign import foreign_artifact, is_foreign
from danlu.exporting.source import open_source
from danlu.recipes.export import export
from danlu.recipes.load import load
from foreign_folders import write_model, write_tokenizer

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a Llama."""
    folder = tmp_path_factory.mktemp("theirs") / "llama"
    write_model(folder, "llama", write_tokenizer(folder, "llama"))
    return folder


def test_danlu_s_own_folders_are_not_foreign(gpt_run: Path, theirs: Path, tmp_path: Path) -> None:
    assert is_foreign(theirs)
    assert not is_foreign(gpt_run / "model")
    exported = export(gpt_run, "huggingface", tmp_path / "exported").path
    (exported / "manifest.json").unlink()  # as after an upload and a download
    assert not is_foreign(exported)
    assert load(exported).encode("炉火") == load(gpt_run).encode("炉火")
    assert not is_foreign(tmp_path)


def test_a_foreign_folder_beside_a_tokenizer_of_danlu_keeps_its_own(
    gpt_run: Path, theirs: Path, make_run: Callable[..., Path], tmp_path: Path
) -> None:
    shutil.copytree(theirs, tmp_path / "llama")
    shutil.copytree(gpt_run / "model" / "tokenizer", tmp_path / "tokenizer")
    assert is_foreign(tmp_path / "llama")
    assert load(tmp_path / "llama").tokenizer.kind == open_source(tmp_path / "llama").tokenizer.kind == "imported"


def test_the_digest_follows_weights_settings_and_tokenizer(theirs: Path, tmp_path: Path) -> None:
    digests = {foreign_artifact(theirs).digest}
    for name in ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"):
        folder = tmp_path / name.replace(".", "-")
        shutil.copytree(theirs, folder)
        (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
        digests.add(foreign_artifact(folder).digest)
    assert len(digests) == 5
    shutil.copytree(theirs, tmp_path / "same")
    (tmp_path / "same" / "README.md").write_text("other words")
    assert foreign_artifact(tmp_path / "same").digest in digests
