"""Quotes against outcomes: how finished runs compare with what was forecast, and the law that would fit them best.

    python benchmarks/quote.py RUN...        a line for each run, then one JSON object

`held`: whether the outcome lay in the quoted band. `fitted`: the constants of `danlu.recipes.forecast.expected_bits`
(floor, by size, its power, by text, its power) with the least squared relative error over these runs.
"""

import argparse
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from danlu.core.events import read_events
from danlu.runtime.machine import this_machine
from danlu.tokenizers.token_store import open_tokens


@dataclass(frozen=True, kw_only=True)
class Row:
    """One finished run: what it was given, what was quoted, what came out."""

    run: str
    seconds: float
    parameters: int
    bytes_read: float
    unique_bytes: int
    ngram: float
    quoted: float
    bits_per_byte: float
    held: bool
    speed_ratio: float


def row_of(run: Path) -> Row:
    """The row of a finished run."""
    events = {event["event"]: event for event in read_events(run / "events.jsonl")}
    finished: dict[str, Any] = events["finished"]
    quoted = finished["quoted"]
    train = open_tokens(run / "tokens", "train")
    return Row(
        run=run.name,
        seconds=finished["seconds"],
        parameters=finished["parameters"],
        bytes_read=finished["tokens"] * train.num_bytes / train.num_tokens,
        unique_bytes=train.num_bytes,
        ngram=finished["reference_lines"]["ngram"],
        quoted=quoted["bits_per_byte"],
        bits_per_byte=finished["bits_per_byte"],
        held=quoted["bits_per_byte_low"] <= finished["bits_per_byte"] <= quoted["bits_per_byte_high"],
        speed_ratio=finished["tokens_per_second"] / quoted["tokens_per_second"],
    )


def effective_megabytes(row: Row) -> float:
    """Text read, repeated text discounted as in the forecast."""
    unique = min(row.bytes_read, float(row.unique_bytes))
    repeats = row.bytes_read / unique - 1
    return unique * (1 + 15.4 * (1 - math.exp(-repeats / 15.4))) / 1e6


def fit(rows: list[Row]) -> dict[str, float]:
    """The five constants, and the median relative error that is left."""
    sizes = np.array([row.parameters / 1e6 for row in rows])
    texts = np.array([effective_megabytes(row) for row in rows])
    shares = np.array([row.bits_per_byte / row.ngram for row in rows])

    def errors(constants: np.ndarray) -> np.ndarray:
        floor, by_size, size_power, by_text, text_power = constants
        return (floor + by_size * sizes**-size_power + by_text * texts**-text_power) / shares - 1

    found = least_squares(
        errors,
        [0.55, 0.15, 0.3, 0.25, 0.4],
        bounds=([0.2, 0, 0.1, 0, 0.1], [0.9, 1, 0.8, 1, 0.9]),
        loss="soft_l1",
        f_scale=0.03,
    )
    names = ("floor", "by_size", "size_power", "by_text", "text_power")
    constants = {name: round(float(value), 4) for name, value in zip(names, found.x, strict=True)}
    left = np.abs(errors(found.x))
    return {**constants, "median_error": float(np.median(left)), "largest_error": float(left.max())}


def main() -> None:
    """Prints the rows and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    rows = [row_of(run) for run in parser.parse_args().runs]
    for row in rows:
        print(
            f"{row.run:24} {row.seconds:7.0f} s {row.parameters / 1e6:6.2f}M {row.bytes_read / 1e6:7.2f} of "
            f"{row.unique_bytes / 1e6:6.2f} MB  n-grams {row.ngram:.3f}  quoted {row.quoted:.3f}  came {row.bits_per_byte:.3f}"
            f"  {'held' if row.held else 'MISSED':6}  speed {row.speed_ratio:.2f} of the quote"
        )
    result = {
        "benchmark": "quote",
        "date": time.strftime("%Y-%m-%d"),
        "machine": this_machine().cpu_model,
        "held": sum(row.held for row in rows),
        "runs": len(rows),
        "fitted": fit(rows) if len(rows) >= 6 else None,
        "rows": [asdict(row) for row in rows],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
