"""What is looked at while a run goes on: held-out bits per byte, and how fixed beginnings are continued."""

import time
from collections.abc import Callable, Sequence
from typing import final

import torch

from danlu.core.clock import Stopwatch
from danlu.core.events import EventLog, Watcher
from danlu.evaluation.language import score_windows
from danlu.evaluation.windows import Windows
from danlu.generation.decode import generate_text
from danlu.generation.fill import fill_example
from danlu.generation.sampling import SamplingSettings
from danlu.tokenizers.tokenizer import Tokenizer
from danlu.training.state import TrainState


@final
class Look:
    """Scores `windows` (a fixed sample) and continues `prompts`; one line each goes to the metrics and the watcher.

    A model that is asked in several passes gets one of them, the same one every time: a look costs what one at a model
    that reads left to right does.
    """

    def __init__(
        self,
        windows: Windows,
        tokenizer: Tokenizer,
        *,
        prompts: Sequence[str],
        sample_tokens: int,
        metrics: EventLog,
        watch: Watcher,
        stopwatch: Stopwatch,
        dtype: torch.dtype,
        measured: Callable[[int, float], None],
    ) -> None:
        self.windows, self.tokenizer, self.prompts = windows, tokenizer, prompts
        self.sample_tokens, self.metrics, self.watch = sample_tokens, metrics, watch
        self.stopwatch, self.dtype, self.measured = stopwatch, dtype, measured

    def __call__(self, state: TrainState) -> float:
        """Bits per byte of the sample of windows."""
        began = time.perf_counter()
        scores = score_windows(
            state.model,
            self.windows,
            autocast=self.dtype,
            mask_id=self.tokenizer.mask_id,
            sentinel_ids=self.tokenizer.sentinel_ids,
            passes=1,
        )
        self.measured(scores.num_tokens, time.perf_counter() - began)
        counters = state.counters
        self._write(
            {
                "event": "valid",
                "step": counters.step,
                "bits_per_byte": scores.bits_per_byte,
                "loss": scores.loss,
                "accuracy": scores.accuracy,
                "tokens": counters.tokens,
                "seconds": self.stopwatch.seconds(),
            }
        )
        self.sample(state)
        return scores.bits_per_byte

    def sample(self, state: TrainState) -> None:
        """Continues each prompt at temperature 0.8, with the same random numbers every time; a model that reads both ways
        fills in what is hidden of it."""
        if not self.sample_tokens:
            return
        if not state.model.continues:
            for prompt in self.prompts:
                text = fill_example(state.model, self.tokenizer, self.tokenizer.encode(prompt))
                self._write({"event": "sample", "step": state.counters.step, "prompt": prompt, "text": text})
            return
        settings = SamplingSettings(temperature=0.8, top_p=0.95, max_tokens=self.sample_tokens, seed=0)
        for prompt in self.prompts:
            text = "".join(generate_text(state.model, self.tokenizer, prompt, settings))
            self._write({"event": "sample", "step": state.counters.step, "prompt": prompt, "text": text})

    def _write(self, event: dict[str, object]) -> None:
        self.metrics.append(event)
        self.watch(event)


def passages_from(documents: Sequence[str], count: int = 2) -> tuple[str, ...]:
    """The longest lines of beginnings of validation documents: what a model that reads both ways fills in."""
    lines = (max((part.strip() for part in text.splitlines()), key=len, default="") for text in documents)
    return tuple(line[:160] for line in lines if line)[:count]


def prompts_from(documents: Sequence[str], count: int = 2) -> tuple[str, ...]:
    """Beginnings of validation documents: a few words, or ten Han characters, cut at a natural place."""
    prompts = []
    for text in documents:
        line = next((part.strip() for part in text.splitlines() if len(part.strip()) >= 12), "")
        if not line:
            continue
        words = line.split(" ")
        prompts.append(" ".join(words[:4]) if len(words) >= 4 else line[:10])
        if len(prompts) == count:
            break
    return tuple(prompts)
