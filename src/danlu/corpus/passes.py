"""The work of a corpus build: files -> shards of measured rows -> duplicates and split over all -> the artifact.

Two passes over the shards, with the decisions that need every document in between. Each pass leaves done-marks, so a
build that was killed goes on; nothing depends on the number of workers.
"""

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from danlu.core.artifacts import LOCK, MANIFEST, Artifact, finish_artifact, folder_lock, is_finished, open_artifact
from danlu.core.disk import disk_errors, read_json, write_json
from danlu.core.errors import DataError, UsageError
from danlu.core.events import Watcher
from danlu.core.language import Text
from danlu.core.settings import differences, digest, plain
from danlu.corpus import leaks
from danlu.corpus.deciding import Decisions, decide
from danlu.corpus.files import FoundFiles, Shard
from danlu.corpus.quality.model import quality_digest
from danlu.corpus.quality.needed import check_quality
from danlu.corpus.rules.judge import limits_of, measure_groups, rule
from danlu.corpus.settings import CorpusSettings
from danlu.corpus.shard_reading import ReadingTask, group_facts, part_sha256, read_shard
from danlu.corpus.shard_writing import WritingTask, write_shard
from danlu.corpus.store import DROPPED, KEPT, KIND, SOURCES, write_sources
from danlu.corpus.telling import Telling
from danlu.runtime.shards import Workers, run_shards, wait_for_workers

WORK = "work"
READ, WRITTEN = "read", "written"  # folders of done-marks in it


def build(
    found: FoundFiles,
    shards: Sequence[Shard],
    out: Path,
    settings: CorpusSettings,
    workers: Workers,
    *,
    has_valid: bool,
    watch: Watcher,
) -> Artifact:
    """As `build_corpus`, for files that were found and cut into shards."""
    _check_settings(settings)
    with folder_lock(out):
        if is_finished(out):
            return _same_or_refuse(out, shards, settings)
        evaluated = leaks.digest_of(settings)
        work = _prepare(out, shards, settings, evaluated)
        evaluation = leaks.prepare(work, settings)
        watch({"event": "corpus_files", "num_files": len(found.files), "skipped": dict(found.skipped)})
        telling = Telling(shards, watch)
        results = _read(shards, work, settings, evaluated, workers, telling)
        telling.deciding()
        scratch = [_scratch(work, shard) for shard in shards]
        decisions = decide(scratch, work, settings, has_valid=has_valid)
        if decisions.num_kept == 0:
            raise _nothing_left(decisions.dropped)
        written = _write(shards, out, settings, decisions, workers, telling)
        facts = _facts(found, group_facts(results), written, decisions)
        if evaluation is not None:
            facts["contamination"] = leaks.write_report(out, scratch, evaluation, settings.contamination.action)
        return _finish(out, settings, group_facts(results), evaluated, facts)


def _scratch(work: Path, shard: Shard) -> Path:
    return work / f"shard-{shard.index:05d}.parquet"


def _read(
    shards: Sequence[Shard], work: Path, settings: CorpusSettings, evaluated: str, workers: Workers, telling: Telling
) -> list[Mapping[str, Any]]:
    """The first pass over all shards: measured rows in scratch files."""
    tasks = [
        ReadingTask(shard=shard, settings=settings, scratch=_scratch(work, shard), evaluation=evaluated)
        for shard in shards
    ]
    marks = work / READ
    return list(telling.read(run_shards(read_shard, tasks, workers, marks=marks), marks))


def _write(
    shards: Sequence[Shard],
    out: Path,
    settings: CorpusSettings,
    decisions: Decisions,
    workers: Workers,
    telling: Telling,
) -> list[Mapping[str, Any]]:
    """The last pass over all shards: the artifact's parts."""
    work = out / WORK
    tasks = [
        WritingTask(
            index=shard.index,
            scratch=_scratch(work, shard),
            decisions=work / f"decided-{shard.index:05d}.parquet",
            folder=out,
            settings=settings,
            cut_share=decisions.cut_share if shard.index == decisions.cut_shard else 0.0,
        )
        for shard in shards
    ]
    marks = work / WRITTEN
    return list(telling.written(run_shards(write_shard, tasks, workers, marks=marks), marks))


def _check_settings(settings: CorpusSettings) -> None:
    """Unknown presets, rules and measures are refused before any work."""
    measure_groups(settings)
    for name in limits_of(settings):
        rule(name)
    check_quality(settings, limits_of(settings))


def _model_inputs(settings: CorpusSettings) -> dict[str, str]:
    """The learned score by its content, so that another one in the same folder is noticed."""
    return {"quality_model": quality_digest(settings.quality_model)} if settings.quality_model else {}


def _prepare(out: Path, shards: Sequence[Shard], settings: CorpusSettings, evaluated: str) -> Path:
    """The folder of the work in progress, emptied unless it belongs to the same sources and settings."""
    work = out / WORK
    ours = {WORK, KEPT, DROPPED, SOURCES, leaks.REPORT, MANIFEST, LOCK}
    foreign = sorted(entry.name for entry in out.iterdir() if entry.name.removesuffix(".tmp") not in ours)
    if foreign:
        raise UsageError(
            Text("the folder {path} holds something else", "目录 {path} 中有其他内容"),
            got=", ".join(foreign[:5]),
            allowed=Text("an empty or new folder for the corpus", "用于语料的空目录或新目录"),
            fix=Text("choose another folder with -o", "请用 -o 指定其他目录"),
            path=out,
        )
    names = [repr(shard) for shard in shards]
    plan = {"settings": plain(settings), "shards": digest({"shards": names}), "evaluation": evaluated}
    plan |= _model_inputs(settings)
    mark = work / "plan.json"
    with disk_errors(out):
        for name in (READ, WRITTEN):
            wait_for_workers(work / name)
        if not mark.exists() or read_json(mark) != plan:
            for name in (WORK, KEPT, DROPPED):
                shutil.rmtree(out / name, ignore_errors=True)
            for name in (SOURCES, leaks.REPORT):
                (out / name).unlink(missing_ok=True)
        for left in [*out.glob("*.tmp"), *out.glob("d*/*.tmp")]:
            left.unlink()  # of a build that was killed; those of the work are written over
        if not mark.exists():
            write_json(mark, plan)
    return work


def _facts(
    found: FoundFiles, files: Sequence[Mapping[str, Any]], written: Sequence[Mapping[str, Any]], decisions: Decisions
) -> dict[str, Any]:
    """The counts of the build, for its manifest."""
    documents, num_bytes, dropped, languages = (
        dict(sum((Counter(result[key]) for result in written), Counter[str]()))
        for key in ("documents", "bytes", "dropped", "languages")
    )
    num_kept = sum(documents.values())
    return {
        "documents_in": num_kept + sum(dropped.values()),
        "documents_kept": num_kept,
        "dropped": dict(sorted(dropped.items())),
        "bytes_kept": {name: num_bytes.get(name, 0) for name in ("train", "valid")},
        "num_documents": {name: documents.get(name, 0) for name in ("train", "valid")},
        "languages": dict(sorted(languages.items())),
        "num_files": len(files),
        "files_skipped": dict(sorted(found.skipped.items())),
        "skipped_examples": found.examples,
        "valid_seen_in_train": decisions.num_seen,
    }


def _finish(
    out: Path, settings: CorpusSettings, files: list[dict[str, Any]], evaluated: str, facts: Mapping[str, Any]
) -> Artifact:
    write_sources(out, files)
    artifact = finish_artifact(
        out,
        KIND,
        settings=plain(settings),
        inputs={
            "sources": _sources_digest(files),
            **_model_inputs(settings),
            **({"evaluation": evaluated} if evaluated else {}),
        },
        facts=facts,
        without=frozenset({WORK}),
    )
    shutil.rmtree(out / WORK, ignore_errors=True)
    return artifact


def _sources_digest(files: Sequence[Mapping[str, Any]]) -> str:
    return digest({"files": [[file["name"], file["sha256"], file["valid"]] for file in files]})


def _same_or_refuse(out: Path, shards: Sequence[Shard], settings: CorpusSettings) -> Artifact:
    """The finished artifact when it is what this build would make; else the error that says what differs."""
    artifact = open_artifact(out, KIND)
    changed = differences(artifact.settings, plain(settings))
    held = {name: value for name, value in artifact.inputs.items() if name not in {"sources", "evaluation"}}
    changed += differences(held, _model_inputs(settings))
    if not changed:
        parts = [
            {"name": part.file.name, "sha256": part_sha256(part), "valid": part.file.valid, "documents": 0}
            | {"edits": {}, "refused": {}, "examples": []}
            for shard in shards
            for part in shard.parts
        ]
        same = artifact.inputs.get("sources") == _sources_digest(group_facts([{"parts": parts}]))
        if same and artifact.inputs.get("evaluation", "") == leaks.digest_of(settings):
            shutil.rmtree(out / WORK, ignore_errors=True)
            return artifact
        changed = [f"{'evaluation files' if same else 'sources'}: other files or other content"]
    raise UsageError(
        Text("{path} is a finished corpus of another build", "{path} 是另一次构建得到的语料"),
        got="; ".join(changed),
        allowed=Text("the same sources and settings, or a new folder", "相同的来源与设置，或新的目录"),
        fix=Text("choose another folder with -o, or delete {path}", "请用 -o 指定其他目录，或删除 {path}"),
        path=out,
    )


def _nothing_left(dropped: Mapping[str, int]) -> DataError:
    return DataError(
        Text("no document is left", "没有剩下任何文档"),
        got=", ".join(f"{reason}: {count}" for reason, count in sorted(dropped.items(), key=lambda item: -item[1])),
        allowed=Text("at least one document that no rule drops", "至少有一篇文档不被规则丢弃"),
        fix=Text(
            "loosen the rule that dropped most, or take the preset minimal; the reason stands before each count",
            "放宽丢弃最多的规则，或使用 minimal 预设；各项数字前即为原因",
        ),
    )
