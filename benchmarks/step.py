"""Speed of a whole training step (optimizer included) for each architecture and size, against the machine's matrix peak.

    python benchmarks/step.py                          all rows at 1m, 3m, 10m
    python benchmarks/step.py --arch gpt --size 10m    one row
    python benchmarks/step.py --plain                  without compiled layers, as in runs of a few minutes

The peak is measured in turn with the steps, on the same threads and number type, so that a machine whose speed drifts
does not flatter either. The last line is one JSON object. FLOPs count matrix products only: 3 times the forward pass.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch

from danlu.batches.batch import WindowBatches
from danlu.batches.order import WindowOrder
from danlu.core.quantities import format_count, parse_count
from danlu.models import ARCHITECTURES
from danlu.objectives import OBJECTIVES
from danlu.objectives.objective import Objective, Vocabulary
from danlu.runtime.compiling import use_own_cache
from danlu.runtime.device import DeviceSettings, apply_runtime, choose_runtime
from danlu.runtime.machine import this_machine
from danlu.runtime.measure import measured_machine
from danlu.runtime.world import World
from danlu.tokenizers.tokenizer import MASK
from danlu.training import OPTIMIZERS
from danlu.training.settings import TrainingSettings
from danlu.training.state import TrainState
from danlu.training.step import train_step

VOCABULARY = 4096
GEMM_SHAPES = ((4096, 256, 1024), (8192, 384, 1024), (2048, 2048, 2048))


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measured step. `share_of_peak` is the median of shares, each against the peak measured around it."""

    arch: str
    parameters: int
    batch_tokens: int
    context: int
    compiled: bool
    tokens_per_second: float
    gflops: float
    peak_gflops: float
    share_of_peak: float


def gemm_peak(dtype: torch.dtype) -> float:
    """The best GFLOP/s over shapes like those of training."""
    best = 0.0
    for rows, inner, columns in GEMM_SHAPES:
        left, right = torch.randn(rows, inner).to(dtype), torch.randn(inner, columns).to(dtype)
        for _ in range(4):
            began = time.perf_counter()
            left @ right
            best = max(best, 2e-9 * rows * inner * columns / (time.perf_counter() - began))
    return best


def measure(
    arch: str,
    size: int,
    *,
    batch_tokens: int,
    context: int,
    steps: int,
    dtype: torch.dtype,
    compiled: bool = False,
    vocab_size: int = VOCABULARY,
    objective: Callable[[Vocabulary], Objective] | None = None,
) -> Row:
    """The median step of `steps`, after two that warm up (and compile, where the row has something to compile).

    `objective` makes one that is not the row's own.
    """
    row = ARCHITECTURES.load(arch)
    settings = row.sized(size, vocab_size, context)
    model = row.build(settings, vocab_size, seed=0)
    count = row.count(settings, vocab_size)
    training = TrainingSettings(batch_tokens=batch_tokens, micro_batch_tokens=batch_tokens)
    compiled = compiled and model.body.compile_for_training()
    state = TrainState(model=model, optimizer=OPTIMIZERS.load("muon")(model, training.optimizer))
    ids = np.random.Generator(np.random.PCG64(0)).integers(vocab_size, size=400_000).astype(np.uint16)
    order = WindowOrder(np.array([0, len(ids)]), context=context, seed=0)
    batches = WindowBatches(ids, order, num_windows=batch_tokens // context)
    learnt = (objective or OBJECTIVES.load(row.default_objective))(Vocabulary(size=vocab_size, controls={MASK: 0}))
    world = World(rank=0, size=1, local_rank=0)
    seconds, peaks = [], [gemm_peak(dtype)]
    for step in range(steps + 2):
        began = time.perf_counter()
        train_step(state, batches.batch(step), learnt, training, scale=1.0, seed=0, dtype=dtype, world=world)
        state.counters.step += 1
        if step >= 2:
            seconds.append(time.perf_counter() - began)
            peaks.append(gemm_peak(dtype))
    flops = 3e-9 * count.flops_per_token_forward * batch_tokens
    shares = [flops / s / max(a, b) for s, a, b in zip(seconds, peaks, peaks[1:], strict=False)]
    middle = statistics.median(seconds)
    return Row(
        arch=arch,
        parameters=count.total,
        batch_tokens=batch_tokens,
        context=context,
        compiled=compiled,
        tokens_per_second=batch_tokens / middle,
        gflops=flops / middle,
        peak_gflops=statistics.median(peaks),
        share_of_peak=statistics.median(shares),
    )


def main() -> None:
    """Measures, prints a table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", action="append", choices=ARCHITECTURES.names())
    parser.add_argument("--size", action="append", type=parse_count)
    parser.add_argument("--batch-tokens", type=parse_count, default=8192)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--plain", action="store_true", help="compile nothing")
    asked = parser.parse_args()
    choice = choose_runtime(DeviceSettings(), measured_machine())
    apply_runtime(choice)
    use_own_cache()
    dtype = torch.bfloat16 if choice.dtype == "bfloat16" else torch.float32
    rows = []
    for arch in asked.arch or ARCHITECTURES.names():
        for size in asked.size or [1_000_000, 3_000_000, 10_000_000]:
            row = measure(
                arch,
                size,
                batch_tokens=asked.batch_tokens,
                context=asked.context,
                steps=asked.steps,
                dtype=dtype,
                compiled=not asked.plain,
            )
            rows.append(row)
            how = "compiled" if row.compiled else "plain"
            print(
                f"{arch:8} {format_count(row.parameters):>7}  {how:8}  {row.tokens_per_second:9.0f} tokens/s"
                f"  {row.gflops:6.1f} GFLOP/s  {100 * row.share_of_peak:4.0f} % of {row.peak_gflops:.0f}",
                flush=True,
            )
    machine = this_machine()
    print(
        json.dumps(
            {
                "benchmark": "step",
                "date": time.strftime("%Y-%m-%d"),
                "machine": machine.cpu_model,
                "cores": machine.num_cores,
                "threads": choice.threads,
                "dtype": choice.dtype,
                "torch": torch.__version__,
                "rows": [asdict(row) for row in rows],
            }
        )
    )


if __name__ == "__main__":
    main()
