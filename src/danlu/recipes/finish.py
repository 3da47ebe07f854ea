"""The end of a run: weights first, then the whole validation text, the reference lines, the report, the manifest."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import torch
from safetensors.torch import load_file

from danlu.core.artifacts import finish_artifact, is_finished
from danlu.core.clock import Stopwatch
from danlu.core.disk import disk_errors, sync_folder
from danlu.core.events import Watcher, read_events
from danlu.core.settings import plain
from danlu.corpus.store import Corpus
from danlu.evaluation.language import LanguageScore, score_documents
from danlu.evaluation.references import measure_references
from danlu.evaluation.report import write_report
from danlu.evaluation.windows import token_byte_lengths
from danlu.models.model import LanguageModel
from danlu.models.store import save_model
from danlu.recipes.held_out import document_set
from danlu.recipes.notebook import plot_run, run_html
from danlu.recipes.run_folder import RunFolder
from danlu.recipes.settings import PretrainSettings
from danlu.recipes.stages import stage
from danlu.runtime.memory import assumed_energy, peak_rss_bytes
from danlu.tokenizers.token_store import Tokens
from danlu.tokenizers.tokenizer import Tokenizer
from danlu.training.checkpoint import finished_checkpoints, read_facts
from danlu.training.loop import Loop

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A best checkpoint replaces the last weights only when it is clearly better: half a percent is the spread of the
# validation sample.
CLEARLY = 0.995
# Loading the model again, the intervals, the report, the manifest and the end of the process: 0.5 to 3 s.
REPORT_SECONDS = 1.5
# Looks foretold the whole validation text 15 % too high in one run and too low in another (docs/log, first races).
EVALUATION_MARGIN = 1.12
# A model that fills in is asked in up to ten passes, which took 4.5 of 20 minutes (docs/log, masked models and the clock):
# as many of them as fit into this share of the time, at least one.
EVALUATION_SHARE = 0.08
# Measured: 2.5 s for 4 MB of English, 6.6 s for 10 MB, with 0.4 and 0.54 GB of memory.
NGRAM_BYTES_PER_SECOND = 1.5e6
MOST_NGRAM_BYTES = 24e6
WRITE_BYTES_PER_SECOND = 150e6


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished run. `bits_per_byte` is over the whole validation text; `reference_lines` are in the same unit."""

    folder: Path
    bits_per_byte: float
    perplexity: float
    accuracy: float
    tokens_per_second: float
    seconds: float
    parameters: int
    steps: int
    tokens: int
    reference_lines: Mapping[str, float]
    pseudo: bool = False
    """Whether the bits are a pseudo-likelihood (models that read both ways); JSON calls them `pseudo_bits_per_byte`."""
    share_scored: float = 1.0
    """Share of the validation tokens that were asked for: below 1 for models that fill in, where all would take too long."""
    quoted: Mapping[str, float] = field(default_factory=dict)
    """The quote's `bits_per_byte`, `bits_per_byte_low`, `bits_per_byte_high`, `seconds`."""

    @property
    def model(self) -> Path:
        """The finished model artifact."""
        return self.folder / "model"

    @property
    def report(self) -> Path:
        """The report page."""
        return self.folder / "report.html"

    def plot(self) -> "Figure":
        """The learning curve as a matplotlib figure."""
        return plot_run(self.folder)

    def _repr_html_(self) -> str:
        figures = {"bits_per_byte": self.bits_per_byte, "parameters": self.parameters, "seconds": self.seconds}
        return run_html(self.folder, figures)


@final
class Reserve:
    """Seconds that the end of a run will take: the whole validation text, writing, the report.

    `seconds_per_token`: of one pass over the text. `stripes`: passes in which a model that fills in is asked for all of it;
    a run of `total_seconds` (None: by steps or tokens) takes fewer where they would take too long.
    """

    def __init__(
        self,
        valid: Tokens,
        model: LanguageModel,
        *,
        seconds_per_token: float,
        stripes: int = 1,
        total_seconds: float | None = None,
    ) -> None:
        self._tokens = valid.num_tokens
        self._bytes = 4 * sum(p.numel() for p in model.parameters())
        self.seconds_per_token = seconds_per_token
        self._stripes, self._total = stripes, total_seconds

    def measured(self, tokens: int, seconds: float) -> None:
        """A pass over `tokens` tokens of the validation text took `seconds`."""
        self.seconds_per_token = seconds / max(1, tokens)

    def passes(self) -> int:
        """Passes over the validation text at the end, as the time stands now."""
        if self._total is None:
            return self._stripes
        fit = EVALUATION_SHARE * self._total / max(1e-9, self._tokens * self.seconds_per_token)
        return max(1, min(self._stripes, int(fit)))

    def seconds(self) -> float:
        """The forecast now."""
        evaluation = EVALUATION_MARGIN * self._tokens * self.seconds_per_token * self.passes()
        return REPORT_SECONDS + evaluation + 2 * self._bytes / WRITE_BYTES_PER_SECOND


def reference_lines(run: RunFolder, corpus: Corpus, seconds: float | None) -> dict[str, float]:
    """Bits per byte of gzip, xz and the n-gram model on the validation text; measured once, kept in the events.

    In a run of `seconds`, the n-gram model reads as much of the training text as 3 % of the time allows, at least 4 MB;
    how much it read stands beside it.
    """
    known = run.past("references")
    if known:
        return dict(known[-1]["lines"])
    began = time.perf_counter()
    found = measure_references(
        [d.text for d in corpus.documents("train")],
        [d.text for d in corpus.documents("valid")],
        max_ngram_bytes=most_ngram_bytes(seconds),
    )
    lines = {name: line.bits_per_byte for name, line in found.items()}
    details = {name: asdict(line) for name, line in found.items()}
    run.events.append(
        {"event": "references", "lines": lines, "details": details, "seconds": time.perf_counter() - began},
        durable=True,
    )
    return lines


def most_ngram_bytes(seconds: float | None) -> int:
    """Training text that the n-gram model reads in a run of `seconds` (None: by steps or tokens)."""
    return int(max(4e6, min(MOST_NGRAM_BYTES, 0.03 * (seconds or 1e9) * NGRAM_BYTES_PER_SECOND)))


def save_trained(
    run: RunFolder, settings: PretrainSettings, loop: Loop, tokenizer: Tokenizer, tokens: Tokens, *, passes: int
) -> None:
    """The model artifact: weights (the moving average, or the best, where those are better) and its tokenizer.

    `passes` over the validation text are still to come; they are kept, so that a resumed run takes the same.
    """
    state = loop.state
    state.swap_average()
    counters = state.counters
    if counters.best_bits is not None and counters.since_best:
        _take_best_if_better(run, loop)
    assert tokenizer.artifact is not None
    fresh = run.path / "model.new"
    shutil.rmtree(fresh, ignore_errors=True)
    save_model(state.model, fresh, bos_id=tokenizer.bos_id)
    _copy_files(tokenizer.artifact.path, fresh / "tokenizer")
    finish_artifact(
        fresh,
        "model",
        settings={"arch": settings.arch, "model": plain(settings.model)},
        inputs={"tokenizer": tokenizer.artifact.digest, "tokens": tokens.artifact.digest},
        facts={"steps": counters.step, "tokens": counters.tokens, "vocab_size": tokenizer.vocab_size},
    )
    _put_in_place(fresh, run.path / "model")
    trained = {"step": counters.step, "tokens": counters.tokens, "seconds": loop.stopwatch.seconds(), "passes": passes}
    run.events.append({"event": "trained", **trained}, durable=True)


def _put_in_place(fresh: Path, folder: Path) -> None:
    """The finished folder `fresh` takes the place of `folder`; a model that was extended stays until here."""
    old = folder.with_name(folder.name + ".old")
    with disk_errors(folder):
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
        sync_folder(folder.parent)
        shutil.rmtree(old, ignore_errors=True)


def _copy_files(folder: Path, out: Path) -> None:
    """All files below `folder`. Not shutil.copytree, which hides the disk's error in a list of its own."""
    with disk_errors(out):
        for found in sorted(p for p in folder.rglob("*") if p.is_file()):
            target = out / found.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, target)


def _take_best_if_better(run: RunFolder, loop: Loop) -> None:
    """The last look was not the best one: compare with the best checkpoint, if it is kept."""
    counters = loop.state.counters
    best = [p for p in finished_checkpoints(run.checkpoints) if p.name == f"step-{counters.best_step}"]
    now = loop.validate(loop.state)
    if not best or counters.best_bits is None or counters.best_bits >= CLEARLY * now:
        return
    average = best[0] / "average.safetensors"
    weights = dict(loop.state.model.named_parameters())
    with torch.no_grad():
        for name, tensor in load_file(average if average.exists() else best[0] / "model.safetensors").items():
            if name in weights:
                weights[name].copy_(tensor)
    reason = f"validation {counters.best_bits:.4f} at step {read_facts(best[0]).counters.step}, {now:.4f} at the end"
    run.events.append(
        {"event": "decision", "name": "weights", "value": f"step {counters.best_step}", "reason": reason}, durable=True
    )


def finish_run(
    run: RunFolder,
    *,
    settings: PretrainSettings,
    model: LanguageModel,
    tokenizer: Tokenizer,
    valid: Tokens,
    references: Mapping[str, float],
    stopwatch: Stopwatch,
    watch: Watcher,
) -> Outcome:
    """Evaluates the finished model on the whole validation text, writes report and manifest, and tells the outcome."""
    with stage("evaluate", watch):
        dtype = torch.bfloat16 if settings.runtime.device.dtype == "bfloat16" else torch.float32
        score = score_documents(
            model,
            document_set(valid),
            lengths_V=token_byte_lengths(tokenizer),
            autocast=dtype,
            mask_id=tokenizer.mask_id,
            sentinel_ids=tokenizer.sentinel_ids,
            passes=run.past("trained")[-1].get("passes"),
        )
    with stage("report", watch):
        event = _finished_event(run, model, score, references, stopwatch)
        run.events.append(event, durable=True)
        write_report(run.path)
        finish_artifact(
            run.path,
            "run",
            settings=plain(settings),
            facts={"bits_per_byte": score.bits_per_byte},
            without=frozenset({"checkpoints", "ranks", "events.jsonl", "metrics.jsonl", "tensorboard"}),
        )
    watch(event)
    return outcome_of(run.path, event)


def _finished_event(
    run: RunFolder, model: LanguageModel, score: LanguageScore, references: Mapping[str, float], stopwatch: Stopwatch
) -> dict[str, Any]:
    trained = run.past("trained")[-1]
    energy = assumed_energy(time.process_time())
    steps = [e for e in read_events(run.path / "metrics.jsonl") if e["event"] == "step"]
    speeds = sorted(e["tokens_per_second"] for e in steps)
    quotes = run.past("quote")
    names = (
        "bits_per_byte",
        "bits_per_byte_low",
        "bits_per_byte_high",
        "seconds",
        "tokens_per_second",
        "tokens",
        "memory_bytes",
        "watt_hours",
    )
    return {
        "event": "finished",
        "bits_per_byte": score.bits_per_byte,
        "pseudo": score.pseudo,
        "share_scored": score.windows.share,
        "interval": asdict(score.interval) if score.interval else None,
        "perplexity": score.perplexity,
        "accuracy": score.accuracy,
        "calibration": asdict(score.calibration),
        "domains": [asdict(d) for d in score.domains],
        "num_bytes": score.num_bytes,
        "tokens_per_second": speeds[len(speeds) // 2] if speeds else 0.0,
        "seconds": stopwatch.seconds(),
        "memory_bytes": peak_rss_bytes(),
        "watt_hours": energy.joules / 3600,
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": trained["step"],
        "tokens": trained["tokens"],
        "reference_lines": dict(references),
        "quoted": {n: quotes[0][n] for n in names if quotes[0].get(n) is not None} if quotes else {},
    }


def outcome_of(folder: Path, event: Mapping[str, Any]) -> Outcome:
    """The outcome that a `finished` event tells of."""
    names = ("bits_per_byte", "perplexity", "accuracy", "tokens_per_second", "seconds", "parameters", "steps", "tokens")
    return Outcome(
        folder=folder,
        reference_lines=event["reference_lines"],
        quoted=event.get("quoted", {}),
        pseudo=event.get("pseudo", False),
        share_scored=event.get("share_scored", 1.0),
        **{name: event[name] for name in names},
    )


def is_trained(run: RunFolder) -> bool:
    """Whether the weights of the run are final, so that only the evaluation is left."""
    steps = [e["event"] for e in read_events(run.path / "events.jsonl") if e["event"] in ("trained", "extended")]
    return steps[-1:] == ["trained"] and is_finished(run.path / "model", "model")
