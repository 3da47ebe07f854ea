"""`danlu extend`: a finished run goes on from before its cool-down, for some more time."""

from pathlib import Path
from typing import Any

from danlu.core.artifacts import MANIFEST, folder_lock, is_finished
from danlu.core.clock import Stopwatch
from danlu.core.errors import ArtifactError, UsageError
from danlu.core.events import EventLog, Watcher, ignore, read_events
from danlu.core.language import Text
from danlu.core.quantities import parse_duration
from danlu.core.settings import build, gather
from danlu.corpus.store import Corpus, open_corpus
from danlu.models.store import CONFIG
from danlu.recipes.finish import Outcome
from danlu.recipes.pretrain import train_and_finish
from danlu.recipes.run_folder import RunFolder
from danlu.recipes.settings import PretrainSettings, settings_kind
from danlu.runtime.world import ALONE
from danlu.training.checkpoint import CheckpointFacts, before_cooldown, finished_checkpoints, sound_checkpoints


def extend(run: str | Path, *, duration: str, watch: Watcher = ignore, already: float = 0.0) -> Outcome:
    """Trains the finished run in the folder `run` for `duration` more, from the last checkpoint before its cool-down.

    The model of the run stays in place until the longer one is saved. Interrupted, the same call goes on. Raises
    ArtifactError when the folder is no finished run or holds no checkpoint to start from.
    """
    seconds = parse_duration(duration)
    stopwatch = Stopwatch(before=already)
    path = Path(run)
    if not (path / "events.jsonl").exists():
        raise _no_run(path)
    with folder_lock(path):
        folder = RunFolder(
            path=path, events=EventLog(path / "events.jsonl"), metrics=EventLog(path / "metrics.jsonl"), resumed=True
        )
        settings = _settings_of(path)
        if is_finished(path, "run"):
            _begin(folder, settings, seconds)
        elif not _is_extending(folder, seconds):
            raise _no_run(path)
        return train_and_finish(folder, _corpus_of(folder), settings, stopwatch, watch, ALONE)


def _begin(run: RunFolder, settings: PretrainSettings, seconds: float) -> None:
    """Goes back to the checkpoint before the cool-down and records the new end.

    The run's manifest goes last: killed before that, the same call begins the same extension again.
    """
    start = _start_of(run, settings)
    if start is None:
        raise ArtifactError(
            Text("{path} has no checkpoint from before its cool-down", "{path} 没有降温之前的检查点"),
            got=", ".join(p.name for p in finished_checkpoints(run.checkpoints)) or Text("no checkpoint", "没有检查点"),
            allowed=Text("a run with its checkpoints", "保留了检查点的运行目录"),
            fix=Text("train anew with a longer --for", "请用更长的 --for 重新训练"),
            path=run.path,
        )
    spent = start.counters.seconds
    total = spent + seconds
    progress = min(start.progress, spent / total)
    step = start.counters.step
    run.events.append({"event": "extended", "step": step, "seconds": seconds, "total_seconds": total}, durable=True)
    # asked again at once: the first estimate only carries the progress over
    estimate = {"step": step, "progress": progress, "remaining_steps": 2**31, "next_step": step + 1}
    run.events.append({"event": "estimate", **estimate}, durable=True)
    for later in finished_checkpoints(run.checkpoints):
        if int(later.name.removeprefix("step-")) > step:
            (later / MANIFEST).unlink()
    (run.path / MANIFEST).unlink()


def _start_of(run: RunFolder, settings: PretrainSettings) -> CheckpointFacts | None:
    before = before_cooldown(sound_checkpoints(run.checkpoints), 1 - settings.training.schedule.cooldown)
    return before[0] if before else None


def _is_extending(run: RunFolder, seconds: float) -> bool:
    """Whether an interrupted extension by the same time is what is left here."""
    marks = [e for e in read_events(run.path / "events.jsonl") if e["event"] in ("extended", "finished")]
    if not marks or marks[-1]["event"] != "extended":
        return False
    asked: dict[str, Any] = marks[-1]
    if asked["seconds"] != seconds:
        raise UsageError(
            Text("{path} is being extended by another time", "{path} 正以另一时长延长"),
            got=f"{seconds:g} s",
            allowed=Text("{asked:g} s", "{asked:g} 秒"),
            fix=Text("repeat the first command; it goes on", "重复原命令即可继续"),
            path=run.path,
            asked=asked["seconds"],
        )
    return True


def _settings_of(path: Path) -> PretrainSettings:
    tree = gather(file=path / "settings.toml")
    return build(settings_kind(str(tree["arch"])), tree)


def _corpus_of(run: RunFolder) -> Corpus:
    """The corpus inside the run, or the finished one that it was given."""
    if is_finished(run.path / "corpus", "corpus"):
        return open_corpus(run.path / "corpus")
    return open_corpus(Path(next(iter(run.past("requested")[0]["sources"]))))


def _no_run(path: Path) -> ArtifactError:
    return ArtifactError(
        Text("{path} is not a finished run", "{path} 不是已完成的运行"),
        got=Text(
            "an imported model, without the state that its training left off with", "导入的模型，不含其训练中断时的状态"
        )
        if (path / CONFIG).is_file()
        else Text("no finished manifest.json of a run", "没有已完成运行的 manifest.json"),
        allowed=Text("a folder that danlu pretrain finished", "由 danlu pretrain 完成的目录"),
        fix=Text(
            "finish it first by repeating its command; other models cannot be trained for longer, danlu evaluate reads them",
            "请先重复原命令以完成它；其他模型不能继续训练，可用 danlu evaluate 评估",
        ),
        path=path,
    )
