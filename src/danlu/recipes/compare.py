"""`danlu compare`: several runs beside each other, on the text that all of them held out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from danlu.core.errors import UsageError
from danlu.core.events import Watcher, ignore, read_events
from danlu.core.language import Text
from danlu.evaluation.compare import Candidate, Comparison, compare_scores, document_digests
from danlu.recipes.evaluate import EvaluateSettings, score_text
from danlu.recipes.load import load
from danlu.recipes.scored_text import held_out_text, run_folder
from danlu.recipes.stages import stage

FACTS = ("parameters", "tokens_per_second", "seconds")


def compare(paths: Sequence[Path | str], *, watch: Watcher = ignore) -> Comparison:
    """Scores the held-out text of each run of `paths`, and ranks the runs when that text is the same for all.

    A model that fills in is asked in as many passes as at the end of its training: all ten of ten such models would take as
    long as training them did (docs/log, ten architectures).

    Raises UsageError for no path, ArtifactError for a run without a finished model.
    """
    if not paths:
        raise UsageError(
            Text("there is nothing to compare", "没有可比较的对象"),
            got="0",
            allowed=Text("two or more runs", "两个或更多训练目录"),
            fix=Text("name the folders of the runs", "请指定训练目录"),
        )
    folders = [Path(path) for path in paths]
    return compare_scores([_candidate(path, name, watch) for path, name in zip(folders, _names(folders), strict=True)])


def _candidate(path: Path, name: str, watch: Watcher) -> Candidate:
    with stage("evaluate", watch):
        model, run = load(path), run_folder(path)
        text = held_out_text(run, model)
        score = score_text(model, text.documents, EvaluateSettings(), run, passes=_passes(run))
    facts: dict[str, float] = {"parameters": sum(weight.numel() for weight in model.network.parameters())}
    samples: dict[str, str] = {}
    if run is not None:
        facts |= _finished_facts(run)
        samples = _last_samples(run)
    digests = document_digests([document.encode() for document in text.texts])
    return Candidate(name=name, score=score, documents=digests, facts=facts, samples=samples)


def _passes(run: Path | None) -> int | None:
    """In how many passes the run itself was scored; None, all of them, where it does not say."""
    events = read_events(run / "events.jsonl") if run is not None else ()
    passes: int | None = next((e.get("passes") for e in reversed(list(events)) if e["event"] == "trained"), None)
    return passes


def _finished_facts(run: Path) -> dict[str, float]:
    """Speed and time of the training, as the run recorded them; the share of the matrix peak is that of its median step."""
    done: Mapping[str, Any] = next(
        (e for e in reversed(list(read_events(run / "events.jsonl"))) if e["event"] == "finished"), {}
    )
    facts = {name: float(done[name]) for name in FACTS if isinstance(done.get(name), (int, float))}
    steps = (e for e in read_events(run / "metrics.jsonl") if e["event"] == "step")
    shares = [float(e["share_of_peak"]) for e in steps if isinstance(e.get("share_of_peak"), (int, float))]
    return {**facts, "share_of_peak": median(shares)} if shares else facts


def _last_samples(run: Path) -> dict[str, str]:
    """What the run wrote last, by prompt."""
    lines = read_events(run / "metrics.jsonl")
    return {str(e["prompt"]): str(e["text"]) for e in lines if e["event"] == "sample"}


def _names(folders: Sequence[Path]) -> list[str]:
    """Names short enough for a table: the folder's own name, or the whole path where two are alike."""
    short = [folder.resolve().name for folder in folders]
    return [str(folder) if short.count(name) > 1 else name for folder, name in zip(folders, short, strict=True)]
