"""The quote: what a budget buys on this machine with this text. Chosen by scaling rules, kept, and held against the outcome."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from danlu.core.language import Text
from danlu.core.quantities import parse_count
from danlu.core.settings import build
from danlu.models.architecture import Architecture
from danlu.models.plan import ParameterCount, training_memory
from danlu.recipes.forecast import Workload, expected_bits, step_seconds, token_seconds
from danlu.recipes.objective_choice import controls_asked, written_objective
from danlu.recipes.settings import BudgetSettings
from danlu.runtime.compiling import CompileChoice, choose_compile, compiled_shape
from danlu.runtime.measure import MachineMeasures
from danlu.runtime.memory import assumed_energy
from danlu.tokenizers.expected_width import expected_bytes_per_token
from danlu.tokenizers.vocabulary import auto_vocab_size

# Training tokens per parameter. Tiny Shakespeare in 3 minutes: 1.98M parameters 2.108 bits per byte, 3.00M 2.220; in 8
# minutes 3.0M and 4.2M 2.079 and 2.084; in 25 s 0.64M 2.528, 0.91M 2.675 (docs/log, second races).
TOKENS_PER_PARAMETER = 2.0
# A small text cannot fill a large network: on Tiny Shakespeare (1.0M characters) 4.2M parameters end 0.20 nats apart on
# training and held-out text after 8 minutes (docs/log, second races). Larger ones were not tried.
PARAMETERS_PER_UNIQUE_TOKEN = 4.0
LIBRARY_BYTES = 420_000_000
"""Resident before the first step: torch and what else is imported."""
LARGE_BATCH = 8192
GUESSED_NGRAM_BITS = 2.3
"""Where no n-gram line could be measured: texts of the log lie between 1.7 and 2.5."""
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
    ngram_bits: float | None = None
    """Bits per byte of the n-gram line on the validation split: how hard the text is. None: not measured."""


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
    bits_per_byte: float | None
    bits_per_byte_low: float | None
    bits_per_byte_high: float | None
    """None for models that read both ways, and encoder-decoders: no law was fitted to them."""

    def as_event(self) -> dict[str, Any]:
        """The event `quote` with plain values; what is not foretold is left out."""
        return {"event": "quote", **{name: value for name, value in asdict(self).items() if value is not None}}


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
    train_seconds = max(1.0, seconds - FIXED_SECONDS - 1.6e-7 * text.num_bytes) if seconds else None
    wanted = parse_count(size) if size != "auto" else _parameters_for(row, train_seconds, budget, text, machine, tree)
    vocab_size = _vocab_size(kind, tree, text, wanted) + _num_more_controls(row, tree)
    context = int(tree.get("model", {}).get("context_length", _context(train_seconds)))
    model = {**_shape(row, wanted, vocab_size, context), **tree.get("model", {}), **_learnt(row, tree)}
    pace = _pace(row, model, vocab_size, budget, train_seconds, machine, tree)
    tokens = _tokens(budget, pace.train_seconds, pace.speed, pace.batch_tokens)
    width = bytes_per_token(kind, vocab_size, text)
    epochs = tokens * width / max(1, text.num_bytes)
    model["dropout"] = tree.get("model", {}).get("dropout", _dropout(epochs))
    expected = _expected(row, text, parameters=pace.count.total, bytes_read=tokens * width)
    quote = Quote(
        parameters=pace.count.total,
        vocab_size=vocab_size,
        context_length=context,
        batch_tokens=pace.batch_tokens,
        steps=max(1, tokens // pace.batch_tokens),
        tokens=tokens,
        epochs=epochs,
        tokens_per_second=pace.speed,
        seconds=seconds or tokens / pace.speed + FIXED_SECONDS,
        memory_bytes=LIBRARY_BYTES + training_memory(pace.count, micro_batch_tokens=pace.batch_tokens).total,
        disk_bytes=pace.count.total * 4 * 9 + 2 * text.num_bytes,
        watt_hours=assumed_energy((seconds or tokens / pace.speed) * machine.threads).joules / 3600,
        **expected,
    )
    decided = _tree(row, quote, model, kind, pace.speed, seconds)
    controls = controls_asked(row, tree)
    if len(controls) > 1:
        decided["tokenizer"]["control_tokens"] = list(controls)
    return Plan(quote=quote, tree=decided, step_seconds=pace.batch_tokens / pace.speed, compile=pace.compile)


def _expected(row: Architecture, text: TextFacts, *, parameters: int, bytes_read: float) -> dict[str, float | None]:
    """The three figures of a quote; None where no law was fitted."""
    names = ("bits_per_byte", "bits_per_byte_low", "bits_per_byte_high")
    if row.direction != "left-to-right":
        return dict.fromkeys(names)
    found = expected_bits(
        ngram_bits=text.ngram_bits or GUESSED_NGRAM_BITS,
        parameters=parameters,
        bytes_read=bytes_read,
        unique_bytes=text.num_bytes,
    )
    return dict(zip(names, (found.middle, found.low, found.high), strict=True))


@dataclass(frozen=True, kw_only=True)
class _Pace:
    """A chosen network at work: tokens of a step, tokens per second, whether compiled, seconds left for training."""

    count: ParameterCount
    batch_tokens: int
    speed: float
    compile: CompileChoice
    train_seconds: float | None


def _pace(
    row: Architecture,
    model: Mapping[str, Any],
    vocab_size: int,
    budget: BudgetSettings,
    train_seconds: float | None,
    machine: MachineMeasures,
    tree: Mapping[str, Any],
) -> _Pace:
    count, context = row.count(build(row.settings, dict(model)), vocab_size), int(model["context_length"])
    plain = Workload(arch=row.name, count=count, width=int(model["width"]), compiled=False)
    rough = LARGE_BATCH / step_seconds(plain, LARGE_BATCH, machine)
    batch_tokens = _whole_windows(tree, _batch_tokens(train_seconds, rough, context), context)
    seconds = train_seconds or _tokens(budget, None, rough, batch_tokens) / rough
    compiling = _compiling(row, tree, model, batch_tokens, machine, seconds, by_clock=budget.seconds is not None)
    work = replace(plain, compiled=compiling.compile)
    return _Pace(
        count=count,
        batch_tokens=batch_tokens,
        speed=batch_tokens / step_seconds(work, batch_tokens, machine),
        compile=compiling,
        train_seconds=max(1.0, train_seconds - compiling.seconds) if train_seconds else None,
    )


def _compiling(
    row: Architecture,
    tree: Mapping[str, Any],
    model: Mapping[str, Any],
    batch_tokens: int,
    machine: MachineMeasures,
    train_seconds: float,
    *,
    by_clock: bool,
) -> CompileChoice:
    """Whether to compile; forecast seconds of training by steps or tokens count like seconds of the clock."""
    device = tree.get("runtime", {}).get("device", {})
    if not row.compiles or device.get("device", "cpu") not in ("auto", "cpu"):
        return CompileChoice(compile=False, reason=Text("nothing to compile", "没有可编译的部分"), seconds=0.0)
    dtype = device.get("dtype", "auto")
    shape = compiled_shape(
        row.name, model, micro_batch_tokens=batch_tokens, dtype=machine.dtype if dtype == "auto" else dtype
    )
    return choose_compile(
        str(device.get("compile", "auto")), shape=shape, train_seconds=train_seconds, by_clock=by_clock
    )


def _parameters_for(
    row: Architecture,
    train_seconds: float | None,
    budget: BudgetSettings,
    text: TextFacts,
    machine: MachineMeasures,
    tree: Mapping[str, Any],
) -> int:
    """Parameters N such that N * TOKENS_PER_PARAMETER tokens take the time."""
    if train_seconds is None:
        tokens = budget.tokens or (budget.steps or 1) * 8192
        return int(min(2e7, max(2e5, tokens / TOKENS_PER_PARAMETER)))
    guess = 1e6
    for _ in range(12):
        in_time = train_seconds / token_seconds(row.name, guess, machine)
        guess = math.sqrt(guess * in_time / TOKENS_PER_PARAMETER)
    kind = tree.get("tokenizer", {}).get("kind", "bpe")
    unique = text.num_bytes / bytes_per_token(kind, auto_vocab_size(text.num_bytes, int(guess)), text)
    return int(max(1e5, min(guess, PARAMETERS_PER_UNIQUE_TOKEN * unique)))


def _vocab_size(kind: str, tree: Mapping[str, Any], text: TextFacts, parameters: int) -> int:
    if kind == "byte":
        return 257
    if kind == "char":
        return 257 + text.num_characters
    asked = tree.get("tokenizer", {}).get("vocab_size", "auto")
    return auto_vocab_size(text.num_bytes, parameters) if asked == "auto" else int(asked)


def _num_more_controls(row: Architecture, tree: Mapping[str, Any]) -> int:
    """Control tokens beside the separator, where the vocabulary is not told by its size."""
    counted = tree.get("tokenizer", {}).get("kind", "bpe") in ("byte", "char")
    return len(controls_asked(row, tree)) - 1 if counted else 0


def _shape(row: Architecture, parameters: int, vocab_size: int, context: int) -> dict[str, Any]:
    return dict(row.sized(parameters, vocab_size, context).model_dump())


def _learnt(row: Architecture, tree: Mapping[str, Any]) -> dict[str, Any]:
    """An encoder-decoder keeps what it was taught to write, which decides how it is asked."""
    return {"objective": written_objective(row, tree)} if row.direction == "encoder-decoder" else {}


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
    """Dropout by passes over the text.

    Two passes lose 0.045 nats by 0.1; at eight passes 0.1 overfits and 0.2 goes on falling (docs/log, many passes).
    """
    return 0.0 if epochs < 3 else 0.05 if epochs < 4 else 0.1 if epochs < 6 else 0.2


def _tree(
    row: Architecture, quote: Quote, model: Mapping[str, Any], kind: str, speed: float, seconds: float | None
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
        "training": {**_training(row, quote), "validations": looks},
        "watching": {"validation_tokens": look, "sample_tokens": 64 if (seconds or 600) >= 90 else 0},
    }


def _training(row: Architecture, quote: Quote) -> dict[str, Any]:
    """The loop for a run of about this many steps, as in docs/log (short runs); not every number there was ablated.

    Windows of `whole_windows` rows are not cut: after 200 steps BERT ended at 3.601 pseudo bits per byte whole, at 3.696
    cut, in the same time; GPT-2, which learns positions too, at 2.698 and 2.661 (docs/log, masked models and the clock).
    """
    cut = quote.context_length >= 256 and not row.whole_windows
    return {
        "batch_tokens": quote.batch_tokens,
        "micro_batch_tokens": quote.batch_tokens,
        "optimizer": {"momentum_warmup_steps": max(1, min(300, round(0.15 * quote.steps)))},
        "schedule": {"warmup_steps": max(1, min(100, round(0.02 * quote.steps)))},
        "quarter_context_until": 0.5 if cut else 0.0,
        "half_context_until": 0.85 if cut else 0.0,
    }
