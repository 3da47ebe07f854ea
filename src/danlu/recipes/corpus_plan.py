"""`danlu corpus plan`: what a build would take and give, from building a sample of about 1 % in a temporary folder."""

import json
import resource
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from danlu.core.clock import Stopwatch
from danlu.core.errors import DataError
from danlu.core.language import Text
from danlu.core.settings import resolve
from danlu.corpus.files import find_files
from danlu.corpus.pipeline import build_corpus
from danlu.corpus.rules.judge import limits_of
from danlu.corpus.settings import CorpusRuntime, CorpusSettings
from danlu.corpus.source_sample import SourceSample, sample_sources
from danlu.corpus.store import Corpus, open_corpus
from danlu.corpus.tallies import tallies
from danlu.recipes.corpus import CorpusBuildSettings
from danlu.runtime.shards import num_cpus
from danlu.tokenizers.expected_width import expected_bytes_per_token

ENTRIES = 4096  # vocabulary of the estimate of tokens
SECONDS_OF_A_POOL = 1.5  # until worker processes have imported what they need
ALONE_BELOW = 12 * 2**20  # bytes that one process is sooner done with
GAIN_OF_A_WORKER = 0.9  # of the speed of one more; the rest is waiting for the disk and for each other
ONE_DOCUMENT = "A document with \u4e00\u4e9b\u4e2d\u6587, so that everything is loaded before time is taken.\n"
BYTES_OF_A_DOCUMENT = 100  # in memory while duplicates are looked for

FEW_DUPLICATES = Text(
    "duplicates are counted within the sample; the whole will have more", "重复只在样本之内统计；全量会有更多"
)
ROUGH = Text(
    "files were read in part, and their share of the whole is estimated", "部分文件只读了一部分，其占比为估计值"
)


@dataclass(frozen=True, kw_only=True)
class CorpusPlan:
    """A forecast of `corpus build`. Counts are those of the sample times `source_bytes / sampled_bytes` (unpacked)."""

    source_bytes: int
    sampled_bytes: int
    sampled_documents: int
    num_files: int
    files_skipped: Mapping[str, int]
    num_workers: int
    seconds: float
    documents_in: int
    documents_kept: int
    dropped: Mapping[str, int]
    bytes_kept: int
    languages: Mapping[str, int]
    tokens: int
    disk_bytes: int
    work_bytes: int
    memory_bytes: int
    notes: tuple[Text, ...]


def corpus_plan(
    sources: Sequence[Path | str], *, file: Path | None = None, overrides: Sequence[str] = ()
) -> CorpusPlan:
    """Time, yield of each rule, disk and memory of a build with these settings. Writes nothing that stays.

    Raises UsageError (a source does not exist), DataError (nothing readable, nothing left of the sample).
    """
    settings = resolve(CorpusBuildSettings, file=file, overrides=overrides)
    found = find_files([Path(source) for source in sources], settings.corpus.reading)
    sample = sample_sources(found.files, settings.corpus.reading)
    if not sample.texts:
        raise _nothing_read(sample, found.skipped)
    with tempfile.TemporaryDirectory(prefix="danlu-plan-") as folder:
        trial = _build_sample(sample, Path(folder), settings.corpus)
    workers = settings.runtime.processes or num_cpus()
    workers = 1 if sample.total_bytes < ALONE_BELOW else workers
    return CorpusPlan(
        source_bytes=sample.total_bytes,
        sampled_bytes=sample.num_bytes,
        sampled_documents=len(sample.texts) + sum(sample.refused.values()),
        num_files=len(found.files),
        files_skipped=dict(sorted(found.skipped.items())),
        num_workers=workers,
        seconds=round(_seconds(sample, trial, workers), 1),
        memory_bytes=trial.memory_bytes * (workers + (workers > 1)) + BYTES_OF_A_DOCUMENT * trial.documents_in,
        notes=(*((FEW_DUPLICATES,) if sample.factor > 1.01 else ()), *((ROUGH,) if sample.is_rough else ())),
        **trial.scaled(sample.factor),
    )


@dataclass(frozen=True, kw_only=True)
class _Trial:
    """What the build of the sample took and gave."""

    warm_seconds: float
    seconds: float
    documents_in: int
    documents_kept: int
    dropped: Mapping[str, int]
    bytes_kept: int
    languages: Mapping[str, int]
    tokens: float
    disk_bytes: int
    work_bytes: int
    memory_bytes: int

    def scaled(self, factor: float) -> dict[str, Any]:
        """The fields of the forecast that grow with the text."""
        single = ("documents_in", "documents_kept", "bytes_kept", "tokens", "disk_bytes", "work_bytes")
        values: dict[str, Any] = {name: round(getattr(self, name) * factor) for name in single}
        for name in ("dropped", "languages"):
            values[name] = {key: round(count * factor) for key, count in getattr(self, name).items()}
        return values


def _build_sample(sample: SourceSample, folder: Path, settings: CorpusSettings) -> _Trial:
    """Builds the sample, after a build of one document that loads what every process loads once."""
    plain = settings.model_copy(update={"reading": settings.reading.model_copy(update=_AS_WRITTEN)})
    runtime = CorpusRuntime(executor="here")
    warm = Stopwatch()
    minimal = CorpusSettings(preset=settings.preset, limits=_all_open(settings))
    (folder / "one.txt").write_text(ONE_DOCUMENT, encoding="utf-8")
    build_corpus([folder / "one.txt"], folder / "one", minimal, runtime)
    warm_seconds = warm.seconds()
    source = _written(folder / "sample.jsonl", sample)
    work = Counter[str]()

    def look(event: Mapping[str, Any]) -> None:
        work["bytes"] = max(work["bytes"], _size(folder / "out"))

    watch = Stopwatch()
    artifact = build_corpus([source], folder / "out", plain, runtime, watch=look)
    seconds = watch.seconds()
    corpus = open_corpus(folder / "out")
    facts = artifact.facts
    refused = dict(sample.refused)
    return _Trial(
        warm_seconds=warm_seconds,
        seconds=sample.seconds + seconds,
        documents_in=facts["documents_in"] + sum(refused.values()),
        documents_kept=facts["documents_kept"],
        dropped=dict(sorted((Counter(facts["dropped"]) + Counter(refused)).items())),
        bytes_kept=sum(facts["bytes_kept"].values()),
        languages=facts["languages"],
        tokens=_tokens(corpus),
        disk_bytes=_size(folder / "out"),
        work_bytes=work["bytes"],
        memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


# The sample is written as JSON lines, so these settings of reading are those of the sample, not of the sources.
_AS_WRITTEN = {"text_field": "text", "domain_field": "domain", "encoding": "utf-8"}


def _all_open(settings: CorpusSettings) -> dict[str, tuple[float | None, float | None]]:
    """No limit for any rule: the one document of the first build must not be dropped."""
    return dict.fromkeys(limits_of(settings), (None, None))


def _written(path: Path, sample: SourceSample) -> Path:
    with path.open("w", encoding="utf-8") as handle:
        for found, domain in zip(sample.texts, sample.domains, strict=True):
            text = found.text.encode("utf-8", "replace").decode()
            handle.write(json.dumps({"text": text, "domain": domain}, ensure_ascii=False) + "\n")
    return path


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _tokens(corpus: Corpus) -> float:
    """Expected tokens of the kept text."""
    total = 0.0
    for row in tallies(corpus, "language"):
        if row.num_bytes:
            han_share = min(1.0, 3 * row.num_han / row.num_bytes)
            total += row.num_bytes / expected_bytes_per_token("bpe", ENTRIES, han_share)
    return total


def _seconds(sample: SourceSample, trial: _Trial, workers: int) -> float:
    alone = trial.seconds * sample.factor
    if workers == 1:
        return trial.warm_seconds + alone
    return trial.warm_seconds + SECONDS_OF_A_POOL + alone / (1 + GAIN_OF_A_WORKER * (workers - 1))


def _nothing_read(sample: SourceSample, skipped: Mapping[str, int]) -> DataError:
    counts = {**sample.refused, **skipped}
    return DataError(
        Text("no text was read from the sources", "来源中没有读到文本"),
        got=", ".join(f"{reason}: {count}" for reason, count in counts.items()) or Text("no files", "没有文件"),
        allowed=Text("files with text in a known format", "已知格式且含有文本的文件"),
        fix=Text("name other files; the reason stands before each count", "请指定其他文件；各项数字前即为原因"),
    )
