"""Kills a small training run with SIGKILL at random moments and repeats its command: are the final bytes the same?

    python benchmarks/kill_resume.py [--kills 20] [--steps 300] [--seed 0] [--arch gpt,lstm]

Each kill comes only after a checkpoint newer than those at the start of that try, so every try gets further. Prints one
line of JSON: for each architecture the number of kills, the steps at which the tries went on, and whether the weights
have the SHA-256 of the uninterrupted run. Exit code 1 when any differs. About two minutes on two quiet cores.
"""

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = ("the", "a", "furnace", "text", "model", "small", "of", "language", "turns", "into", "reads", "river")
CHARACTERS = "丹炉将文字炼成语言模型山水云雨天地人心学习读写长短大小"
COMMON = (
    "tokenizer.vocab_size=400",
    "model.context_length=32",
    "model.width=32",
    "model.depth=1",
    "model.dropout=0.1",
    "training.batch_tokens=128",
    "training.checkpoint_every=5",
    "training.ema=0.9",
    "watching.sample_tokens=0",
    "runtime.device.threads=1",
)
SHAPES = {
    "gpt": ("model.num_heads=1", "model.num_key_heads=1", "model.head_width=32", "model.inner_width=64"),
    "lstm": ("model.hidden_width=32",),
}
LONGEST_DELAY = 0.1  # seconds; a checkpoint and the five steps before it take about 0.05


def write_text(path: Path) -> None:
    """About 60 kB of English and Chinese, always the same."""
    draw = random.Random(0)
    documents = []
    for number in range(100):
        line = " ".join(draw.choices(WORDS, k=9)) if number % 2 else "".join(draw.choices(CHARACTERS, k=20)) + "。"
        documents.append("\n".join([line, *(" ".join(draw.choices(WORDS, k=9)) for _ in range(8))]))
    path.write_text("\n\n".join(documents), encoding="utf-8")


def start(folder: Path, arch: str, num_steps: int, name: str) -> "subprocess.Popen[bytes]":
    """The command, the same each time."""
    words = ["pretrain", "text.txt", "-o", name, "--arch", arch, "--steps", str(num_steps), *COMMON, *SHAPES[arch]]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (folder / "output.txt").open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "danlu", *words], cwd=folder, stdout=out, stderr=out, env=environment
        )


def newest(run: Path) -> int:
    """The step of the newest finished checkpoint, 0 without any."""
    return max((int(p.parent.name[5:]) for p in run.glob("checkpoints/step-*/manifest.json")), default=0)


def finish(folder: Path, arch: str, num_steps: int, name: str) -> str:
    """Runs the command to its end; SHA-256 of the weights."""
    if start(folder, arch, num_steps, name).wait():
        sys.exit((folder / "output.txt").read_text(errors="replace")[-3000:])
    return hashlib.sha256((folder / name / "model" / "model.safetensors").read_bytes()).hexdigest()


def kill_once(folder: Path, arch: str, num_steps: int, name: str, draw: random.Random) -> bool:
    """One try, killed a random moment after its first new checkpoint; False when it ended before."""
    before = newest(folder / name)
    process = start(folder, arch, num_steps, name)
    while process.poll() is None and newest(folder / name) <= before:
        time.sleep(0.002)
    time.sleep(draw.uniform(0, LONGEST_DELAY))
    process.kill()
    return process.wait() == -9


def race(folder: Path, arch: str, num_kills: int, num_steps: int, seed: int) -> dict[str, object]:
    """The uninterrupted run, and the one that is killed."""
    expected = finish(folder, arch, num_steps, f"{arch}-whole")
    draw, name, kills = random.Random(f"{seed} {arch}"), f"{arch}-killed", 0
    while kills < num_kills and kill_once(folder, arch, num_steps, name, draw):
        kills += 1
    got = finish(folder, arch, num_steps, name)
    lines = (folder / name / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    resumed = [event["step"] for event in events if event["event"] == "resumed"]
    return {"num_kills": kills, "resumed_steps": resumed, "equal": got == expected, "sha256": got}


def main() -> int:
    """Reads the options and prints the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--arch", default="gpt,lstm")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="danlu-kill-") as name:
        write_text(Path(name) / "text.txt")
        found = {
            arch: race(Path(name), arch, options.kills, options.steps, options.seed) for arch in options.arch.split(",")
        }
    equal = all(result["equal"] for result in found.values())
    print(json.dumps({"benchmark": "kill_resume", "steps": options.steps, "equal": equal, **found}))
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
