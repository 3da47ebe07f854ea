"""What the peers of the race share: text, tokens, clock and score. Model and recipe are each peer's own.

Runs in the environment of a peer, so it imports nothing of danlu. A peer trains for its minutes, tokenizer included; its
score on the held-out text comes after them and is not counted. It gets its documents joined by blank lines, and bits per byte
are over all bytes of the held-out ones joined likewise, each token scored once in windows without overlap.
"""

import json
import math
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

BLANK = "\n\n"
WARM_UP_SHARE = 0.05
Codes = Callable[[str], np.ndarray]


@dataclass(kw_only=True)
class Clock:
    """The budget of a peer, from the start of its process."""

    began: float
    seconds: float

    @property
    def progress(self) -> float:
        """Share of the budget that is used, 0 to 1 and beyond."""
        return (time.time() - self.began) / self.seconds


@dataclass(frozen=True, kw_only=True)
class Text:
    """Training and held-out documents, joined, as tokens; `held_bytes` of the held-out text."""

    train: Tensor
    held: np.ndarray
    held_bytes: int
    train_bytes: int
    vocab_size: int


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a peer trains: rows of `block` tokens in a step, its optimizer, and where its cosine ends."""

    block: int
    rows: int
    optimizer: torch.optim.Optimizer
    floor: float
    clip: float
    autocast: bool = False


def start() -> tuple[Path, Clock]:
    """The folder and the clock that the command line names: FOLDER MINUTES."""
    torch.manual_seed(0)
    return Path(sys.argv[1]), Clock(began=time.time(), seconds=float(sys.argv[2]) * 60)


def documents(path: Path) -> list[str]:
    """The texts of a jsonl file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def subwords(folder: Path, vocab_size: int) -> Text:
    """Byte-level BPE learnt from the training text, as GPT-2 has it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(paragraphs(BLANK.join(documents(folder / "train.jsonl"))), trainer)

    def encode(text: str) -> np.ndarray:
        return np.concatenate([np.array(e.ids, np.int64) for e in tokenizer.encode_batch(list(paragraphs(text)))])

    return text_of(folder, encode, vocab_size)


def characters(folder: Path) -> Text:
    """One token per character of the training text; what it has not is one token more, charged 21 bits beside."""
    known = sorted(set(BLANK.join(documents(folder / "train.jsonl"))))
    numbers = {character: number for number, character in enumerate(known)}

    def encode(text: str) -> np.ndarray:
        return np.array([numbers.get(character, len(known)) for character in text], np.int64)

    return text_of(folder, encode, len(known) + 1)


def paragraphs(text: str) -> Iterator[str]:
    """The text in pieces that begin behind blank lines."""
    return (piece + BLANK for piece in text.split(BLANK))


def text_of(folder: Path, encode: Codes, vocab_size: int) -> Text:
    """Both texts in tokens."""
    train, held = (BLANK.join(documents(folder / name)) for name in ("train.jsonl", "valid.jsonl"))
    return Text(
        train=torch.from_numpy(encode(train)),
        held=encode(held),
        held_bytes=len(held.encode()),
        train_bytes=len(train.encode()),
        vocab_size=vocab_size,
    )


def train(logits_of: Callable[[Tensor], Tensor], model: nn.Module, text: Text, recipe: Recipe, clock: Clock) -> int:
    """Steps until the clock ends, at random windows; the rate rises, then falls by cosine, by the clock. Gives their number."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    peaks = [group["lr"] for group in recipe.optimizer.param_groups]
    number, last_start = 0, len(text.train) - recipe.block - 1
    while (progress := clock.progress) < 1:
        starts = torch.randint(last_start, (recipe.rows,)).tolist()
        windows = torch.stack([text.train[at : at + recipe.block + 1] for at in starts])
        for group, peak in zip(recipe.optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * share_of_peak(progress, recipe.floor)
        with torch.autocast("cpu", torch.bfloat16, enabled=recipe.autocast):
            logits = logits_of(windows[:, :-1])
        loss = functional.cross_entropy(logits.flatten(0, 1).float(), windows[:, 1:].flatten())
        recipe.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, recipe.clip)
        recipe.optimizer.step()
        number += 1
    return number


def share_of_peak(progress: float, floor: float) -> float:
    """Linear warm-up over WARM_UP_SHARE of the time, then half a cosine down to `floor`."""
    if progress < WARM_UP_SHARE:
        return max(progress, 1e-3) / WARM_UP_SHARE
    fallen = (progress - WARM_UP_SHARE) / (1 - WARM_UP_SHARE)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, fallen)))


@torch.no_grad()
def bits_per_byte(logits_of: Callable[[Tensor], Tensor], text: Text, block: int, *, unknown: int = -1) -> float:
    """Every held-out token is scored once; the first sees a blank line before it. Those of `unknown` cost 21 bits more."""
    first = text.train[-1:].numpy()
    ids = torch.from_numpy(np.concatenate([first, text.held]))
    nats = 0.0
    for at in range(0, len(ids) - 1, block):
        x, y = ids[:-1][at : at + block], ids[1:][at : at + block]
        nats += functional.cross_entropy(logits_of(x[None])[0].float(), y, reduction="sum").item()
    return (nats / math.log(2) + 21.0 * int((text.held == unknown).sum())) / text.held_bytes


def report(figures: dict[str, Any], *, steps: int, batch_tokens: int, text: Text, seconds: float) -> None:
    """The JSON line of a peer."""
    tokens_per_second = steps * batch_tokens / seconds
    print(
        json.dumps(
            {
                **figures,
                "steps": steps,
                "tokens_per_second": tokens_per_second,
                "bytes_per_second": tokens_per_second * text.train_bytes / len(text.train),
                "seconds": seconds,
                "peak_memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }
        )
    )


def contest(
    build: Callable[[int], nn.Module],
    recipe_of: Callable[[nn.Module], Recipe],
    *,
    text_from: Callable[[Path], Text],
    logits: Callable[[Any], Tensor] = lambda found: found,
    compiled: bool = False,
    unknown_last: bool = False,
) -> None:
    """A whole run of a peer that is a model and a recipe: text, training, score, report."""
    folder, clock = start()
    text = text_from(folder)
    model = build(text.vocab_size)
    recipe = recipe_of(model)
    called = torch.compile(model) if compiled else model
    began = time.time()
    steps = train(lambda x: logits(called(x)), model, text, recipe, clock)
    trained = time.time() - began
    model.eval()
    unknown = text.vocab_size - 1 if unknown_last else -1
    score = bits_per_byte(lambda x: logits(model(x)), text, recipe.block, unknown=unknown)
    parameters = sum(p.numel() for p in model.parameters())
    figures = {"bits_per_byte": score, "parameters": parameters}
    report(figures, steps=steps, batch_tokens=recipe.block * recipe.rows, text=text, seconds=trained)


def decaying(model: nn.Module, weight_decay: float) -> Sequence[dict[str, Any]]:
    """Groups for AdamW: matrices decay, vectors do not."""
    return [
        {"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
    ]
