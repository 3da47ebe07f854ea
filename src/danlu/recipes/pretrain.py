"""`danlu pretrain`: raw text or a corpus becomes a measured language model, within the budget."""

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from danlu.batches.batch import WindowBatches
from danlu.core.artifacts import folder_lock
from danlu.core.clock import Stopwatch
from danlu.core.events import Watcher, ignore
from danlu.core.settings import build
from danlu.corpus.store import Corpus
from danlu.evaluation.reading import reading_for, window_context
from danlu.evaluation.windows import cut_windows, sample_windows, token_byte_lengths
from danlu.models import ARCHITECTURES
from danlu.models.architecture import Architecture
from danlu.models.model import LanguageModel
from danlu.models.store import load_model
from danlu.recipes import stages
from danlu.recipes.compile_stage import compile_stage
from danlu.recipes.data_order import check_mixing, check_mixing_of, record_mixture, recorded_order
from danlu.recipes.finish import Outcome, Reserve, finish_run, is_trained, outcome_of, reference_lines, save_trained
from danlu.recipes.objective_choice import check_objective, chosen_objective
from danlu.recipes.requests import check_folder, check_sources, requested_tree
from danlu.recipes.run_folder import RunFolder, default_folder, finished_result, open_run, request_of
from danlu.recipes.settings import PretrainSettings, check_budget, check_names, settings_kind
from danlu.recipes.tensorboard import TensorBoard
from danlu.recipes.watching import Look, passages_from, prompts_from
from danlu.runtime.device import apply_runtime, frozen_runtime
from danlu.runtime.measure import measured_machine
from danlu.runtime.signals import Signals
from danlu.runtime.world import World, join_world
from danlu.tokenizers.token_store import Tokens, open_tokens
from danlu.tokenizers.tokenizer import Tokenizer
from danlu.training import OPTIMIZERS
from danlu.training.budget import Budget
from danlu.training.checkpoint import resume
from danlu.training.loop import Loop
from danlu.training.progress import Progress
from danlu.training.state import TrainState
from danlu.training.step import StepResult

# Share of the matrix peak that scoring reaches, before the first look has measured it.
FORWARD_SHARE = 0.25


@dataclass(frozen=True, kw_only=True)
class Material:
    """What training reads: the tokenizer and both splits of tokens."""

    tokenizer: Tokenizer
    train: Tokens
    valid: Tokens


def pretrain(
    sources: Sequence[str | Path] | str | Path,
    *,
    out: str | Path | None = None,
    duration: str | None = None,
    settings_file: str | Path | None = None,
    overrides: Sequence[str] = (),
    watch: Watcher = ignore,
    already: float = 0.0,
    **options: Any,
) -> Outcome:
    """Trains a language model on `sources` (files, folders, or a finished corpus) and evaluates it.

    `duration`: `30m`, `1h30m`, counted from the start to the evaluated end; or `steps`, `tokens` among `options`, which
    are `valid`, `arch`, `objective`, `tokenizer`, `size`, `seed`, `steps`, `tokens`, as on the command line.
    `overrides`: `a.b=value`. `already`: seconds spent before this call that count too. The same call again resumes;
    a finished run is only read. Raises DanluError of every kind.
    """
    stopwatch = Stopwatch(before=already)
    given = [Path(s) for s in ([sources] if isinstance(sources, str | Path) else sources)]
    valid = [Path(options["valid"])] if options.get("valid") else []
    tree = requested_tree(duration=duration, settings_file=settings_file, overrides=overrides, options=options)
    settings = build(settings_kind(str(tree.get("arch", "gpt"))), tree)
    check_budget(settings.budget)
    check_names(settings)
    check_objective(settings.objective, ARCHITECTURES.load(settings.arch), settings.model)
    check_sources([*given, *valid])
    check_mixing_of(given, settings.mixing)
    folder = Path(out) if out is not None else default_folder(given)
    check_folder(folder, [*given, *valid])
    with join_world() as world, folder_lock(folder) if world.is_main else nullcontext():
        watch = watch if world.is_main else ignore
        with stages.main_first(world):
            run = open_run(folder, request_of(given, valid, tree), rank=world.rank)
            done = finished_result(folder)
            if done is not None:
                return outcome_of(folder, done)
            corpus = stages.corpus_stage(folder, given, valid, settings, watch)
            check_mixing(corpus, settings.mixing)
            with stages.stage("references", watch):
                hardness = reference_lines(run, corpus, settings.budget.seconds).get("ngram")
            settings = stages.frozen_settings(run, corpus, tree, settings, hardness, watch)
        if settings.watching.tensorboard and world.is_main:
            watch = TensorBoard(folder / "tensorboard", watch)
        return train_and_finish(run, corpus, settings, stopwatch, watch, world)


def train_and_finish(
    run: RunFolder, corpus: Corpus, settings: PretrainSettings, stopwatch: Stopwatch, watch: Watcher, world: World
) -> Outcome:
    """From a corpus and frozen settings to the evaluated model; every stage that is finished is passed over.

    The main rank makes and writes everything but the gradients.
    """
    with stages.main_first(world):
        material = _material(run, corpus, settings, watch)
        references = reference_lines(run, corpus, settings.budget.seconds)
        trained = is_trained(run)
        if not trained:
            loop, reserve = prepare(run, settings, material, stopwatch, watch=watch, world=world)
    if trained:
        stopwatch.add(run.past("trained")[-1]["seconds"])
    else:
        with stages.stage("train", watch):
            with Signals() as signals:  # the other stages may be stopped anywhere: they begin again where they were
                loop.run(signals)
            if world.is_main:
                order, counters = loop.batches.order, loop.state.counters
                record_mixture(run, order, counters.data_step * loop.batches.num_windows)
                save_trained(run, settings, loop, material.tokenizer, material.train, passes=reserve.passes())
    if world.is_main:
        finish_run(
            run,
            settings=settings,
            model=load_model(run.path / "model"),
            tokenizer=material.tokenizer,
            valid=material.valid,
            references=references,
            stopwatch=stopwatch,
            watch=watch,
        )
    world.barrier()
    return outcome_of(run.path, run.past("finished")[-1])


def _material(run: RunFolder, corpus: Corpus, settings: PretrainSettings, watch: Watcher) -> Material:
    tokenizer = stages.tokenizer_stage(run.path, corpus, settings, watch)
    tokens = stages.tokens_stage(run.path, corpus, tokenizer, watch)
    return Material(
        tokenizer=tokenizer,
        train=open_tokens(tokens, "train", tokenizer=tokenizer),
        valid=open_tokens(tokens, "valid", tokenizer=tokenizer),
    )


def prepare(
    run: RunFolder,
    settings: PretrainSettings,
    material: Material,
    stopwatch: Stopwatch,
    *,
    watch: Watcher,
    world: World,
) -> tuple[Loop, Reserve]:
    """Model, optimizer, data order, clock and hooks, put back to the newest checkpoint if there is one; and what the end
    of the run will take."""
    apply_runtime(frozen_runtime(settings.runtime.device))
    row: Architecture = ARCHITECTURES.load(settings.arch)
    model = row.build(settings.model, material.tokenizer.vocab_size, seed=settings.seed)
    objective = chosen_objective(settings.objective, row, model, material.tokenizer)
    compile_stage(run, settings, model, watch)
    state = _fresh_state(model, settings)
    _resume(run, state, stopwatch, watch)
    num_windows = max(1, settings.training.batch_tokens // model.context_length // world.size) * world.size
    flops = row.count(settings.model, model.vocab_size).flops_per_token_forward
    peak = measured_machine().peak_gflops
    reserve = _reserve(run, settings, material, model, flops / (peak * 1e9 * FORWARD_SHARE))
    progress, budget = _progress(run, settings, stopwatch, reserve, num_windows * model.context_length)
    loop = Loop(
        state=state,
        batches=_batches(run, settings, material.train, model.context_length, num_windows, world, watch),
        objective=objective,
        settings=settings.training,
        progress=progress,
        folder=run.path,
        events=run.events,
        metrics=run.metrics,
        stopwatch=stopwatch,
        seed=settings.seed,
        dtype=_dtype(settings),
        world=world,
        validate=_look(run, settings, material, model, reserve, stopwatch, watch),
        budget=budget,
        watch=watch,
        describe_step=_description(material.train, flops, peak),
    )
    return loop, reserve


def _fresh_state(model: LanguageModel, settings: PretrainSettings) -> TrainState:
    wanted = settings.training.optimizer
    return TrainState(model=model, optimizer=OPTIMIZERS.load(wanted.name)(model, wanted))


def _reserve(
    run: RunFolder, settings: PretrainSettings, material: Material, model: LanguageModel, seconds_per_token: float
) -> Reserve:
    tokenizer = material.tokenizer
    return Reserve(
        material.valid,
        model,
        seconds_per_token=seconds_per_token,
        stripes=reading_for(model, tokenizer.mask_id, tokenizer.sentinel_ids).stripes,
        total_seconds=_total_seconds(run, settings),
    )


def _batches(
    run: RunFolder,
    settings: PretrainSettings,
    train: Tokens,
    context: int,
    num_windows: int,
    world: World,
    watch: Watcher,
) -> WindowBatches:
    order = recorded_order(run, train, settings, context=context, num_windows=num_windows, watch=watch)
    return WindowBatches(train.ids, order, num_windows=num_windows, rank=world.rank, size=world.size)


def _dtype(settings: PretrainSettings) -> torch.dtype:
    return torch.bfloat16 if settings.runtime.device.dtype == "bfloat16" else torch.float32


def _description(train: Tokens, flops_forward: float, peak: float) -> Callable[[StepResult, float], dict[str, float]]:
    """What a step says of the machine: speed, arithmetic (backward costs twice the forward), and bits per byte."""
    tokens_per_byte = train.num_tokens / max(1, train.num_bytes)

    def describe(result: StepResult, seconds: float) -> dict[str, float]:
        speed = result.num_tokens / seconds
        gflops = 3e-9 * flops_forward * speed
        return {
            "bits_per_byte": result.loss / math.log(2) * tokens_per_byte,
            "tokens_per_second": speed,
            "gflops": gflops,
            "share_of_peak": gflops / peak,
        }

    return describe


def _look(
    run: RunFolder,
    settings: PretrainSettings,
    material: Material,
    model: LanguageModel,
    reserve: Reserve,
    stopwatch: Stopwatch,
    watch: Watcher,
) -> Look:
    valid, tokenizer = material.valid, material.tokenizer
    windows = cut_windows(
        valid.ids, valid.starts, context=window_context(model), lengths_V=token_byte_lengths(tokenizer)
    )
    beginnings = [tokenizer.decode(valid.document(n)[:80].tolist()) for n in range(min(8, valid.num_documents))]
    chosen_from = prompts_from if model.continues else passages_from
    return Look(
        sample_windows(windows, settings.watching.validation_tokens, seed=settings.seed),
        tokenizer,
        prompts=settings.watching.prompts or chosen_from(beginnings),
        sample_tokens=settings.watching.sample_tokens,
        metrics=run.metrics,
        watch=watch,
        stopwatch=stopwatch,
        dtype=_dtype(settings),
        measured=reserve.measured,
    )


def _resume(run: RunFolder, state: TrainState, stopwatch: Stopwatch, watch: Watcher) -> None:
    """Puts `state` back to the newest good checkpoint; the metrics behind it are cut off."""
    damaged: list[str] = []
    found = resume(run.checkpoints, state, damaged)
    for problem in damaged:
        run.events.append({"event": "damaged_checkpoint", "problem": problem}, durable=True)
        watch({"event": "warning", "text": problem})
    run.metrics.cut(found.facts["metrics_bytes"] if found is not None else 0)
    if found is not None:
        stopwatch.add(max(0.0, found.counters.seconds))
    if run.resumed:
        event = {"event": "resumed", "step": state.counters.step}
        run.events.append(event, durable=True)
        watch(event)


def _total_seconds(run: RunFolder, settings: PretrainSettings) -> float | None:
    """The time of the run, as it was extended last; None for one by steps or tokens."""
    extended = run.past("extended")
    return extended[-1]["total_seconds"] if extended else settings.budget.seconds


def _progress(
    run: RunFolder, settings: PretrainSettings, stopwatch: Stopwatch, reserve: Reserve, step_tokens: int
) -> tuple[Progress, Budget | None]:
    """Recorded estimates are replayed; without any, a budget of seconds begins with the quote's step time."""
    recorded = Progress.from_events(run.past("estimate"))
    budget, extended = settings.budget, run.past("extended")
    seconds = _total_seconds(run, settings)
    if budget.seconds is None:
        counted = Progress.of_steps(budget.steps or max(1, (budget.tokens or 1) // step_tokens))
        for estimate in recorded.estimates:  # an early cool-down, an extension
            counted.add(estimate)
        recorded = counted
    if seconds is None:
        return recorded, None
    shortened = [e for e in run.past("estimate") if e.get("total_seconds")]
    if shortened and shortened[-1]["step"] >= (extended[-1]["step"] if extended else 0):
        seconds = min(seconds, shortened[-1]["total_seconds"])
    quoted = run.past("quote")
    clock = Budget(
        seconds, stopwatch, step_seconds=quoted[0]["step_seconds"] if quoted else 0.1, reserve=reserve.seconds
    )
    if not recorded.estimates:
        first = clock.estimate(0, 0.0)
        run.events.append({"event": "estimate", **vars(first)}, durable=True)
        recorded = Progress([first])
    return recorded, clock
