"""The race: danlu and its peers on the same documents for the same minutes, one after the other, in rounds.

    python benchmarks/race.py --data FOLDER                                      three texts, 10 minutes, every peer
    python benchmarks/race.py --data FOLDER --texts zh_docs --minutes 1 --sides danlu trainer_gpt2
    python benchmarks/race.py --table                                            what was measured so far

The last 5 % of the documents are held out. danlu runs as a stranger would run it, `danlu pretrain train.jsonl --valid
valid.jsonl --for 10m`, start-up, tokenizer, plan and its last score within the minutes; `danlu_fifth` is the same in a fifth of
them. A peer trains for all its minutes and is scored after them. Each peer has an environment of its own. Rows stand in
benchmarks/results/race.jsonl; a queue that was interrupted goes on. Bits per byte are over all bytes of the held-out text.
"""

import argparse
import io
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from environments import python_of, run
from ledger import RESULTS, commit, done, keep

from danlu.core.artifacts import open_artifact
from danlu.core.events import read_events
from danlu.corpus.opening import compression_of, open_bytes
from danlu.corpus.settings import ReadingSettings
from danlu.runtime.machine import this_machine

PEERS = Path(__file__).parent / "peers"
TEXTS = ("en_docs", "en_openstax_textbooks", "zh_docs")
HELD_OUT = 0.05
TORCH = f"torch=={torch.__version__.split('+')[0]}"
KEY = ("text", "side", "minutes", "round")
OURS = {"danlu": 1.0, "danlu_fifth": 0.2}
"""Our sides, and their share of the minutes."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Another system: its environment and packages, its script below benchmarks/peers, the words that the script gets."""

    environment: str
    packages: tuple[str, ...]
    script: str
    words: tuple[str, ...] = ()


def trainer(*words: str) -> Peer:
    """Hugging Face's Trainer in the shape that `words` name."""
    packages = (TORCH, "transformers==5.23.0", "accelerate")
    return Peer(environment="transformers", packages=packages, script="transformers_trainer.py", words=words)


SIDES: dict[str, Peer] = {
    "trainer_gpt2": trainer("gpt2"),
    "trainer_gpt2_bf16": trainer("gpt2", "bf16"),
    "trainer_llama": trainer("llama"),
    "nanogpt": Peer(environment="nanogpt", packages=(TORCH, "numpy", "tokenizers"), script="nanogpt.py"),
    "litgpt": Peer(environment="litgpt", packages=(TORCH, "litgpt==0.5.13"), script="litgpt_pretrain.py"),
    "x_transformers": Peer(
        environment="x_transformers",
        packages=(TORCH, "x-transformers==2.31.10", "tokenizers", "numpy"),
        script="x_transformers_decoder.py",
    ),
}


def split(source: Path, folder: Path) -> None:
    """Writes train.jsonl and valid.jsonl: the first 95 % of the documents, and the rest."""
    with source.open("rb") as file:
        compression = compression_of(file.read(16))
    with open_bytes(source, compression, ReadingSettings()) as data:
        lines = [json.loads(line)["text"] for line in io.TextIOWrapper(data, encoding="utf-8")]
    cut = int(len(lines) * (1 - HELD_OUT))
    for name, texts in (("train", lines[:cut]), ("valid", lines[cut:])):
        written = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
        (folder / f"{name}.jsonl").write_text(written, encoding="utf-8")


def ours(folder: Path, minutes: float, seed: int) -> dict[str, Any]:
    """One `danlu pretrain --for`, timed from outside."""
    with tempfile.TemporaryDirectory(prefix="danlu-race-") as name:
        out = Path(name) / "run"
        command = [sys.executable, "-m", "danlu", "pretrain", str(folder / "train.jsonl")]
        command += ["--valid", str(folder / "valid.jsonl"), "--for", f"{minutes * 60:.0f}s", "--seed", str(seed)]
        began = time.monotonic()
        run([*command, "-o", str(out)])
        took = time.monotonic() - began
        found = [e for e in read_events(out / "events.jsonl") if e["event"] == "finished"][-1]
        train = open_artifact(out / "tokens", "tokens").facts["train"]
        kept = ("bits_per_byte", "parameters", "steps", "tokens_per_second")
        return {
            **{key: found[key] for key in kept},
            "bytes_per_second": found["tokens_per_second"] * train["num_bytes"] / train["num_tokens"],
            "seconds": took,
            "peak_memory": found["memory_bytes"],
        }


def theirs(peer: Peer, folder: Path, minutes: float) -> dict[str, Any]:
    """One run of a peer."""
    python = python_of(peer.environment, peer.packages)
    said = run([str(python), str(PEERS / peer.script), str(folder), str(minutes), *peer.words])
    return dict(json.loads(said.splitlines()[-1]))


def measure(text: str, side: str, asked: argparse.Namespace, number: int) -> dict[str, Any]:
    """The row of one side."""
    with tempfile.TemporaryDirectory(prefix="danlu-race-") as name:
        folder = Path(name)
        split(next(asked.data.glob(f"{text}.jsonl*")), folder)
        if side in OURS:
            found = ours(folder, asked.minutes * OURS[side], number)
        else:
            found = theirs(SIDES[side], folder, asked.minutes)
    facts = {"text": text, "side": side, "minutes": asked.minutes, "round": number, **found}
    return {**facts, "date": time.strftime("%Y-%m-%d"), "commit": commit(), "machine": this_machine().cpu_model}


def table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """For each text and number of minutes: medians over rounds, the ratio to danlu, and where a peer is ahead."""
    for text, minutes in dict.fromkeys((row["text"], row["minutes"]) for row in rows):
        here = [row for row in rows if (row["text"], row["minutes"]) == (text, minutes)]
        sides = {side: [row for row in here if row["side"] == side] for side in dict.fromkeys(r["side"] for r in here)}
        middles = {
            side: {name: middle(group, name) for name in ("bits_per_byte", "bytes_per_second", "tokens_per_second")}
            for side, group in sides.items()
        }
        yield f"\n{text}, {minutes:g} minutes, medians of rounds"
        yield f"  {'':20} {'bits/byte':>9} {'to danlu':>9} {'tokens/s':>9} {'bytes/s':>9} {'parameters':>10} rounds"
        base = middles.get("danlu", {}).get("bits_per_byte")
        for side, found in sorted(middles.items(), key=lambda item: item[1]["bits_per_byte"]):
            ratio = f"{found['bits_per_byte'] / base:9.3f}" if base else " " * 9
            size = sides[side][0]["parameters"] / 1e6
            yield (
                f"  {side:20} {found['bits_per_byte']:9.4f} {ratio} {found['tokens_per_second']:9,.0f}"
                f" {found['bytes_per_second']:9,.0f} {size:9.2f}M {len(sides[side]):6}"
            )
        yield from ahead(middles)


def ahead(middles: dict[str, dict[str, float]]) -> Iterator[str]:
    """Where peers win something from danlu, and whether a fifth of the time is enough for the Trainer's figure."""
    ours_found = middles.get("danlu")
    for side, found in middles.items():
        if ours_found is None or side in OURS:
            continue
        won = (
            [f"bits per byte {found['bits_per_byte']:.3f}"]
            if found["bits_per_byte"] < ours_found["bits_per_byte"]
            else []
        )
        won += [name for name in ("tokens_per_second", "bytes_per_second") if found[name] > ours_found[name]]
        if won:
            yield f"  {side} is ahead of danlu in {', '.join(won).replace('_', ' ')}"
    if {"danlu_fifth", "trainer_gpt2"} <= middles.keys():
        reached = middles["danlu_fifth"]["bits_per_byte"] <= middles["trainer_gpt2"]["bits_per_byte"]
        yield f"  a fifth of the time is {'enough' if reached else 'not enough'} for what trainer_gpt2 reaches in all of it"


def middle(rows: Sequence[dict[str, Any]], name: str) -> float:
    """The median of a figure."""
    return float(statistics.median(row[name] for row in rows))


def main() -> None:
    """Runs what is missing, then prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the texts (NAME.jsonl, or compressed)")
    parser.add_argument("--texts", nargs="+", default=list(TEXTS))
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--sides", nargs="+", choices=[*OURS, *SIDES], default=[*OURS, *SIDES])
    parser.add_argument("--results", type=Path, default=RESULTS / "race.jsonl")
    parser.add_argument("--table", action="store_true", help="print what is there, run nothing")
    asked = parser.parse_args()
    if not asked.table and asked.data is None:
        parser.error("--data names the folder of the texts")
    queue = [(n, text, side) for n in range(asked.rounds) for text in asked.texts for side in asked.sides]
    for number, text, side in [] if asked.table else queue:
        if (text, side, asked.minutes, number) not in done(asked.results, KEY):
            row = measure(text, side, asked, number)
            print(f"{text} {side}: {row['bits_per_byte']:.4f} in {row['seconds']:.0f} s", file=sys.stderr, flush=True)
            keep(asked.results, row)
    print("\n".join(table(list(done(asked.results, KEY).values()))))


if __name__ == "__main__":
    main()
