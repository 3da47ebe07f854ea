"""Memory of a corpus build in the size of the corpus: one of about 150 MB and one ten times as large.

    python benchmarks/corpus_scale.py FILE... [--megabytes 150] [--times 10] [--preset minimal] [--shard-megabytes 64]

FILES (JSON lines, packed or not) are repeated with mutations, so that each copy is a document of its own, to both sizes
under a temporary folder, which is deleted at the end. Near duplicates are on, there are two workers. The peak is that of
the proportional memory (PSS) of all processes together, looked at ten times a second; pages of files that the system
could drop at any time count too where they are mapped. One line of JSON; exit code 1 when the ratio is above 1.3.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from danlu.corpus.opening import compression_of, open_bytes
from danlu.corpus.settings import ReadingSettings

MOST_RATIO = 1.3
CHANGED = 0.5  # of the pieces of a copy: two copies are less alike than near duplicates
TWINS = 0.1  # share of copies that are changed in one piece in fifty only: near duplicates


def texts(files: Sequence[Path]) -> list[str]:
    """The texts of the files."""
    found: list[str] = []
    for path in files:
        with path.open("rb") as handle:
            packing = compression_of(handle.read(6))
        with open_bytes(path, packing, ReadingSettings()) as stream:
            found += [json.loads(line)["text"] for line in stream if line.strip()]
    return found


def pieces_of(text: str) -> list[bytes]:
    """The text in pieces of a few words or a sentence, as they stand within a JSON string."""
    found = re.findall(r"[^。！？.!?\n]{1,80}[。！？.!?\n]?|[。！？.!?\n]", text)
    return [json.dumps(piece, ensure_ascii=False)[1:-1].encode("utf-8", "replace") for piece in found]


def write_corpus(path: Path, found: Sequence[str], num_bytes: int) -> int:
    """Writes copies until there are `num_bytes`; the bytes written. In a copy some pieces are those of other texts."""
    draw = random.Random(0)
    documents = [pieces_of(text) for text in found]
    pool = [piece for document in documents for piece in document]
    written = 0
    with path.open("wb") as handle:
        while written < num_bytes:
            for document in documents:
                share = 0.02 if draw.random() < TWINS else CHANGED
                chance, pick = draw.random, draw.choice
                copy = [pick(pool) if chance() < share else piece for piece in document]
                written += handle.write(b'{"text": "' + b"".join(copy) + b'"}\n')
                if written >= num_bytes:
                    break
    return written


def descendants(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    try:
        children = [
            child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
        ]
    except OSError:
        return
    for child in children:
        yield from descendants(int(child))


def memory(pid: int) -> dict[str, int]:
    """Bytes of memory (proportional) of a process and of its workers, and what of it is no page of a file."""
    found = {"all": 0, "anonymous": 0, "parent": 0}
    for number in descendants(pid):
        try:
            lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        rows = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines[1:]}
        found["all"] += rows.get("Pss", 0)
        found["anonymous"] += rows.get("Pss_Anon", 0)
        found["parent"] += rows.get("Pss", 0) if number == pid else 0
    return found


def build(folder: Path, source: Path, num_bytes: int, options: argparse.Namespace) -> dict[str, Any]:
    """One build in a process of its own: seconds, megabytes a second, peaks and the stage of the highest."""
    out = folder / "out"
    words = [
        "corpus",
        "build",
        str(source),
        "-o",
        str(out),
        f"corpus.preset={options.preset}",
        "corpus.duplicates.near=true",
    ]
    words += ["runtime.executor=processes", "runtime.processes=2"]
    words.append(f"corpus.reading.shard_bytes={int(options.shard_megabytes * 2**20)}")
    peaks, stage = {"all": 0, "anonymous": 0, "parent": 0}, ""
    by_stage: dict[str, int] = {}
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "danlu", *words, "--json"],
        stdout=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    while process.poll() is None:
        now = memory(process.pid)
        stage = stage_of(out)
        by_stage[stage] = max(by_stage.get(stage, 0), round(now["all"] / 1e6))
        peaks = {name: max(peaks[name], now[name]) for name in peaks}
        time.sleep(0.1)
    seconds = time.monotonic() - begun
    assert process.stdout is not None
    told = json.loads(process.stdout.read().decode().splitlines()[-1])
    return {
        "megabytes": round(num_bytes / 1e6, 1),
        "documents_in": told["documents_in"],
        "documents_kept": told["documents_kept"],
        "dropped": told["dropped"],
        "seconds": round(seconds, 1),
        "megabytes_per_second": round(num_bytes / 1e6 / seconds, 2),
        **{f"peak_{name}_megabytes": round(value / 1e6) for name, value in peaks.items()},
        "peak_by_stage": by_stage,
    }


def stage_of(out: Path) -> str:
    """How far the build is, from what lies in its folder."""
    for name, pattern in (("writing", "documents/*"), ("deciding", "work/signatures.bin"), ("reading", "work/*")):
        if any(out.glob(pattern)):
            return name
    return "starting"


def main() -> int:
    """Reads the options and prints the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--megabytes", type=float, default=150.0)
    parser.add_argument("--times", type=float, default=10.0)
    parser.add_argument("--shard-megabytes", type=float, default=64.0)
    parser.add_argument("--preset", default="minimal")
    options = parser.parse_args()
    found = texts(options.files)
    rows = []
    for megabytes in (options.megabytes, options.megabytes * options.times):
        with tempfile.TemporaryDirectory(prefix="danlu-scale-") as name:
            source = Path(name) / "texts.jsonl"
            num_bytes = write_corpus(source, found, int(megabytes * 1e6))
            rows.append(build(Path(name), source, num_bytes, options))
        print(json.dumps(rows[-1]), file=sys.stderr)
    ratio = rows[1]["peak_all_megabytes"] / rows[0]["peak_all_megabytes"]
    line = {
        "benchmark": "corpus_scale",
        "preset": options.preset,
        "ratio": round(ratio, 3),
        "small": rows[0],
        "large": rows[1],
    }
    print(json.dumps(line))
    return 0 if ratio <= MOST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
