"""How well a learned score tells good from bad, on text that it was not trained on, and what it goes by."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from danlu.corpus.measures.batch import Array, TextBatch
from danlu.corpus.quality.grams import hashed_grams

TOLD = 12  # n-grams shown for each side
LEAST_SEEN = 8  # pieces in which a shown n-gram stands: rarer ones tell of one text


@dataclass(frozen=True, kw_only=True)
class Separation:
    """Held-out pieces of one script: how many, and how well the score orders them.

    `auc` is the chance that a good piece scores higher than a bad one, with a 95 % interval (Hanley and McNeil 1982);
    `accuracy` is at the middle between the two, good and bad weighing the same. None where one side is missing.
    """

    num_good: int
    num_bad: int
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    accuracy: float | None


def separation(raw_good: Array, raw_bad: Array) -> Separation:
    """From the raw scores of held-out good and bad pieces; 0 lies between the two."""
    num_good, num_bad = int(raw_good.size), int(raw_bad.size)
    if not num_good or not num_bad:
        return Separation(num_good=num_good, num_bad=num_bad, auc=None, auc_low=None, auc_high=None, accuracy=None)
    ordered = np.sort(raw_bad)
    below = np.searchsorted(ordered, raw_good, "left")
    auc = float((below + np.searchsorted(ordered, raw_good, "right")).sum() / (2 * num_good * num_bad))
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (num_good - 1) * (first - auc**2) + (num_bad - 1) * (second - auc**2)
    margin = 1.96 * math.sqrt(max(0.0, variance) / (num_good * num_bad))
    return Separation(
        num_good=num_good,
        num_bad=num_bad,
        auc=auc,
        auc_low=max(0.0, auc - margin),
        auc_high=min(1.0, auc + margin),
        accuracy=float(((raw_good > 0).mean() + (raw_bad <= 0).mean()) / 2),
    )


def telling_grams(weights_B: Array, bits: int, texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """The n-grams of `texts` that move scores up and down most: weight times the pieces that they stand in."""
    pieces_B = np.zeros(weights_B.size)
    batches = [TextBatch(texts[begin : begin + 256]) for begin in range(0, len(texts), 256)]
    for batch in batches:
        grams = hashed_grams(batch, bits)
        keys = np.unique(grams.documents_G.astype(np.int64) * weights_B.size + grams.buckets_G)
        pieces_B += np.bincount(keys % weights_B.size, minlength=weights_B.size)
    force_B = np.where(pieces_B >= LEAST_SEEN, weights_B * pieces_B, 0.0)
    order = np.argsort(force_B, kind="stable")
    up = [bucket for bucket in order[::-1][:TOLD].tolist() if force_B[bucket] > 0]
    down = [bucket for bucket in order[:TOLD].tolist() if force_B[bucket] < 0]
    words = _words({*up, *down}, bits, batches)
    return [words[bucket] for bucket in up], [words[bucket] for bucket in down]


def _words(wanted: set[int], bits: int, batches: Sequence[TextBatch]) -> dict[int, str]:
    """For each bucket the n-gram that is met first in it."""
    words: dict[int, str] = {}
    for batch in batches:
        grams = hashed_grams(batch, bits)
        for place in np.flatnonzero(np.isin(grams.buckets_G, sorted(wanted - set(words)))).tolist():
            bucket = int(grams.buckets_G[place])
            if bucket not in words:
                words[bucket] = _text(batch, int(grams.firsts_G[place]), int(grams.orders_G[place]))
    return words


def _text(batch: TextBatch, first: int, order: int) -> str:
    last = first + order - 1
    begin, end = int(batch.unit_starts_U[first]), int(batch.unit_starts_U[last] + batch.unit_lengths_U[last])
    text = batch.codes_C[begin:end].astype("<u4").tobytes().decode("utf-32-le", "replace")
    return " ".join(text.split()).lower()
