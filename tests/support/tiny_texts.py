"""Generated text in Chinese and English, and the options of a run that learns from it within seconds."""

import hashlib
import random
from pathlib import Path

WORDS = ("the", "a", "furnace", "text", "model", "small", "of", "language", "turns", "into", "and", "reads", "river")
CHARACTERS = "丹炉将文字炼成语言模型山水云雨天地人心学习读写长短大小"

# About 15 thousand parameters, float32, one thread, no samples: a step takes about 3 ms.
TINY = (
    "tokenizer.vocab_size=300",
    "model.context_length=16",
    "training.batch_tokens=64",
    "training.validations=2",
    "training.checkpoint_every=5",
    "watching.sample_tokens=0",
    "runtime.device.threads=1",
    "runtime.device.dtype=float32",
)
GPT = (
    "model.width=32",
    "model.depth=1",
    "model.num_heads=1",
    "model.num_key_heads=1",
    "model.head_width=32",
    "model.inner_width=32",
    *TINY,
)
LSTM = ("--arch", "lstm", "model.width=32", "model.hidden_width=32", "model.depth=1", *TINY)


def tiny_text(num_documents: int = 40) -> str:
    """Documents in two languages by turns, divided by blank lines; about 500 bytes each."""
    draw = random.Random(0)
    documents = []
    for number in range(num_documents):
        if number % 2:
            lines = [" ".join(draw.choice(WORDS) for _ in range(9)) + "." for _ in range(8)]
        else:
            lines = ["".join(draw.choice(CHARACTERS) for _ in range(20)) + "。" for _ in range(8)]
        documents.append("\n".join(lines))
    return "\n\n".join(documents)


def steps_in(run: Path) -> set[int]:
    """The steps of which the run has a finished checkpoint."""
    return {int(p.parent.name[5:]) for p in run.glob("checkpoints/step-*/manifest.json")}


def model_sha256(run: Path) -> str:
    """SHA-256 of the finished weights."""
    return hashlib.sha256((run / "model" / "model.safetensors").read_bytes()).hexdigest()
