"""How a training step slows down with the size of the model, beside what the quote expects: tokens per second from 1M to 100M.

    python benchmarks/growth.py                                     gpt at 1m, 3m, 10m, 30m, 100m
    python benchmarks/growth.py --arch lstm --svg docs/log/lstm.svg

Each size is a whole step, optimizer included (as in benchmarks/step.py), of the same batch; the expected figure is the one from
which `danlu plan` makes its quote, for the same machine. The last line is one JSON object; --svg draws both lines.
"""

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import torch
from step import VOCABULARY, measure

from danlu.core.quantities import format_count, parse_count
from danlu.models import ARCHITECTURES
from danlu.recipes.forecast import Workload, step_seconds
from danlu.runtime.compiling import use_own_cache
from danlu.runtime.device import DeviceSettings, apply_runtime, choose_runtime
from danlu.runtime.machine import this_machine
from danlu.runtime.measure import MachineMeasures, measured_machine

SIZES = ("1m", "3m", "10m", "30m", "100m")
WIDTH, HEIGHT, MARGIN = 640, 400, 56


def expected(
    arch: str, size: int, batch_tokens: int, context: int, machine: MachineMeasures, *, compiled: bool
) -> float:
    """Tokens per second that the quote expects of a step."""
    row = ARCHITECTURES.load(arch)
    settings = row.sized(size, VOCABULARY, context)
    width = int(settings.model_dump()["width"])
    work = Workload(arch=arch, count=row.count(settings, VOCABULARY), width=width, compiled=compiled)
    return batch_tokens / step_seconds(work, batch_tokens, machine)


def drawing(rows: list[dict[str, Any]], arch: str) -> str:
    """Both lines over the parameters, each axis by powers of ten."""
    sizes = [math.log10(row["parameters"]) for row in rows]
    speeds = [math.log10(row[name]) for row in rows for name in ("tokens_per_second", "expected")]
    left, right, low, high = min(sizes), max(sizes), math.floor(min(speeds)), math.ceil(max(speeds))

    def place(parameters: float, speed: float) -> tuple[float, float]:
        x = MARGIN + (math.log10(parameters) - left) / (right - left) * (WIDTH - 2 * MARGIN)
        return x, HEIGHT - MARGIN - (math.log10(speed) - low) / (high - low) * (HEIGHT - 2 * MARGIN)

    parts = []
    for power in range(low, high + 1):
        _, y = place(rows[0]["parameters"], 10.0**power)
        parts.append(f'<path d="M{MARGIN} {y:.1f}H{WIDTH - MARGIN}" stroke="#ccc"/>')
        parts.append(f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{format_count(10**power)}</text>')
    for row in rows:
        x, y = place(row["parameters"], row["tokens_per_second"])
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#b5432a"/>')
        label = format_count(row["parameters"])
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - MARGIN + 20}" text-anchor="middle">{label}</text>')
    for name, style in (
        ("tokens_per_second", 'stroke="#b5432a"'),
        ("expected", 'stroke="#555" stroke-dasharray="6 4"'),
    ):
        points = " ".join("{:.1f},{:.1f}".format(*place(row["parameters"], row[name])) for row in rows)
        parts.append(f'<polyline points="{points}" fill="none" stroke-width="2" {style}/>')
    title = f"{arch}: tokens per second over parameters; dashed: expected by the quote"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
    ground = (
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/><text x="{MARGIN}" y="24" font-size="14">{title}</text>'
    )
    return "\n".join([head, ground, *parts, "</svg>"]) + "\n"


def main() -> None:
    """Measures each size, prints a table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", default="gpt", choices=ARCHITECTURES.names())
    parser.add_argument("--size", action="append", type=parse_count)
    parser.add_argument("--batch-tokens", type=parse_count, default=8192)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--svg", type=Path)
    asked = parser.parse_args()
    machine = measured_machine()
    choice = choose_runtime(DeviceSettings(), machine)
    apply_runtime(choice)
    use_own_cache()
    dtype = torch.bfloat16 if choice.dtype == "bfloat16" else torch.float32
    batch = {"batch_tokens": asked.batch_tokens, "context": asked.context}
    rows: list[dict[str, Any]] = []
    for size in asked.size or [parse_count(size) for size in SIZES]:
        found = measure(asked.arch, size, **batch, steps=asked.steps, dtype=dtype, compiled=True)
        wanted = expected(asked.arch, size, **batch, machine=machine, compiled=found.compiled)
        facts = {"parameters": found.parameters, "tokens_per_second": found.tokens_per_second, "expected": wanted}
        rows.append({**facts, "share_of_peak": found.share_of_peak})
        print(
            f"{asked.arch:8} {format_count(found.parameters):>7}  {found.tokens_per_second:9.0f} tokens/s, expected {wanted:9.0f}"
            f" ({found.tokens_per_second / wanted:.2f})  {100 * found.share_of_peak:3.0f} % of peak",
            flush=True,
        )
    if asked.svg:
        asked.svg.write_text(drawing(rows, asked.arch), encoding="utf-8")
    facts = {"benchmark": "growth", "date": time.strftime("%Y-%m-%d"), "arch": asked.arch, **batch}
    print(json.dumps({**facts, "machine": this_machine().cpu_model, "cores": this_machine().num_cores, "rows": rows}))


if __name__ == "__main__":
    main()
