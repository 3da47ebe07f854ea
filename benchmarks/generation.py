"""Generation speed against transformers: the same exported weights, prompts and numbers of tokens, in turn on this machine.

    python benchmarks/generation.py                           gpt of 10m, batches of 1 and 8, three rounds
    python benchmarks/generation.py --size 2m --batch 1

A gpt with random weights is saved as a folder of Hugging Face's layout, which both sides open in processes of their own. Each reads the
prompts and goes on greedily for as many tokens as were asked; the time is that of the whole call, after one call that is not
counted. Ids are compared: where the sides are in float32 they must be equal. Beside the speeds stands the memory bound: every
weight is read once for each step, so no step is quicker than the bytes of the weights over the bandwidth that was measured here
(weights that stay in a cache may be read faster: then the share is above 100 %).
The last line is one JSON object.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from danlu.core.quantities import parse_count
from danlu.generation.decode import generate_batch
from danlu.generation.sampling import SamplingSettings
from danlu.models import ARCHITECTURES
from danlu.models.store import load_model, save_model
from danlu.runtime.machine import this_machine

VOCABULARY, CONTEXT, PROMPT = 8192, 256, 32
DTYPES = {"f32": "float32", "bf16": "bfloat16", "int8": "int8"}
SIDES = ("danlu_f32", "danlu_bf16", "danlu_int8", "transformers_f32", "transformers_bf16")
PAIRS = (
    ("danlu_f32", "transformers_f32"),
    ("danlu_bf16", "transformers_bf16"),
    ("danlu_int8", "transformers_f32"),
    ("danlu_int8", "transformers_bf16"),
)
BAR = 5.0  # times as fast as transformers with float32
READ_BYTES = 1 << 28  # for the bandwidth: more than any cache holds


def ours(folder: Path, prompts: list[list[int]], count: int, *, dtype: str) -> dict[str, Any]:
    """Ids and seconds of danlu."""
    model = load_model(folder)
    settings = SamplingSettings(temperature=0.0, max_tokens=count, dtype=dtype)
    return timed(lambda: generate_batch(model, prompts, settings))


def theirs(folder: Path, prompts: list[list[int]], count: int, *, dtype: torch.dtype) -> dict[str, Any]:
    """Ids and seconds of transformers' generate."""
    import transformers

    transformers.logging.set_verbosity_error()
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    ids_BT = torch.tensor(prompts)

    def generated() -> list[list[int]]:
        asked = {"max_new_tokens": count, "min_new_tokens": count, "do_sample": False, "pad_token_id": 0}
        whole_BT = model.generate(ids_BT, attention_mask=torch.ones_like(ids_BT), **asked)
        found: list[list[int]] = whole_BT[:, ids_BT.shape[1] :].tolist()
        return found

    return timed(generated)


def timed(generated: Callable[[], list[list[int]]]) -> dict[str, Any]:
    """What the second call gives, and how long it takes."""
    generated()
    began = time.perf_counter()
    ids = generated()
    return {"ids": ids, "seconds": time.perf_counter() - began}


def bandwidth() -> float:
    """Bytes per second that reading takes from memory with every thread; the best of five."""
    numbers = torch.ones(READ_BYTES // 4)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        numbers.sum()
        times.append(time.perf_counter() - began)
    return READ_BYTES / min(times)


def in_turn(folder: Path, batch: int, count: int, rounds: int) -> dict[str, Any]:
    """Every side in a process of its own, `rounds` times in turn; medians and ratios of tokens per second."""
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side in SIDES:
            words = ["--side", side, "--folder", str(folder), "--batch", str(batch), "--count", str(count)]
            done = subprocess.run([sys.executable, __file__, *words], capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{side} failed\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
            found[side].append(json.loads(done.stdout.splitlines()[-1]))
    if found["danlu_f32"][0]["ids"] != found["transformers_f32"][0]["ids"]:
        raise SystemExit("danlu and transformers do not give the same ids")
    speeds = {side: batch * count / statistics.median(r["seconds"] for r in rows) for side, rows in found.items()}
    ratios = {f"{ours}/{theirs}": speeds[ours] / speeds[theirs] for ours, theirs in PAIRS}
    for side, speed in speeds.items():
        print(f"batch {batch}  {side:18} {speed:8.0f} tokens/s", flush=True)
    for pair, ratio in ratios.items():
        print(f"batch {batch}  {pair:30} {ratio:6.2f}", flush=True)
    return {"batch": batch, "tokens": count, "tokens_per_second": speeds, "ratios": ratios, "bar": BAR}


def main() -> None:
    """Runs the rounds, prints a table, the memory bound and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=parse_count, default=10_000_000)
    parser.add_argument("--batch", type=int, action="append")
    parser.add_argument("--count", type=int, default=CONTEXT - PROMPT)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        made = torch.Generator().manual_seed(0)
        prompts = torch.randint(5, VOCABULARY, (asked.batch[0], PROMPT), generator=made).tolist()
        dtype = DTYPES[asked.side.rpartition("_")[2]]
        if asked.side.startswith("danlu"):
            print(json.dumps(ours(asked.folder, prompts, asked.count, dtype=dtype)))
        else:
            print(json.dumps(theirs(asked.folder, prompts, asked.count, dtype=getattr(torch, dtype))))
        return
    row = ARCHITECTURES.load("gpt")
    model = row.build(row.sized(asked.size, VOCABULARY, CONTEXT), VOCABULARY)
    size = sum(weight.numel() for weight in model.parameters())
    with tempfile.TemporaryDirectory() as name:
        save_model(model, Path(name))
        rows = [in_turn(Path(name), batch, asked.count, asked.rounds) for batch in asked.batch or (1, 8)]
    steps = bandwidth() / (4 * size)
    for found in rows:
        bounds = {
            f"danlu_{kept}": found["batch"] * steps * more for kept, more in (("f32", 1), ("bf16", 2), ("int8", 4))
        }
        found["share_of_bound"] = {side: found["tokens_per_second"][side] / bound for side, bound in bounds.items()}
        for side, bound in bounds.items():
            share = 100 * found["share_of_bound"][side]
            print(f"batch {found['batch']}  memory allows {side} {bound:.0f} tokens/s; it reaches {share:.0f} %")
    machine = {"machine": this_machine().cpu_model, "cores": this_machine().num_cores, "torch": torch.__version__}
    facts = {"benchmark": "generation", "date": time.strftime("%Y-%m-%d"), "parameters": size, **machine}
    print(json.dumps({**facts, "bytes_per_second": round(4 * size * steps), "rows": rows}))


if __name__ == "__main__":
    main()
