"""Training speed against transformers' Trainer: the same shape, vocabulary, windows and batch, in turn on this machine.

    python benchmarks/step_peers.py                        bert and gpt2 at 10m, three rounds
    python benchmarks/step_peers.py --arch bert --size 3m  one of them, smaller

Each side runs in a process of its own and gives its median step (optimizer and data included) after the first ones are
left out. danlu trains as it would by itself: number type and threads as measured, compiled layers, Muon. The Trainer runs as its
guide has it (AdamW, float32), and once more with bf16. Windows are full on both sides, so every position is a token. Both
hide the same share of tokens. The last line is one JSON object with the ratios of medians.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import torch

from danlu.core.quantities import format_count, parse_count
from danlu.core.settings import plain
from danlu.models import ARCHITECTURES
from danlu.runtime.device import DeviceSettings, apply_runtime, choose_runtime
from danlu.runtime.machine import this_machine
from danlu.runtime.measure import measured_machine

VOCABULARY = 8192
SHARE = 0.15  # of tokens hidden: the Trainer's default
WARM_UP = 4  # steps left out
SIDES = ("danlu", "trainer", "trainer_bf16")
BARS = {"bert": 2.0, "gpt2": 1.5}


@dataclass(frozen=True, kw_only=True)
class Job:
    """What both sides train: a row of ARCHITECTURES, its size, tokens of a step and of a window, timed steps."""

    arch: str
    size: int
    batch_tokens: int
    context: int
    steps: int


def ours(job: Job) -> dict[str, Any]:
    """Tokens per second of danlu's step."""
    from step import measure

    from danlu.objectives import OBJECTIVES
    from danlu.runtime.compiling import use_own_cache

    choice = choose_runtime(DeviceSettings(), measured_machine())
    apply_runtime(choice)
    use_own_cache()
    dtype = torch.bfloat16 if choice.dtype == "bfloat16" else torch.float32
    masked = OBJECTIVES.load("masked")
    row = measure(
        job.arch,
        job.size,
        batch_tokens=job.batch_tokens,
        context=job.context,
        steps=job.steps,
        dtype=dtype,
        compiled=True,
        vocab_size=VOCABULARY,
        objective=partial(masked, share=SHARE) if job.arch == "bert" else None,
    )
    return {"tokens_per_second": row.tokens_per_second, "parameters": row.parameters, "dtype": choice.dtype}


def theirs(job: Job, *, bf16: bool) -> dict[str, Any]:
    """Tokens per second of transformers' Trainer on the same shape."""
    import transformers

    class Clock(transformers.TrainerCallback):  # type: ignore[misc]
        """When each step ended."""

        def __init__(self) -> None:
            self.ends: list[float] = []

        def on_step_end(self, *_: object, **__: object) -> None:
            self.ends.append(time.perf_counter())

    transformers.logging.set_verbosity_error()
    row = ARCHITECTURES.load(job.arch)
    config = row.layout.config(row.sized(job.size, VOCABULARY, job.context), VOCABULARY)
    model = getattr(transformers, row.layout.class_name)(getattr(transformers, CONFIGS[job.arch])(**config))
    num_rows = job.batch_tokens // job.context
    rows = [{"input_ids": ids} for ids in torch.randint(5, VOCABULARY, (num_rows * 8, job.context))]
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=num_rows,
            max_steps=job.steps + WARM_UP,
            report_to="none",
            save_strategy="no",
            use_cpu=True,
            disable_tqdm=True,
            bf16=bf16,
        )
        collate = transformers.DataCollatorForLanguageModeling(
            tokenizer(), mlm=job.arch == "bert", mlm_probability=SHARE if job.arch == "bert" else None
        )
        trainer = transformers.Trainer(
            model=model, args=arguments, train_dataset=rows, data_collator=collate, callbacks=[clock]
        )
        trainer.train()
    ends = clock.ends[WARM_UP - 1 :]
    middle = statistics.median(b - a for a, b in pairwise(ends))
    return {
        "tokens_per_second": job.batch_tokens / middle,
        "parameters": model.num_parameters(),
        "dtype": "bfloat16" if bf16 else "float32",
    }


CONFIGS = {"bert": "BertConfig", "gpt2": "GPT2Config"}


def tokenizer() -> Any:
    """What the Trainer's collator asks for the ids of the mask and of padding."""
    import transformers
    from tokenizers import Tokenizer, models

    words = {"[PAD]": 0, "[MASK]": 1, "[UNK]": 2, "[CLS]": 3, "[SEP]": 4} | {str(n): n for n in range(5, VOCABULARY)}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(words, unk_token="[UNK]")),
        pad_token="[PAD]",
        mask_token="[MASK]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    )


def in_turn(job: Job, rounds: int) -> dict[str, Any]:
    """Every side in a process of its own, `rounds` times in turn; medians and ratios."""
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side in SIDES:
            command = [sys.executable, __file__, "--side", side, "--job", json.dumps(asdict(job))]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{side} failed\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
            found[side].append(json.loads(done.stdout.splitlines()[-1]))
    sizes = {rows[0]["parameters"] for rows in found.values()}
    if len(sizes) != 1:
        raise SystemExit(f"the shapes differ: {sizes}")
    speeds = {side: statistics.median(row["tokens_per_second"] for row in rows) for side, rows in found.items()}
    ratios = {side: speeds["danlu"] / speeds[side] for side in SIDES[1:]}
    for side, rows in found.items():
        each = ", ".join(f"{row['tokens_per_second']:.0f}" for row in rows)
        ratio = f"  danlu is {ratios[side]:.2f} times as fast" if side in ratios else ""
        print(f"{job.arch:5} {side:13} {rows[0]['dtype']:9} {speeds[side]:8.0f} tokens/s ({each}){ratio}", flush=True)
    return {
        **asdict(job),
        "parameters": sizes.pop(),
        "bar": BARS[job.arch],
        "tokens_per_second": {side: round(speed) for side, speed in speeds.items()},
        "ratios": {side: round(ratio, 3) for side, ratio in ratios.items()},
        "shape": plain(ARCHITECTURES.load(job.arch).sized(job.size, VOCABULARY, job.context)),
    }


def main() -> None:
    """Runs the rounds, prints a table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", action="append", choices=list(BARS))
    parser.add_argument("--size", type=parse_count, default=10_000_000)
    parser.add_argument("--batch-tokens", type=parse_count, default=8192)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        job = Job(**json.loads(asked.job))
        print(json.dumps(ours(job) if asked.side == "danlu" else theirs(job, bf16=asked.side == "trainer_bf16")))
        return
    rows = []
    for arch in asked.arch or BARS:
        job = Job(arch=arch, size=asked.size, batch_tokens=asked.batch_tokens, context=asked.context, steps=asked.steps)
        print(f"{arch}: {format_count(job.size)}, {job.batch_tokens} tokens a step in windows of {job.context}")
        rows.append(in_turn(job, asked.rounds))
    machine = this_machine()
    print(
        json.dumps(
            {
                "benchmark": "step_peers",
                "date": time.strftime("%Y-%m-%d"),
                "machine": machine.cpu_model,
                "cores": machine.num_cores,
                "torch": torch.__version__,
                "rows": rows,
            }
        )
    )


if __name__ == "__main__":
    main()
