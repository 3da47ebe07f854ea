"""Recipes that do nothing but tell, in the place of the real ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from danlu.cli import COMMANDS
from danlu.core.events import Watcher


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a finished run says of itself."""

    folder: Path
    bits_per_byte: float
    perplexity: float
    seconds: float
    reference_lines: Mapping[str, float]


QUOTE = {
    "event": "quote", "parameters": 1320000, "vocab_size": 2048, "context_length": 256, "steps": 40, "tokens": 12300000,
    "epochs": 4.234, "tokens_per_second": 21300.0, "seconds": 600.0, "memory_bytes": 620e6, "disk_bytes": 52e6,
    "watt_hours": 4.23, "bits_per_byte": 1.951, "bits_per_byte_low": 1.7, "bits_per_byte_high": 2.2,
}  # fmt: skip


def told() -> Iterator[dict[str, Any]]:
    """The events of a short run, as pretrain tells them; the sample is hostile."""
    for name in ("corpus", "plan", "tokenizer", "tokens", "references"):
        yield {"event": "stage", "name": name, "done": False}
        if name == "plan":
            yield QUOTE
        yield {"event": "stage", "name": name, "done": True, "seconds": 0.25}
    yield {"event": "resumed", "step": 4}
    yield {"event": "stage", "name": "train", "done": False}
    for step in range(5, 41):
        bits = 3.0 - step / 40
        measures = {"loss": 2 * bits, "bits_per_byte": bits, "tokens_per_second": 21234.5, "share_of_peak": 0.41}
        yield {"event": "step", "step": step, "tokens": step * 4096, "gflops": 12.0, **measures}
        if step % 10 == 0:
            yield {"event": "valid", "step": step, "bits_per_byte": bits + 0.1}
            yield {"event": "sample", "step": step, "prompt": "从前", "text": "\x1b]0;evil\x07有座山。Once upon " * 12}
    yield {"event": "estimate", "step": 40, "total_steps": 40}
    yield {"event": "something new", "step": "odd"}
    yield {"event": "stage", "name": "train", "done": True, "seconds": 3.5}


def fake_pretrain(sources: Any, *, watch: Watcher, out: Any = None, **given: Any) -> Outcome:
    """Tells everything, and finishes."""
    for event in told():
        watch(event)
    lines = {"gzip": 3.1, "xz": 2.65, "ngram": 2.41}
    return Outcome(
        folder=Path(out or "runs/x"), bits_per_byte=1.93, perplexity=12.3, seconds=15.2, reference_lines=lines
    )


def fake_generate(model_path: Any, prompt: str, *, overrides: Any = ()) -> Iterator[str]:
    """Goes on with a hostile piece and an honest one."""
    yield from (" 丹炉\x1b[2J", " and so on")


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """pretrain and generate without torch."""
    monkeypatch.setenv("DANLU_LANG", "en")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("danlu.cli.running._load", {"pretrain": fake_pretrain, "generate": fake_generate}.__getitem__)
    assert "pretrain" in COMMANDS
