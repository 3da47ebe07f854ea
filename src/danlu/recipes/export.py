"""Recipe of `danlu export`: a model in, a proven copy for other programs out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from danlu.core.artifacts import Artifact, finish_artifact, open_artifact
from danlu.core.events import Watcher, ignore
from danlu.core.settings import plain, resolve
from danlu.exporting import FORMATS
from danlu.exporting.format import ExportFormat, Proof
from danlu.exporting.source import ExportSource, open_source
from danlu.recipes.beside import finished_before, written_beside

KIND = "export"


@dataclass(frozen=True, kw_only=True)
class ExportResult:
    """The finished folder, its format and size, and the programs that loaded it (none when it was there already).

    `proven_with`: their names, those of an earlier call included.
    """

    path: Path
    format: str
    digest: str
    num_bytes: int
    proofs: tuple[Proof, ...]
    proven_with: tuple[str, ...]


def export(
    model_path: Path | str,
    to: str,
    out: Path | str,
    *,
    overrides: Sequence[str] = (),
    watch: Watcher = ignore,
) -> ExportResult:
    """Writes the model of a run (or a model artifact) in the format `to` as the folder `out` (kind "export").

    The files are written beside `out`, loaded back and compared; `out` appears, by rename, only when ids and logits are
    equal. Raises UsageError for an unknown format or setting, for a model that the format cannot hold and for a folder
    that holds something else; ArtifactError for a damaged model and for a copy that differs.
    """
    row: ExportFormat = FORMATS.load(to)
    settings = resolve(row.settings, overrides=overrides)
    source = open_source(Path(model_path))
    row.check(source, settings)
    target = Path(out)
    wanted = {"format": to, **plain(settings)}
    done = finished_before(
        target, KIND, lambda there: dict(there.settings) == wanted and dict(there.inputs) == _inputs(source)
    )
    if done is not None:
        return _result(done, to, ())
    with written_beside(target) as part:
        row.write(source, part, settings)
        watch({"event": "written", "format": to, "path": str(part)})
        proofs = row.prove(source, part, settings)
        for proof in proofs:
            watch({"event": "proven", "program": proof.program, "difference": proof.largest_difference})
        finish_artifact(part, KIND, settings=wanted, inputs=_inputs(source), facts=_facts(source, proofs))
    return _result(open_artifact(target, KIND), to, tuple(proofs))


def _inputs(source: ExportSource) -> dict[str, str]:
    inputs = {"model": source.artifact.digest}
    if source.tokenizer.digest:
        inputs["tokenizer"] = source.tokenizer.digest
    return inputs


def _facts(source: ExportSource, proofs: Sequence[Proof]) -> dict[str, Any]:
    facts = {"parameters": source.num_parameters, "proven_with": [proof.program for proof in proofs]}
    kept = ("bits_per_byte", "pseudo", "perplexity")
    return facts | {name: source.facts[name] for name in kept if name in source.facts}


def _result(artifact: Artifact, to: str, proofs: tuple[Proof, ...]) -> ExportResult:
    num_bytes = sum(found.stat().st_size for found in artifact.path.rglob("*") if found.is_file())
    return ExportResult(
        path=artifact.path,
        format=to,
        digest=artifact.digest,
        num_bytes=num_bytes,
        proofs=proofs,
        proven_with=tuple(artifact.facts["proven_with"]),
    )
