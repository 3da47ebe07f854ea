"""A Hugging Face folder as it came: its model and tokenizer, and a digest of the files that they were read from."""

import hashlib
from pathlib import Path

from danlu.core.artifacts import Artifact, file_sha256, is_finished
from danlu.models.store import CONFIG
from danlu.models.weight_files import weight_files
from danlu.tokenizers.exported import exported_tokenizer
from danlu.tokenizers.folder_files import FILES

FURTHER = ("merges.txt", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json")


def is_foreign(folder: Path) -> bool:
    """Whether `folder` holds a model that another program made: no manifest, and no tokenizer of danlu's in it or for it."""
    if not (folder / CONFIG).is_file() or is_finished(folder) or is_finished(folder / "tokenizer"):
        return False
    own_beside = is_finished(folder.parent / "tokenizer") and not any((folder / name).is_file() for name in FILES)
    return not own_beside and exported_tokenizer(folder) is None


def foreign_artifact(folder: Path) -> Artifact:
    """The folder as an input of other artifacts: its digest is that of the files which decide the model."""
    named = [folder / name for name in (CONFIG, *FILES, *FURTHER)]
    lines = [f"{path.name} {file_sha256(path)}" for path in [*named, *weight_files(folder)] if path.is_file()]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return Artifact(path=folder, kind="model", digest=digest, settings={}, inputs={}, facts={})
