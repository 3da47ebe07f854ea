"""Recipe of `danlu import`: a Hugging Face folder in, a model artifact of danlu out, proven equal to the original."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from danlu.core.artifacts import Artifact, finish_artifact, open_artifact
from danlu.core.disk import read_json
from danlu.core.errors import UsageError
from danlu.core.events import Watcher, ignore
from danlu.core.language import Text
from danlu.core.settings import Settings, plain, resolve, setting
from danlu.exporting.foreign import is_foreign
from danlu.exporting.format import Proof
from danlu.exporting.huggingface import prove_import
from danlu.exporting.source import ExportSource, open_source
from danlu.models.heads import MissingHead
from danlu.models.store import CONFIG, save_model
from danlu.recipes.beside import finished_before, written_beside
from danlu.recipes.load import model_folder
from danlu.tokenizers.tokenizer import save_tokenizer

KIND = "model"


class ImportSettings(Settings):
    """How a foreign model is taken in."""

    dtype: Literal["float32", "bfloat16"] = setting(
        "float32", "number type of the stored weights; float32 loses nothing", "权重的数值类型；float32 不丢失精度"
    )
    proof: bool = setting(
        True,
        "compare ids and scores with transformers where it is installed; takes twice the memory",
        "若装有 transformers，则比较编号与分数；需要两倍内存",
    )


@dataclass(frozen=True, kw_only=True)
class ImportResult:
    """The finished folder and what is in it. `head`: whether the model gives scores of tokens, not vectors alone.

    `context_length` is shorter than `max_positions`, that of the original, where attention there slides: within one window
    both compute the same. `left_out`: weights of other heads in the original, which are not taken over. `proofs`: who gave
    equal ids and scores; `proven_with`: their names, those of an earlier call included.
    """

    path: Path
    architecture: str
    parameters: int
    vocab_size: int
    context_length: int
    max_positions: int
    head: bool
    tokenizer_from: str
    left_out: tuple[str, ...]
    digest: str
    proofs: tuple[Proof, ...]
    proven_with: tuple[str, ...]


def import_model(
    folder: Path | str, out: Path | str, *, overrides: Sequence[str] = (), watch: Watcher = ignore
) -> ImportResult:
    """Takes the model of a Hugging Face folder into the artifact `out` (kind "model"), its tokenizer inside.

    Only safetensors are read and no code of the folder is run. Where transformers is installed, it reads the same folder, and
    ids on texts that break tokenizers and scores must be equal (within 1e-4 of the largest, or of 1), or nothing is written.
    Raises UsageError for wrong settings, for a model that is danlu's own and for an `out` that holds something else;
    ArtifactError for a folder that cannot be read or asks for something that danlu does not compute.
    """
    settings = resolve(ImportSettings, overrides=overrides)
    inside = model_folder(folder)
    _check_foreign(inside)
    source = open_source(inside)
    target, wanted = Path(out), plain(settings)
    done = finished_before(
        target,
        KIND,
        lambda there: dict(there.settings) == wanted and there.inputs.get("original") == source.artifact.digest,
    )
    if done is not None:
        return _result(source, done, ())
    proofs = tuple(prove_import(source)) if settings.proof else ()
    for proof in proofs:
        watch({"event": "proven", "program": proof.program, "difference": proof.largest_difference})
    return _result(source, _write(source, target, settings, proofs), proofs)


def _write(source: ExportSource, target: Path, settings: ImportSettings, proofs: Sequence[Proof]) -> Artifact:
    tokenizer = source.tokenizer
    ends = sorted(tokenizer.stop_ids - {tokenizer.bos_id}) or [tokenizer.bos_id]
    with written_beside(target) as part:
        save_model(source.model.to(getattr(torch, settings.dtype)), part, bos_id=tokenizer.bos_id, eos_id=ends[0])
        origin = {"original": source.artifact.digest}
        inner = save_tokenizer(tokenizer, part / "tokenizer", settings=settings, inputs=origin)
        inputs = {**origin, "tokenizer": inner.digest}
        finish_artifact(part, KIND, settings=plain(settings), inputs=inputs, facts=_facts(source, proofs))
    return open_artifact(target, KIND)


def _facts(source: ExportSource, proofs: Sequence[Proof]) -> dict[str, Any]:
    return {
        "architecture": source.architecture.name,
        "parameters": source.num_parameters,
        "vocab_size": source.model.vocab_size,
        "head": not isinstance(source.model.head, MissingHead),
        "max_positions": _max_positions(source),
        "imported_from": source.name,
        "left_out": list(source.facts["left_out"]),
        "proven_with": [proof.program for proof in proofs],
    }


def _max_positions(source: ExportSource) -> int:
    config = read_json(source.artifact.path / CONFIG)
    context = source.model.context_length
    stated = config.get("max_position_embeddings") or config.get("n_positions") or context
    return context if stated - context <= 2 else int(stated)  # RoBERTa's first two positions are not used


def _result(source: ExportSource, artifact: Artifact, proofs: tuple[Proof, ...]) -> ImportResult:
    return ImportResult(
        path=artifact.path,
        architecture=source.architecture.name,
        parameters=source.num_parameters,
        vocab_size=source.model.vocab_size,
        context_length=source.model.context_length,
        max_positions=int(artifact.facts["max_positions"]),
        head=bool(artifact.facts["head"]),
        tokenizer_from=str(source.tokenizer.facts["source"]),
        left_out=tuple(artifact.facts["left_out"]),
        digest=artifact.digest,
        proofs=proofs,
        proven_with=tuple(artifact.facts["proven_with"]),
    )


def _check_foreign(folder: Path) -> None:
    if is_foreign(folder):
        return
    raise UsageError(
        Text("{path} is a model of danlu already", "{path} 已经是 danlu 的模型"),
        got=Text("a folder with danlu's own tokenizer or manifest", "含有 danlu 分词器或清单的目录"),
        allowed=Text("a Hugging Face folder that another program wrote", "其他程序写出的 Hugging Face 目录"),
        fix=Text("use it as it is: danlu evaluate {path}", "直接使用即可：danlu evaluate {path}"),
        path=folder,
    )
