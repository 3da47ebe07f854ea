"""Reference lines: what general compressors and an n-gram model need for the same validation text, in bits per byte."""

import gzip
import lzma
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from danlu.evaluation import metrics
from danlu.evaluation.ngram import NgramModel, choose_order

# The n-gram model learns from at most so much training text: 4 MB take about 2 s on one core, 1 MB takes 0.8 s.
MAX_NGRAM_BYTES = 4_000_000
# Training text that xz reads first. Two passes at 0.5 MB/s each; its window would hold 64 MB.
MAX_XZ_BYTES = 1_000_000

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, 9, mtime=0),
    "xz": lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME),
}


@dataclass(frozen=True, kw_only=True)
class ReferenceLine:
    """Bits per byte of one validation text under a program that anyone can run. Lower is better.

    `trained_bytes` of `training_bytes` of training text were read before (0 for a compressor of the text alone): where
    fewer than all were read, the line is weaker than it could be, and says so. `order`: of the n-gram model.
    """

    bits_per_byte: float
    method: str
    trained_bytes: int = 0
    training_bytes: int = 0
    order: int | None = None

    @property
    def has_seen_all(self) -> bool:
        """Whether all of the training text was read."""
        return self.trained_bytes == self.training_bytes


def measure_references(
    training: Sequence[str], validation: Sequence[str], *, max_ngram_bytes: int = MAX_NGRAM_BYTES
) -> dict[str, ReferenceLine]:
    """The lines `gzip`, `xz` (of the `validation` documents alone) and `ngram` (after the `training` documents).

    `ngram` learns from at most `max_ngram_bytes`, spread evenly over the documents; it is left out when that is 0 or
    when there is no training text. Raises DataError when there is nothing to score.
    """
    data = "".join(validation).encode()
    if not data:
        raise metrics.nothing_to_score()
    # The compressors are C code that leaves the interpreter free, so two cores share the work.
    with ThreadPoolExecutor(max_workers=1) as beside:
        waiting = {name: beside.submit(pack, data) for name, pack in COMPRESSORS.items()}
        ngram = ngram_line(training, validation, max_bytes=max_ngram_bytes)
        sizes = {name: len(packed.result()) for name, packed in waiting.items()}
    lines = {
        name: ReferenceLine(bits_per_byte=8 * size / len(data), method={"gzip": "gzip -9", "xz": "xz -9e"}[name])
        for name, size in sizes.items()
    }
    return lines if ngram is None else {**lines, "ngram": ngram}


def ngram_line(training: Sequence[str], validation: Sequence[str], *, max_bytes: int) -> ReferenceLine | None:
    """The n-gram line alone; None without training text."""
    training_bytes = sum(len(text.encode()) for text in training)
    kept = spread_sample(training, training_bytes, max_bytes)
    if not any(kept):
        return None
    model = NgramModel(kept, choose_order(kept))
    num_bytes = sum(len(text.encode()) for text in validation)
    return ReferenceLine(
        bits_per_byte=metrics.bits_per_byte(float(model.nats(validation)[-1]), num_bytes),
        method="interpolated Witten-Bell n-grams of characters with byte fallback",
        trained_bytes=sum(len(text.encode()) for text in kept),
        training_bytes=training_bytes,
        order=model.order,
    )


def xz_after_training(
    training: Sequence[str], validation: Sequence[str], *, max_bytes: int = MAX_XZ_BYTES
) -> ReferenceLine | None:
    """What xz adds for the validation text when it has packed (at most `max_bytes` of) the training text before.

    Shown, not raced. Takes some 4 s for 1 MB. None without training text; raises DataError when there is nothing to
    score.
    """
    data = "".join(validation).encode()
    if not data:
        raise metrics.nothing_to_score()
    training_bytes = sum(len(text.encode()) for text in training)
    before = "".join(spread_sample(training, training_bytes, max_bytes)).encode()
    if not before:
        return None
    pack = COMPRESSORS["xz"]
    with ThreadPoolExecutor(max_workers=2) as both:
        whole, part = both.map(lambda given: len(pack(given)), (before + data, before))
    return ReferenceLine(
        bits_per_byte=8 * (whole - part) / len(data),
        method="xz -9e",
        trained_bytes=len(before),
        training_bytes=training_bytes,
    )


def spread_sample(texts: Sequence[str], num_bytes: int, most: int) -> list[str]:
    """At most `most` bytes of `texts` (`num_bytes` in all), spread evenly: a text is taken when the sample lags behind.

    The same texts give the same sample; a text that does not fit any more is cut.
    """
    if num_bytes <= most:
        return list(texts)
    kept: list[str] = []
    seen = taken = 0
    for text in texts:
        seen += len(text.encode())
        if taken < most and taken * num_bytes < seen * most:
            part = text.encode()[: most - taken]
            kept.append(part.decode(errors="ignore"))
            taken += len(part)
    return kept
