"""The laboratory: variants of a run under fixed time, one after the other, in a queue that can be left alone and resumed.

    python benchmarks/lab.py benchmarks/experiments/architectures.toml --data FOLDER --out FOLDER
    python benchmarks/lab.py benchmarks/experiments/architectures.toml --table

An experiment is a TOML file: a `question`; `texts` (files or folders below --data; a list inside is mixed); `budgets` (`5m`);
`seeds`; and for each variant the words that it adds to `danlu pretrain`. Each cell is a process of its own, on an otherwise
quiet machine, in rounds: every variant with the first seed before any with the second, so that slow hours fall on all. What
was interrupted begins again; what is done is in `benchmarks/results/lab.jsonl`, with commit and machine, and is passed over.

Texts of `REPORTED` are those of the races; an experiment that chooses defaults on one of them is refused unless it says
`use = "report"`: what is tuned on a text is not reported on it.

The table has the median over seeds and, behind it, the distance between the best and the worst.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger import RESULTS, commit, done, keep

from danlu.core.events import read_events
from danlu.runtime.machine import this_machine

KEY = ("experiment", "variant", "text", "budget", "seed")
REPORTED = ("en_docs", "en_openstax_textbooks", "zh_docs", "en_tinyshakespeare")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One run: a variant on a text, under a budget, with a seed."""

    experiment: str
    variant: str
    words: tuple[str, ...]
    text: tuple[str, ...]
    budget: str
    seed: int

    @property
    def text_name(self) -> str:
        """The files without endings, joined by +."""
        return "+".join(Path(name).name.split(".")[0] for name in self.text)

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells this cell from others in the results."""
        return (self.experiment, self.variant, self.text_name, self.budget, self.seed)

    @property
    def folder(self) -> Path:
        """Where its run lies below --out."""
        return Path(self.experiment) / self.text_name / f"{self.variant}-{self.budget}-{self.seed}"


def cells_of(path: Path) -> list[Cell]:
    """The cells of an experiment in the order they are run. Exits with a reason where the experiment may not be run."""
    plan = tomllib.loads(path.read_text(encoding="utf-8"))
    texts = [tuple(text) if isinstance(text, list) else (text,) for text in plan["texts"]]
    found = [
        Cell(
            experiment=path.stem,
            variant=variant,
            words=tuple(words),
            text=text,
            budget=budget,
            seed=seed,
        )
        for budget in plan["budgets"]
        for seed in plan.get("seeds", [0])
        for text in texts
        for variant, words in plan["variants"].items()
    ]
    reported = sorted({cell.text_name for cell in found} & set(REPORTED))
    if reported and plan.get("use") != "report":
        sys.exit(f'{", ".join(reported)}: reported in the races; tune on other text, or say use = "report"')
    return found


def run(cell: Cell, data: Path, out: Path) -> dict[str, Any]:
    """Trains the cell and gives its row."""
    folder = out / cell.folder
    # A finished folder without a row may be of another commit: it begins anew like one that was interrupted.
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    sources = [str(data / name) for name in cell.text]
    options = ["--for", cell.budget, "--seed", str(cell.seed), "-o", str(folder)]
    command = [sys.executable, "-m", "danlu", "pretrain", *sources, *options, *cell.words]
    with folder.with_suffix(".log").open("w", encoding="utf-8") as log:
        began = time.perf_counter()
        subprocess.run(command, stdout=log, stderr=log, check=True)
        print(f"{cell.variant} on {cell.text_name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return row_of(cell, folder)


def row_of(cell: Cell, folder: Path) -> dict[str, Any]:
    """What the finished run in `folder` recorded."""
    finished = [e for e in read_events(folder / "events.jsonl") if e["event"] == "finished"][-1]
    steps = [e for e in read_events(folder / "metrics.jsonl") if e["event"] == "step"]
    names = ("bits_per_byte", "pseudo", "accuracy", "parameters", "steps", "tokens", "tokens_per_second", "seconds")
    return {
        "benchmark": "lab",
        "experiment": cell.experiment,
        "variant": cell.variant,
        "text": cell.text_name,
        "budget": cell.budget,
        "seed": cell.seed,
        **{name: finished.get(name) for name in names},
        "share_of_peak": statistics.median(step["share_of_peak"] for step in steps),
        "ngram": finished["reference_lines"].get("ngram"),
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit(),
        "machine": this_machine().cpu_model,
    }


def table(cells: Sequence[Cell], rows: dict[tuple[Any, ...], dict[str, Any]]) -> Iterator[str]:
    """One table for each text and budget, the best first; pseudo figures apart, which compare only with their like."""
    for text, budget in dict.fromkeys((cell.text_name, cell.budget) for cell in cells):
        here = [cell for cell in cells if (cell.text_name, cell.budget) == (text, budget) and cell.key in rows]
        if not here:
            continue
        yield f"\n{text}, {budget}: bits per byte (spread over seeds), parameters, steps, tokens/s, share of peak"
        found = {name: [rows[c.key] for c in here if c.variant == name] for name in {c.variant for c in here}}
        for name, group in sorted(
            found.items(), key=lambda item: (item[1][0]["pseudo"], middle(item[1], "bits_per_byte"))
        ):
            bits = [row["bits_per_byte"] for row in group]
            yield (
                f"  {name:24} {middle(group, 'bits_per_byte'):7.4f} ({max(bits) - min(bits):.4f}, n={len(bits)})"
                f"{' pseudo' if group[0]['pseudo'] else '       '} {middle(group, 'parameters') / 1e6:7.2f}M"
                f" {middle(group, 'steps'):6.0f} {middle(group, 'tokens_per_second'):8,.0f} {middle(group, 'share_of_peak'):6.1%}"
            )


def middle(rows: Sequence[dict[str, Any]], name: str) -> float:
    """The median of a figure."""
    return float(statistics.median(row[name] for row in rows))


def main() -> None:
    """Runs what is missing, then prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiment", type=Path)
    parser.add_argument("--data", type=Path, help="folder of the texts")
    parser.add_argument("--out", type=Path, default=Path("runs/lab"), help="folder for the runs")
    parser.add_argument("--results", type=Path, default=RESULTS / "lab.jsonl")
    parser.add_argument("--only", nargs="*", help="texts (without endings) to run now")
    parser.add_argument("--table", action="store_true", help="print what is there, run nothing")
    asked = parser.parse_args()
    cells = cells_of(asked.experiment)
    if not asked.table:
        if asked.data is None:
            parser.error("--data names the folder of the texts")
        for cell in cells:
            if cell.key in done(asked.results, KEY) or (asked.only and cell.text_name not in asked.only):
                continue
            row = run(cell, asked.data, asked.out)
            keep(asked.results, row)
    print("\n".join(table(cells, done(asked.results, KEY))))


if __name__ == "__main__":
    main()
