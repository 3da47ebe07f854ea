"""What is exported: a model with its tokenizer and what is known about them, found from a run or a model folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from danlu.core.artifacts import Artifact, check_input, is_finished, open_artifact
from danlu.core.errors import ArtifactError
from danlu.core.events import read_events
from danlu.core.language import Text
from danlu.exporting.foreign import foreign_artifact, is_foreign
from danlu.models import ARCHITECTURES
from danlu.models.architecture import Architecture
from danlu.models.model import LanguageModel
from danlu.models.store import CONFIG, load_model, load_weights
from danlu.tokenizers.imported import imported_tokenizer
from danlu.tokenizers.tokenizer import Tokenizer, open_tokenizer

SHARE_OF_CORPUS = 0.1  # fewer documents than this are mistaken guesses more often than a language of the text


@dataclass(frozen=True, kw_only=True)
class ExportSource:
    """A model in evaluation mode, its tokenizer, and the facts of its run (empty where there is none).

    `facts` are those of the model's manifest under those of the run's `finished` event (`bits_per_byte` and others),
    and `languages`, the codes of what a tenth or more of the corpus is written in.
    """

    name: str
    model: LanguageModel
    tokenizer: Tokenizer
    artifact: Artifact
    facts: Mapping[str, Any]

    @property
    def architecture(self) -> Architecture:
        """The model's row."""
        row: Architecture = ARCHITECTURES.load(self.model.blueprint.architecture)
        return row

    @property
    def end_ids(self) -> list[int]:
        """Ids that end a text: the tokenizer's own, or the separator, which starts the next document."""
        return sorted(self.tokenizer.stop_ids - {self.tokenizer.bos_id}) or [self.tokenizer.bos_id]

    @property
    def num_parameters(self) -> int:
        """Parameters, a tied matrix counted once."""
        return sum(parameter.numel() for parameter in self.model.parameters())


def open_source(path: Path) -> ExportSource:
    """The model of a run folder, of a model artifact, or of a Hugging Face folder that another program made.

    Every byte of artifacts is checked against its hash.
    Raises ArtifactError when the model is unfinished or damaged, or when no tokenizer, or another one, lies beside it.
    """
    inside = path / "model" if (path / "model" / CONFIG).is_file() else path
    if is_foreign(inside):
        return _foreign_source(inside)
    artifact = open_artifact(inside, verify="hashes")
    folder = _tokenizer_folder(inside)
    tokenizer = open_tokenizer(folder)
    if "tokenizer" in artifact.inputs and tokenizer.artifact is not None:
        check_input(artifact, "tokenizer", tokenizer.artifact)
    model = load_model(inside)
    if model.vocab_size != tokenizer.vocab_size:
        raise ArtifactError(
            Text("the tokenizer in {folder} does not belong to the model", "{folder} 中的分词器与模型不匹配"),
            got=f"{tokenizer.vocab_size} / {model.vocab_size}",
            allowed=Text("as many entries as the model has rows", "词表大小与模型一致"),
            fix=Text("name the folder of the run that made the model", "请指定生成该模型的运行目录"),
            folder=folder,
        )
    run = inside.parent if inside.name == "model" else inside
    finished = [event for event in read_events(run / "events.jsonl") if event.get("event") == "finished"]
    facts = {**_languages(run / "corpus"), **artifact.facts, **(finished[-1] if finished else {})}
    name = run.resolve().name
    return ExportSource(name=name, model=model, tokenizer=tokenizer, artifact=artifact, facts=facts)


def _foreign_source(folder: Path) -> ExportSource:
    """Weights of half the bytes are widened, as CPUs compute with float32."""
    loaded = load_weights(folder, dtype=torch.float32)
    return ExportSource(
        name=folder.resolve().name,
        model=loaded.model,
        tokenizer=imported_tokenizer(folder, loaded.model.vocab_size),
        artifact=foreign_artifact(folder),
        facts={"left_out": list(loaded.left_out), "imported_from": folder.resolve().name},
    )


def _languages(corpus: Path) -> dict[str, Any]:
    """The main languages of a run's corpus, the commonest first; nothing where it is not there (any more)."""
    counts = open_artifact(corpus).facts.get("languages") if is_finished(corpus, "corpus") else None
    if not isinstance(counts, dict) or not counts:
        return {}
    limit = SHARE_OF_CORPUS * sum(counts.values())
    common = sorted((code for code in counts if counts[code] >= limit), key=lambda code: (-counts[code], code))
    return {"languages": [code for code in common if len(code) in (2, 3)]}


def _tokenizer_folder(model: Path) -> Path:
    """The folder of the tokenizer that lies in or beside the model's folder."""
    for folder in (model / "tokenizer", model, model.parent / "tokenizer"):
        if (folder / "tokenizer.json").is_file() and (folder / "manifest.json").is_file():
            return folder
    raise ArtifactError(
        Text("no tokenizer lies in or beside {path}", "{path} 之中或旁边没有分词器"),
        got=Text("no tokenizer.json", "没有 tokenizer.json"),
        allowed=Text("a run folder, or a model folder with its tokenizer", "运行目录，或带有分词器的模型目录"),
        fix=Text("name the folder of the run that made the model", "请指定生成该模型的运行目录"),
        path=model,
    )
