"""GGUF files beside llama.cpp: ids of texts that break tokenizers, and what is written greedily, for each row.

    python benchmarks/gguf_llama.py            all rows, small models with random weights
    python benchmarks/gguf_llama.py RUN        the model of a run instead

llama.cpp comes from the package llama-cpp-py-sync, in an environment of its own under benchmarks/.peers; its library asks
for glibc 2.38, and where that is older, one built from source takes its place
(docs/log/2026-11-26-gguf-in-llama-cpp.md). The last line is one JSON object: for each model the texts whose ids are equal,
the prompts of 5 behind which 32 greedy tokens are, and the largest difference of scores.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import torch

from danlu.core.artifacts import finish_artifact
from danlu.exporting.gguf import FILE, KINDS
from danlu.exporting.parity import parity_texts
from danlu.exporting.source import ExportSource, open_source
from danlu.models import ARCHITECTURES
from danlu.models.store import save_model
from danlu.recipes.export import export
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.tokenizer import TokenizerSettings, save_tokenizer

PEERS = Path(__file__).parent / ".peers"
PACKAGE = "llama-cpp-py-sync==0.11739"
PROMPTS = ("The furnace", "炉火", " ", "3.14", "def f(x):\n")
NEW = 32
# What llama.cpp is asked for, in its own environment: ids of each text; then, behind each prompt, the ids of the likeliest
# tokens, one after the other, and the scores behind the prompt. Bytes are cut into characters otherwise there, so ids are told.
THEIRS = """
import json, sys
from llama_cpp_py_sync import Llama
asked = json.load(sys.stdin)
model = Llama(asked["file"], n_ctx=asked["context"], verbose=False)
ids = [model.tokenize(text, add_special=False, parse_special=False) if text else [] for text in asked["texts"]]
def scores():
    return model._ffi.unpack(model._lib.llama_get_logits_ith(model._ctx, -1), model.n_vocab)
written = []
for prompt in asked["prompts"]:
    model._clear_context_state()
    given = model.tokenize(prompt, add_special=True, parse_special=False)
    place = model._eval_tokens(given, 0)
    first, best = scores(), []
    for _ in range(asked["new"]):
        now = scores()
        best.append(max(range(len(now)), key=now.__getitem__))
        place = model._eval_tokens(best[-1:], place)
    written.append({"given": given, "ids": best, "scores": first})
json.dump({"ids": ids, "written": written}, sys.stdout)
"""


def main() -> None:
    """Prints a line for each model and the facts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", type=Path)
    asked = parser.parse_args()
    python = peer_python()
    facts: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = (
            {asked.run.name: asked.run}
            if asked.run
            else {arch: make_run(folder / arch, arch) for arch in sorted(KINDS)}
        )
        for arch, run in runs.items():
            facts[arch] = compare(run, folder / f"{arch}-gguf", python)
            print(arch, facts[arch], flush=True)
    print(json.dumps({"benchmark": "gguf_llama", "package": PACKAGE, **facts}))


def peer_python() -> Path:
    """The interpreter of an environment with llama.cpp."""
    python = PEERS / "llama" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS / "llama")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", PACKAGE], check=True)
    return python


def make_run(run: Path, arch: str) -> Path:
    """A model folder with random weights and a tokenizer that learnt from the texts that are compared."""
    texts = parity_texts(200, seed=3)
    settings = TokenizerSettings(kind="bpe", vocab_size=800)
    tokenizer = TOKENIZERS.load("bpe")(lambda: iter(texts), settings)
    inside = save_tokenizer(tokenizer, run / "model" / "tokenizer", settings=settings)
    row = ARCHITECTURES.load(arch)
    model = row.build(row.sized(600_000, tokenizer.vocab_size, 256), tokenizer.vocab_size, seed=5)
    with torch.no_grad():
        for number, weight in enumerate(model.parameters()):
            weight.add_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(number)) * 0.05)
    save_model(model, run / "model", bos_id=tokenizer.bos_id)
    finish_artifact(run / "model", "model", settings={"arch": arch}, inputs={"tokenizer": inside.digest})
    return run


def compare(run: Path, out: Path, python: Path) -> dict[str, Any]:
    """Shares of texts and of greedy tokens that agree."""
    export(run, "gguf", out)
    source = open_source(run)
    texts = parity_texts(1000, seed=1)
    asked = {"file": str(out / FILE), "context": 256, "texts": texts, "prompts": PROMPTS, "new": NEW}
    ran = subprocess.run(
        [str(python), "-c", THEIRS], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    if ran.returncode:
        sys.exit(ran.stderr[-3000:])
    theirs = json.loads(ran.stdout)
    wrong = [text for text, ids in zip(texts, theirs["ids"], strict=True) if source.tokenizer.encode(text) != list(ids)]
    for text in wrong[:3]:
        print("differs:", repr(text[:80]), file=sys.stderr)
    found = [ours(source, prompt) for prompt in PROMPTS]
    equal = [
        mine.ids == one["ids"] and mine.given == one["given"]
        for mine, one in zip(found, theirs["written"], strict=True)
    ]
    differences = [
        float((mine.scores_V - torch.tensor(one["scores"])).abs().max())
        for mine, one in zip(found, theirs["written"], strict=True)
    ]
    return {
        "texts": len(texts),
        "texts_equal": len(texts) - len(wrong),
        "prompts": len(PROMPTS),
        "greedy_equal": sum(equal),
        "largest_difference": max(differences),
    }


class Written(NamedTuple):
    """The ids of a prompt, its separator included, the likeliest ids behind it, and the scores [V] of the first of them."""

    given: list[int]
    ids: list[int]
    scores_V: torch.Tensor


@torch.no_grad()
def ours(source: ExportSource, prompt: str) -> Written:
    """What the model writes greedily behind the separator and `prompt`."""
    given = [source.tokenizer.bos_id, *source.tokenizer.encode(prompt)]
    ids: list[int] = []
    scores = []
    for _ in range(NEW):
        hidden_BTC = source.model(torch.tensor([[*given, *ids]])).hidden_BTC
        scores.append(source.model.logits(hidden_BTC)[0, -1])
        ids.append(int(scores[-1].argmax()))
    return Written(given, ids, scores[0])


if __name__ == "__main__":
    main()
