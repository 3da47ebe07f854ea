"""The character race: Tiny Shakespeare, everything counted from the start of the command.

    python benchmarks/race_char.py TEXT                            a sixth of the recipe's time, and 8 minutes
    python benchmarks/race_char.py TEXT --clock RECIPE.py          a sixth of RECIPE's time in the same run is the first
    python benchmarks/race_char.py TEXT --rounds 3 --distances sixth,8m,60m

TEXT: the text; its first 90 % of characters are for training, the rest for validation. RECIPE prints a JSON line with
`seconds` (nanoGPT's published recipe for a CPU). Each distance runs `danlu pretrain` as a stranger would, in a process
of its own and a fresh folder; round number n with the seed n. The last line is one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from danlu.core.quantities import parse_duration
from danlu.runtime.machine import this_machine

# nanoGPT's published results in bits per byte: 1.8857 nats (its CPU recipe) and 1.4697 (its best, on an A100).
TARGETS = {"sixth": 2.7205, "8m": 2.1203}
SIXTH_SECONDS = 123 / 6


def split(text: Path, folder: Path) -> None:
    """Writes train.txt and valid.txt: 90 and 10 % of the characters."""
    whole = text.read_text(encoding="utf-8")
    cut = int(len(whole) * 0.9)
    (folder / "train.txt").write_text(whole[:cut], encoding="utf-8")
    (folder / "valid.txt").write_text(whole[cut:], encoding="utf-8")


def clock(recipe: Path, text: Path) -> dict[str, float]:
    """Seconds and bits per byte of the recipe, run now."""
    done = subprocess.run([sys.executable, str(recipe), str(text)], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def race(folder: Path, seconds: float, name: str, seed: int) -> dict[str, object]:
    """One run of `danlu pretrain --for`; wall-clock seconds are taken from outside."""
    command = [
        sys.executable,
        "-m",
        "danlu",
        "pretrain",
        str(folder / "train.txt"),
        "--valid",
        str(folder / "valid.txt"),
    ]
    command += ["--tokenizer", "char", "--for", f"{seconds:.1f}s", "--seed", str(seed), "--json"]
    command += ["-o", str(folder / f"run-{name}-{seed}")]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"danlu pretrain ended with {done.returncode}:\n{done.stderr}")
    found = json.loads(done.stdout.splitlines()[-1])
    return {
        "distance": name,
        "round": seed,
        "asked_seconds": round(seconds, 1),
        "took_seconds": round(took, 1),
        "bits_per_byte": found["bits_per_byte"],
        "target": TARGETS.get(name),
        "parameters": found["parameters"],
        "ngram": found["reference_lines"]["ngram"],
        "load": os.getloadavg()[0],
    }


def main() -> None:
    """Runs the distances and prints them, then the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path)
    parser.add_argument("--clock", type=Path, help="a recipe to time first; a sixth of it is the first distance")
    parser.add_argument("--distances", default="sixth,8m", help="comma-separated: sixth and durations")
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="danlu-race-") as name:
        folder = Path(name)
        split(asked.text, folder)
        timed = clock(asked.clock, asked.text) if asked.clock else None
        sixth = timed["seconds"] / 6 if timed else SIXTH_SECONDS
        rows = []
        for seed in range(asked.rounds):
            for distance in asked.distances.split(","):
                rows.append(race(folder, sixth if distance == "sixth" else parse_duration(distance), distance, seed))
                print(json.dumps(rows[-1]), flush=True)
    machine = this_machine()
    result = {"benchmark": "race_char", "date": time.strftime("%Y-%m-%d"), "machine": machine.cpu_model}
    print(json.dumps({**result, "cores": machine.num_cores, "clock": timed, "rows": rows}))


if __name__ == "__main__":
    main()
