"""The quote: what a budget buys on this machine with this text. Chosen by scaling rules, kept, and held against the outcome."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from danlu.core.language import Text
from danlu.core.quantities import parse_count
from danlu.core.settings import build
from danlu.models.architecture import Architecture
from danlu.models.plan import ParameterCount, training_memory
from danlu.recipes.settings import BudgetSettings
from danlu.runtime.compiling import GAIN, CompileChoice, choose_compile, compiled_shape
from danlu.runtime.measure import MachineMeasures
from danlu.runtime.memory import assumed_energy
from danlu.tokenizers.expected_width import expected_bytes_per_token
from danlu.tokenizers.vocabulary import auto_vocab_size

# Share of the measured matrix peak that a training step reaches, by parameters. At 9.3M 0.55 was measured, at 1.7M 0.30 to
# 0.35 (benchmarks/step.py, docs/log); the other points, and the factors of the recurrent rows, are not measured yet.
SHARE_OF_PEAK = ((1e5, 0.15), (3e5, 0.25), (1e6, 0.38), (3e6, 0.50), (1e7, 0.60), (1e8, 0.65))
SHARE_BY_ARCH = {"gpt": 1.0, "lstm": 0.7, "gru": 0.6, "rnn": 0.5}
# Training tokens per parameter. Laboratory runs of 20 s and 3 minutes did well with 0.75 and 0.8, and 0.9M and 1.7M
# parameters ended alike in 3 minutes; not fitted yet.
TOKENS_PER_PARAMETER = 1.0
LIBRARY_BYTES = 420_000_000
"""Resident before the first step: torch and what else is imported."""
FIXED_SECONDS = 6.0
"""Seconds of a run that are not training: start, corpus, tokenizer, evaluation, report; plus a share for large texts."""


@dataclass(frozen=True, kw_only=True)
class TextFacts:
    """What the quote needs to know of the text."""

    num_bytes: int
    """UTF-8 bytes of the training split."""
    valid_bytes: int
    num_characters: int
    """Distinct characters, for the vocabulary of `char`."""
    han_share: float
    """Share of bytes that belong to Han characters, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Quote:
    """The forecast of a run. Bits per byte are those of the validation text."""

    parameters: int
    vocab_size: int
    context_length: int
    batch_tokens: int
    steps: int
    tokens: int
    epochs: float
    tokens_per_second: float
    seconds: float
    memory_bytes: int
    disk_bytes: int
    watt_hours: float
    bits_per_byte: float
    bits_per_byte_low: float
    bits_per_byte_high: float

    def as_event(self) -> dict[str, Any]:
        """The event `quote` with plain values."""
        return {"event": "quote", **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The quote and the settings that follow from it (a nested tree, below what the user sets)."""

    quote: Quote
    tree: dict[str, Any]
    step_seconds: float
    compile: CompileChoice


def bytes_per_token(kind: str, vocab_size: int, text: TextFacts) -> float:
    """Expected UTF-8 bytes of one token before the tokenizer exists."""
    return expected_bytes_per_token(kind, vocab_size, text.han_share)


def plan_run(
    row: Architecture, budget: BudgetSettings, text: TextFacts, machine: MachineMeasures, tree: Mapping[str, Any]
) -> Plan:
    """Chooses what the user left open in `tree`, and forecasts the outcome."""
    seconds, size = budget.seconds, tree.get("size", "auto")
    kind = tree.get("tokenizer", {}).get("kind", "bpe")
    train_seconds = max(1.0, seconds - FIXED_SECONDS - 2e-8 * text.num_bytes * 8) if seconds else None
    wanted = parse_count(size) if size != "auto" else _parameters_for(row, train_seconds, budget, machine)
    vocab_size = _vocab_size(kind, tree, text, wanted)
    context = int(tree.get("model", {}).get("context_length", _context(train_seconds)))
    model = {**_shape(row, wanted, vocab_size, context), **tree.get("model", {})}
    count = row.count(build(row.settings, model), vocab_size)
    speed = tokens_per_second(row.name, count, machine)
    batch_tokens = _whole_windows(tree, _batch_tokens(train_seconds, speed, context), context)
    compiling = _compiling(row, tree, model, batch_tokens, machine, budget, speed)
    if train_seconds and compiling.compile:
        train_seconds = max(1.0, train_seconds - compiling.seconds)
        speed *= GAIN
    tokens = _tokens(budget, train_seconds, speed, batch_tokens)
    width = bytes_per_token(kind, vocab_size, text)
    epochs = tokens * width / max(1, text.num_bytes)
    model["dropout"] = tree.get("model", {}).get("dropout", _dropout(epochs))
    quote = Quote(
        parameters=count.total,
        vocab_size=vocab_size,
        context_length=context,
        batch_tokens=batch_tokens,
        steps=max(1, tokens // batch_tokens),
        tokens=tokens,
        epochs=epochs,
        tokens_per_second=speed,
        seconds=seconds or tokens / speed + FIXED_SECONDS,
        memory_bytes=LIBRARY_BYTES + training_memory(count, micro_batch_tokens=batch_tokens).total,
        disk_bytes=count.total * 4 * 9 + 2 * text.num_bytes,
        watt_hours=assumed_energy((seconds or tokens / speed) * machine.threads).joules / 3600,
        **_forecast(count.total, tokens * width, text),
    )
    decided = _tree(quote, model, kind, text, speed, seconds)
    return Plan(quote=quote, tree=decided, step_seconds=batch_tokens / speed, compile=compiling)


def _compiling(
    row: Architecture,
    tree: Mapping[str, Any],
    model: Mapping[str, Any],
    batch_tokens: int,
    machine: MachineMeasures,
    budget: BudgetSettings,
    speed: float,
) -> CompileChoice:
    """Whether to compile; forecast seconds of training by steps or tokens count like seconds of the clock."""
    device = tree.get("runtime", {}).get("device", {})
    wanted = str(device.get("compile", "auto"))
    if not row.compiles or device.get("device", "cpu") not in ("auto", "cpu"):
        return CompileChoice(compile=False, reason=Text("nothing to compile", "没有可编译的部分"), seconds=0.0)
    shape = compiled_shape(
        row.name, model, micro_batch_tokens=batch_tokens, dtype=str(device.get("dtype", machine.dtype))
    )
    seconds = budget.seconds or _tokens(budget, None, speed, batch_tokens) / speed
    return choose_compile(wanted, shape=shape, train_seconds=seconds, by_clock=budget.seconds is not None)


def tokens_per_second(arch: str, count: ParameterCount, machine: MachineMeasures) -> float:
    """Training speed forecast: arithmetic of forward and backward over the share of the peak that such a step reaches."""
    share = _interpolated(SHARE_OF_PEAK, count.total) * SHARE_BY_ARCH.get(arch, 0.7)
    return machine.peak_gflops * 1e9 * share / (3 * count.flops_per_token_forward)


def _parameters_for(
    row: Architecture, train_seconds: float | None, budget: BudgetSettings, machine: MachineMeasures
) -> int:
    """Parameters N such that N * TOKENS_PER_PARAMETER tokens take the time (arithmetic 6 N per token)."""
    if train_seconds is None:
        tokens = budget.tokens or (budget.steps or 1) * 8192
        return int(min(2e7, max(2e5, tokens / TOKENS_PER_PARAMETER)))
    guess = 1e6
    for _ in range(8):
        rate = machine.peak_gflops * 1e9 * _interpolated(SHARE_OF_PEAK, guess) * SHARE_BY_ARCH.get(row.name, 0.7)
        guess = math.sqrt(train_seconds * rate / (6 * TOKENS_PER_PARAMETER))
    return int(max(1e5, guess))


def _vocab_size(kind: str, tree: Mapping[str, Any], text: TextFacts, parameters: int) -> int:
    if kind == "byte":
        return 257
    if kind == "char":
        return 257 + text.num_characters
    asked = tree.get("tokenizer", {}).get("vocab_size", "auto")
    return auto_vocab_size(text.num_bytes, parameters) if asked == "auto" else int(asked)


def _shape(row: Architecture, parameters: int, vocab_size: int, context: int) -> dict[str, Any]:
    return dict(row.sized(parameters, vocab_size, context).model_dump())


def _context(train_seconds: float | None) -> int:
    if train_seconds is None or train_seconds > 150:
        return 256
    return 64 if train_seconds < 45 else 128


def _batch_tokens(train_seconds: float | None, speed: float, context: int) -> int:
    """Small batches win short runs (docs/log, short runs): about 800 steps, of 1,024 to 16,384 tokens each."""
    if train_seconds is None:
        return 8192
    wished = 2 ** round(math.log2(max(1024.0, min(16384.0, train_seconds * speed / 800))))
    return max(context, int(wished))


def _whole_windows(tree: Mapping[str, Any], chosen: int, context: int) -> int:
    """The batch that the user asked for, else the chosen one, in whole windows."""
    return max(1, int(tree.get("training", {}).get("batch_tokens", chosen)) // context) * context


def _tokens(budget: BudgetSettings, train_seconds: float | None, speed: float, batch_tokens: int) -> int:
    if budget.tokens:
        return max(batch_tokens, budget.tokens)
    if budget.steps:
        return budget.steps * batch_tokens
    return max(batch_tokens, int((train_seconds or 1.0) * speed))


def _dropout(epochs: float) -> float:
    """Dropout by passes over the text: one pass needs none, many need it."""
    return 0.0 if epochs < 3 else 0.05 if epochs < 6 else 0.1 if epochs < 12 else 0.2


def _forecast(parameters: int, num_bytes: float, text: TextFacts) -> dict[str, float]:
    """Expected bits per byte with a band, as a law in parameters and (discounted) bytes read.

    A first guess: its constants are not fitted to runs yet. The outcome is held against it in every report.
    """
    # repeated bytes count less and less (Muennighoff et al. 2023, arXiv:2305.16264, section 5)
    unique = max(1.0, min(num_bytes, float(text.num_bytes)))
    repeats = max(0.0, num_bytes / unique - 1)
    effective = unique * (1 + 15.4 * (1 - math.exp(-repeats / 15.4)))
    latin = 0.75 + 1.1 * (parameters / 1e6) ** -0.22 * 0.35 + 2.6 * (effective / 1e6) ** -0.33 * 0.55
    middle = latin * (1 - text.han_share) + latin * 1.05 * text.han_share
    return {"bits_per_byte": middle, "bits_per_byte_low": middle * 0.88, "bits_per_byte_high": middle * 1.12}


def _tree(
    quote: Quote, model: Mapping[str, Any], kind: str, text: TextFacts, speed: float, seconds: float | None
) -> dict[str, Any]:
    # all looks together are to take 3 % of the time, if scoring runs at 2.5 times the speed of training (not measured)
    looks = 4 if seconds and seconds < 60 else 8
    look = int(max(2000, min(200_000, 0.03 / looks * (seconds or 600) * speed * 2.5)))
    tokenizer: dict[str, Any] = {"kind": kind, "num_parameters": quote.parameters}
    if kind == "bpe":
        tokenizer["vocab_size"] = quote.vocab_size
    return {
        "model": dict(model),
        "tokenizer": tokenizer,
        "training": {**_training(quote), "validations": looks},
        "watching": {"validation_tokens": look, "sample_tokens": 64 if (seconds or 600) >= 90 else 0},
    }


def _training(quote: Quote) -> dict[str, Any]:
    """The loop for a run of about this many steps, as in docs/log (short runs); not every number there was ablated."""
    return {
        "batch_tokens": quote.batch_tokens,
        "micro_batch_tokens": quote.batch_tokens,
        "optimizer": {"momentum_warmup_steps": max(1, min(300, round(0.15 * quote.steps)))},
        "schedule": {"warmup_steps": max(1, min(100, round(0.02 * quote.steps)))},
        "quarter_context_until": 0.5 if quote.context_length >= 256 else 0.0,
        "half_context_until": 0.85 if quote.context_length >= 256 else 0.0,
    }


def _interpolated(points: tuple[tuple[float, float], ...], at: float) -> float:
    """Straight lines over the logarithm of the first coordinate; flat outside."""
    if at <= points[0][0]:
        return points[0][1]
    for (low, first), (high, last) in itertools.pairwise(points):
        if at <= high:
            return first + (last - first) * math.log(at / low) / math.log(high / low)
    return points[-1][1]
