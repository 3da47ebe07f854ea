"""`danlu corpus build` and `verify` as functions; what a finished corpus is asked stands in `corpus_questions.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from danlu.core.artifacts import open_artifact
from danlu.core.clock import Stopwatch
from danlu.core.events import Watcher, ignore
from danlu.core.settings import Settings, resolve, setting
from danlu.corpus.pipeline import build_corpus
from danlu.corpus.settings import CorpusRuntime, CorpusSettings
from danlu.corpus.store import KIND, open_corpus


class CorpusBuildSettings(Settings):
    """Settings of `danlu corpus build`."""

    corpus: CorpusSettings = setting(
        CorpusSettings(preset="standard"), "what is read, dropped, changed and held out", "读取、丢弃、修改与留出的内容"
    )
    runtime: CorpusRuntime = setting(CorpusRuntime, "where it runs; never changes a byte", "运行方式，不影响结果")


@dataclass(frozen=True, kw_only=True)
class CorpusBuilt:
    """A finished corpus: where it is, and the counts that the JSON line carries."""

    path: Path
    digest: str
    documents_in: int
    documents_kept: int
    dropped: Mapping[str, int]
    bytes_kept: int
    bytes_of_splits: Mapping[str, int]
    files_skipped: Mapping[str, int]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class CorpusVerified:
    """A corpus whose every byte is as its manifest says, with counts that add up."""

    path: Path
    digest: str
    num_files: int
    documents_kept: int


def corpus_build(
    sources: Sequence[Path | str],
    out: Path | str,
    *,
    file: Path | None = None,
    overrides: Sequence[str] = (),
    watch: Watcher = ignore,
) -> CorpusBuilt:
    """Builds a clean corpus from files and folders, by the preset `standard` unless the settings name another.

    `file` is a TOML file, `overrides` are `corpus.name=value` strings over it. Raises UsageError, DataError, DiskError,
    FolderInUseError, WorkerLostError.
    """
    watch_start = Stopwatch()
    settings = resolve(CorpusBuildSettings, file=file, overrides=overrides)
    paths = [Path(source) for source in sources]
    artifact = build_corpus(paths, Path(out), settings.corpus, settings.runtime, watch=watch)
    facts: Mapping[str, Any] = artifact.facts
    names = ("documents_in", "documents_kept", "dropped", "files_skipped")
    return CorpusBuilt(
        path=artifact.path,
        digest=artifact.digest,
        bytes_kept=sum(facts["bytes_kept"].values()),
        bytes_of_splits=facts["bytes_kept"],
        seconds=round(watch_start.seconds(), 3),
        **{name: facts[name] for name in names},
    )


def corpus_verify(folder: Path | str) -> CorpusVerified:
    """Reads every byte of a corpus and compares hashes and counts; raises ArtifactError at the first difference."""
    artifact = open_artifact(Path(folder), KIND, verify="hashes")
    corpus = open_corpus(Path(folder))
    num_rows = sum(table.num_rows for table in corpus.tables("documents", ["id"]))
    return CorpusVerified(
        path=artifact.path,
        digest=artifact.digest,
        num_files=len(list(Path(folder).rglob("*.parquet"))),
        documents_kept=num_rows,
    )
