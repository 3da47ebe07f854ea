"""GGUF files beside llama.cpp: ids of texts that break tokenizers, and what is written greedily, for each row.

    python benchmarks/gguf_llama.py            all rows, small models with random weights
    python benchmarks/gguf_llama.py RUN        the model of a run instead

llama.cpp comes from the package llama-cpp-py-sync, in an environment of its own under benchmarks/.peers; its library asks
for glibc 2.38, and where that is older (docs/log/2026-11-26-gguf-beside-llama-cpp.md) nothing is compared. The last line
is one JSON object: for each model the texts whose ids are equal, and the greedy tokens that are, of 32 behind 5 prompts.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from danlu.core.artifacts import finish_artifact
from danlu.exporting.gguf import FILE, KINDS
from danlu.exporting.parity import parity_texts
from danlu.exporting.source import open_source
from danlu.models import ARCHITECTURES
from danlu.models.store import save_model
from danlu.recipes.export import export
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.tokenizer import TokenizerSettings, save_tokenizer

PEERS = Path(__file__).parent / ".peers"
PACKAGE = "llama-cpp-py-sync==0.11739"
PROMPTS = ("The furnace", "炉火", " ", "3.14", "def f(x):\n")
NEW = 32
# What llama.cpp is asked for, in its own environment: ids of each text, then ids written greedily behind each prompt.
THEIRS = """
import json, sys
from llama_cpp_py_sync import Llama
asked = json.load(sys.stdin)
model = Llama(asked["file"], n_ctx=asked["context"], verbose=False)
ids = [model.tokenize(text, add_special=False, parse_special=False) if text else [] for text in asked["texts"]]
written = []
for prompt in asked["prompts"]:
    text = model.generate(prompt, max_tokens=asked["new"], temperature=0.0, repeat_penalty=1.0, seed=0)
    written.append(text)
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
    equal = [ours(source, prompt) == text for prompt, text in zip(PROMPTS, theirs["written"], strict=True)]
    return {
        "texts": len(texts),
        "texts_equal": len(texts) - len(wrong),
        "prompts": len(PROMPTS),
        "greedy_equal": sum(equal),
    }


def ours(source: Any, prompt: str) -> str:
    """The text that the model writes greedily behind the separator and `prompt`."""
    ids = [source.tokenizer.bos_id, *source.tokenizer.encode(prompt)]
    written = []
    for _ in range(NEW):
        with torch.no_grad():
            hidden_BTC = source.model(torch.tensor([ids])).hidden_BTC
            best = int(source.model.logits(hidden_BTC)[0, -1].argmax())
        if best == source.tokenizer.bos_id:
            break
        ids.append(best)
        written.append(best)
    text: str = source.tokenizer.decode(written)
    return text


if __name__ == "__main__":
    main()
