"""A small random model with a tokenizer that learnt from a few lines, as a run folder would hold them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from danlu.core.artifacts import finish_artifact
from danlu.core.events import EventLog
from danlu.models import ARCHITECTURES
from danlu.models.store import save_model
from danlu.tokenizers import TOKENIZERS
from danlu.tokenizers.tokenizer import TokenizerSettings, save_tokenizer

LINES = (
    "丹炉之中,火候最难。文火三日,武火一刻,炉开而丹成。",
    "The furnace is fed at dawn; the fire isn't to go out before the third night.",
    "Numbers 1234567890, signs +-*/=<>() and  double  spaces.\n\n\tindented\r\n",
    "学而时习之,不亦说乎?有朋自远方来,不亦乐乎?人不知而不愠,不亦君子乎?",
)
MakeRun = Callable[..., Path]


@pytest.fixture(scope="session")
def make_run(tmp_path_factory: pytest.TempPathFactory) -> MakeRun:
    """`make_run(arch, kind)`: a finished run folder with `model/` (its tokenizer inside), and its last event."""

    def make(arch: str = "gpt", kind: str = "bpe", *, context: int = 64, scale: float = 3.0) -> Path:
        run = tmp_path_factory.mktemp(f"{arch}-{kind}")
        settings = TokenizerSettings(kind=kind, vocab_size=400)
        tokenizer = TOKENIZERS.load(kind)(lambda: iter(LINES * 5), settings)
        inside = save_tokenizer(tokenizer, run / "model" / "tokenizer", settings=settings)
        row = ARCHITECTURES.load(arch)
        model = row.build(row.sized(60_000, tokenizer.vocab_size, context), tokenizer.vocab_size, seed=5)
        with torch.no_grad():  # as after training: no two positions alike, and gains that are not one
            for number, weight in enumerate(model.parameters()):
                noise = torch.randn(weight.shape, generator=torch.Generator().manual_seed(number))
                weight.add_(noise * 0.02 * scale)
        save_model(model, run / "model", bos_id=tokenizer.bos_id)
        finish_artifact(run / "model", "model", settings={"arch": arch}, inputs={"tokenizer": inside.digest})
        log = EventLog(run / "events.jsonl")
        log.append({"event": "finished", "bits_per_byte": 1.7321, "reference_lines": {"gzip": 3.0, "ngram": 2.0}})
        return run

    return make


@pytest.fixture(scope="session")
def gpt_run(make_run: MakeRun) -> Path:
    """A run of `gpt` with a `bpe` tokenizer; tests only read it."""
    return make_run()
