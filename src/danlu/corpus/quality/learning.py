"""Learns a weight for each hashed n-gram: against bad text by logistic regression, else from the good text alone.

The score of a text is the mean weight of its n-grams, so that its length does not move it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from danlu.core.streams import numpy_stream
from danlu.corpus.measures.batch import Array, TextBatch
from danlu.corpus.quality.grams import hashed_grams, is_han_D
from danlu.corpus.quality.settings import QualityTrainSettings

BATCH_PIECES = 128
BLOCK = 256  # pieces hashed at once
UNSEEN = 0.5  # added to each count; Krichevsky and Trofimov 1981


@dataclass(frozen=True, kw_only=True, eq=False)
class Hashed:
    """Pieces as buckets laid end to end: piece n has `buckets_G[starts_D[n]:starts_D[n + 1]]`."""

    buckets_G: Array
    starts_D: Array
    is_han_D: Array

    def rows(self, pieces: Array) -> tuple[Array, Array]:
        """The buckets of some pieces, and for each of them which piece (by its place in `pieces`) it is of."""
        lengths = self.starts_D[pieces + 1] - self.starts_D[pieces]
        owners = np.repeat(np.arange(pieces.size), lengths)
        within = np.arange(owners.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return self.buckets_G[self.starts_D[pieces][owners] + within], owners


def hash_pieces(texts: Sequence[str], bits: int) -> Hashed:
    """The grams of each text; texts without any have none."""
    parts, lengths, han = [], [], []
    for begin in range(0, len(texts), BLOCK):
        batch = TextBatch(texts[begin : begin + BLOCK])
        grams = hashed_grams(batch, bits)
        order = np.argsort(grams.documents_G, kind="stable")
        parts.append(grams.buckets_G[order])
        lengths.append(np.bincount(grams.documents_G, minlength=len(batch.texts)))
        han.append(is_han_D(batch))
    return Hashed(
        buckets_G=np.concatenate(parts) if parts else np.zeros(0, np.int32),
        starts_D=np.concatenate([[0], np.cumsum(np.concatenate(lengths))]) if parts else np.zeros(1, np.int64),
        is_han_D=np.concatenate(han) if han else np.zeros(0, bool),
    )


def learn_difference(hashed: Hashed, is_good_D: Array, settings: QualityTrainSettings) -> Array:
    """Weights of a logistic regression of good on the shares of n-grams, by AdaGrad (Duchi et al. 2011).

    Good and bad weigh the same within the Han pieces and within the others, so that the language tells nothing.
    """
    weights_B = np.zeros(2**settings.bits)
    squares_B = np.full(2**settings.bits, 1e-8)
    importance_D = _importance(hashed.is_han_D, is_good_D)
    for epoch in range(settings.epochs):
        order = numpy_stream(settings.seed, "quality", "order", epoch).permutation(is_good_D.size)
        for begin in range(0, order.size, BATCH_PIECES):
            pieces = order[begin : begin + BATCH_PIECES]
            buckets, owners = hashed.rows(pieces)
            counts = np.maximum(1, np.bincount(owners, minlength=pieces.size))
            logits = np.bincount(owners, weights_B[buckets], minlength=pieces.size) / counts
            errors = (1 / (1 + np.exp(-np.clip(logits, -50, 50))) - is_good_D[pieces]) * importance_D[pieces]
            gradient_B = np.bincount(buckets, (errors / counts)[owners], minlength=weights_B.size)
            squares_B += gradient_B**2
            weights_B -= settings.rate * gradient_B / np.sqrt(squares_B)
        weights_B *= 1 - settings.decay
    return weights_B


def _importance(is_han_D: Array, is_good_D: Array) -> Array:
    """Equal sums for good and bad within each script; pieces of a script that only one side has tell nothing: 0."""
    importance_D = np.zeros(is_good_D.size)
    for script in (False, True):
        of_script = is_han_D == script
        sides = [of_script & (is_good_D == side) for side in (False, True)]
        for side in sides:
            if sides[0].any() and sides[1].any():
                importance_D[side] = of_script.sum() / (2 * side.sum())
    if not importance_D.any():  # good in one script, bad in the other: nothing else can be learned
        for good in (False, True):
            importance_D[is_good_D == good] = is_good_D.size / (2 * (is_good_D == good).sum())
    return importance_D


def learn_likelihood(hashed: Hashed, settings: QualityTrainSettings) -> Array:
    """Weights without bad text: the log2 frequency of each n-gram among those of the good text."""
    counts_B = np.bincount(hashed.buckets_G, minlength=2**settings.bits) + UNSEEN
    weights_B: Array = np.log2(counts_B / counts_B.sum())
    return weights_B
