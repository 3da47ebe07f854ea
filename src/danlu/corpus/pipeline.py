"""A corpus build from its start: which files, which workers, one folder locked; passes.py does the work.

Only what says how many workers there are is imported here: the rest is imported while their processes start.
"""

from collections.abc import Sequence
from pathlib import Path

from danlu.core.artifacts import Artifact
from danlu.core.errors import DataError
from danlu.core.events import Watcher, ignore
from danlu.core.language import Text
from danlu.corpus.files import FoundFiles, find_files, input_weight, plan_shards
from danlu.corpus.settings import CorpusRuntime, CorpusSettings
from danlu.runtime.shards import HERE, Workers, num_cpus, session

__all__ = ["CorpusRuntime", "CorpusSettings", "build_corpus"]

# Starting a pool of processes costs about a second; below these input bytes one process is sooner done.
POOL_ABOVE = {"minimal": 48 * 2**20}
POOL_ABOVE_OTHERS = 12 * 2**20


def build_corpus(
    sources: Sequence[Path],
    out: Path,
    settings: CorpusSettings,
    runtime: CorpusRuntime,
    *,
    valid_sources: Sequence[Path] = (),
    watch: Watcher = ignore,
) -> Artifact:
    """Builds the corpus artifact `out` from files and folders, or goes on with an interrupted build of the same.

    A finished one with equal settings and sources is opened and returned. `valid_sources` become the split "valid",
    whole and unchanged; all `sources` are training text then. Raises UsageError (a source does not exist, `out` holds
    something else), DataError (nothing readable, nothing left), WorkerLostError, DiskError.
    """
    found = find_files(sources, settings.reading, valid=valid_sources)
    if not [file for file in found.files if not file.valid]:
        raise _nothing_readable(sources, found)
    workers = _workers(found, settings, runtime)
    with session(workers, "danlu.corpus.shard_reading"):
        from danlu.corpus.passes import build

        shards = plan_shards(found.files, settings.reading.shard_bytes)
        return build(found, shards, out, settings, workers, has_valid=bool(valid_sources), watch=watch)


def _workers(found: FoundFiles, settings: CorpusSettings, runtime: CorpusRuntime) -> Workers:
    num_bytes = sum(map(input_weight, found.files))
    num_workers = runtime.processes or num_cpus()
    if runtime.executor != "auto":
        return Workers(executor=runtime.executor, count=num_workers, address=runtime.address)
    little = num_bytes < POOL_ABOVE.get(settings.preset, POOL_ABOVE_OTHERS)
    if little or num_workers == 1:
        return HERE
    return Workers(executor="processes", count=num_workers)


def _nothing_readable(sources: Sequence[Path], found: FoundFiles) -> DataError:
    left_out = ", ".join(f"{count} {reason}" for reason, count in sorted(found.skipped.items()))
    return DataError(
        Text("no readable file in {sources}", "{sources} 中没有可读取的文件"),
        got=left_out or Text("an empty folder", "空目录"),
        allowed=Text(
            "files such as .txt .md .html .jsonl .csv .parquet, also packed (.gz .zst .bz2 .xz)",
            ".txt .md .html .jsonl .csv .parquet 等文件，也可为压缩文件（.gz .zst .bz2 .xz）",
        ),
        fix=Text("name another folder, or convert the files to text", "请指定其他目录，或先将文件转换为文本"),
        sources=", ".join(str(source) for source in sources),
    )
