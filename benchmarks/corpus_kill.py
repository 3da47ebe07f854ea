"""Kills a corpus build with SIGKILL at random moments and repeats its command: is the tree the same, byte for byte?

    python benchmarks/corpus_kill.py [--kills 20] [--megabytes 4] [--executor processes] [--seed 0]

Each kill comes at a moment drawn evenly from the time that the whole build takes, so it may fall into reading, deciding,
writing, hashing or the last rename. A try that ends before its kill is counted, and the next one starts in a new folder.
Prints one line of JSON; exit code 1 when any finished tree differs. About a minute on two quiet cores.
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

WORDS = ("the", "a", "furnace", "text", "model", "small", "of", "language", "turns", "into", "reads", "river", "and")
CHARACTERS = "丹炉将文字炼成语言模型山水云雨天地人心学习读写长短大小春夏秋冬东南西北日月星光"


def write_corpus(folder: Path, num_bytes: int) -> None:
    """JSON lines in English and Chinese, always the same; every tenth document repeats an earlier one but for its end."""
    draw = random.Random(0)
    folder.mkdir()
    texts: list[str] = []
    written = 0
    with (folder / "texts.jsonl").open("w", encoding="utf-8") as handle:
        while written < num_bytes:
            if texts and len(texts) % 10 == 0:
                text = draw.choice(texts) + " again"
            elif len(texts) % 2:
                text = ". ".join(" ".join(draw.choices(WORDS, k=12)) for _ in range(12)) + "."
            else:
                text = "".join("".join(draw.choices(CHARACTERS, k=20)) + "。" for _ in range(12))
            texts.append(text)
            written += handle.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")


def start(folder: Path, name: str, executor: str) -> "subprocess.Popen[bytes]":
    """The command, the same each time."""
    words = ["corpus", "build", "texts", "-o", name, "corpus.duplicates.near=true", "corpus.preset=minimal"]
    words += ["corpus.reading.shard_bytes=262144", f"runtime.executor={executor}", "runtime.processes=2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (folder / "output.txt").open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "danlu", *words], cwd=folder, stdout=out, stderr=out, env=environment
        )


def finish(folder: Path, name: str, executor: str) -> dict[str, str]:
    """Runs the command to its end; SHA-256 of every file."""
    if start(folder, name, executor).wait():
        sys.exit((folder / "output.txt").read_text(errors="replace")[-3000:])
    files = sorted(path for path in (folder / name).rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder / name).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def stage(out: Path) -> str:
    """How far a build has come, from what lies in its folder."""
    if (out / "manifest.json").exists():
        return "finished"
    if any((out / "work" / "written").glob("*.json")):
        return "writing"
    if any((out / "work").glob("decided-*")):
        return "deciding"
    return "reading" if (out / "work").exists() else "starting"


def race(folder: Path, num_kills: int, executor: str, seed: int) -> dict[str, object]:
    """The whole build, and those that are killed again and again."""
    begun = time.monotonic()
    expected = finish(folder, "whole", executor)
    seconds = time.monotonic() - begun
    draw = random.Random(seed)
    stages: dict[str, int] = {}
    kills, builds, equal = 0, 0, True
    while kills < num_kills:
        builds += 1
        name, over = f"killed-{builds}", False
        while kills < num_kills and not over:
            process = start(folder, name, executor)
            try:
                over = process.wait(draw.uniform(0.1, seconds)) == 0
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
                at = stage(folder / name)
                stages[at] = stages.get(at, 0) + 1
        equal = equal and finish(folder, name, executor) == expected
    return {
        "num_kills": kills,
        "builds": builds,
        "killed_at": stages,
        "equal": equal,
        "seconds_whole": round(seconds, 2),
    }


def main() -> int:
    """Reads the options and prints the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--megabytes", type=float, default=4.0)
    parser.add_argument("--executor", default="processes")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="danlu-kill-") as name:
        write_corpus(Path(name) / "texts", int(options.megabytes * 1e6))
        found = race(Path(name), options.kills, options.executor, options.seed)
    print(
        json.dumps({"benchmark": "corpus_kill", "megabytes": options.megabytes, "executor": options.executor, **found})
    )
    return 0 if found["equal"] else 1


if __name__ == "__main__":
    sys.exit(main())
