"""What the vectors of a frozen network are worth: labels read off them by a line, likeness of sentences, neighbours of words.

N texts, C width, P pairs, W words.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from danlu.evaluation.metrics import Interval

Vectors = NDArray[np.float32]

STRENGTHS = (0.001, 0.01, 0.1, 1.0)
"""Inverse strengths of the L2 penalty that a probe chooses among, on a fifth of its training texts."""
MOST_ROUNDS = 300


@dataclass(frozen=True, kw_only=True)
class LinearProbe:
    """How well a line tells labels by the vectors. `accuracy` and `macro_f1` 0 to 1; `interval` is that of the accuracy."""

    accuracy: float
    interval: Interval
    macro_f1: float
    inverse_penalty: float


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """Correlation of the cosine of two vectors with what people said, -1 to 1."""

    spearman: float
    pearson: float


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A word and the cosine to the one that was asked for."""

    word: str
    cosine: float


def linear_probe(
    train_NC: Vectors, train_labels: Sequence[str], test_NC: Vectors, test_labels: Sequence[str]
) -> LinearProbe:
    """A logistic regression on frozen, standardised vectors (Alain & Bengio 2017, arXiv:1610.01644).

    Its penalty is chosen on a fifth of the training texts; the test texts are asked once. Needs two labels or more in
    `train_labels`.
    """
    penalty = _chosen_penalty(train_NC, train_labels)
    found = _learner(penalty, train_NC, train_labels).predict(test_NC).tolist()
    right = sum(a == b for a, b in zip(found, test_labels, strict=True))
    return LinearProbe(
        accuracy=right / len(test_labels),
        interval=wilson(right, len(test_labels)),
        macro_f1=float(f1_score(test_labels, found, average="macro", zero_division=0.0)),
        inverse_penalty=penalty,
    )


def _chosen_penalty(train_NC: Vectors, labels: Sequence[str]) -> float:
    counts = np.unique(np.array(labels, dtype=object), return_counts=True)[1]
    each = labels if counts.min() >= 2 and len(labels) >= 5 * len(counts) else None  # else no fifth holds every label
    inner_NC, held_NC, inner, held = train_test_split(train_NC, labels, test_size=0.2, random_state=0, stratify=each)
    if len(set(inner)) < 2:
        return STRENGTHS[-1]
    # of equals the weakest penalty
    return max(
        reversed(STRENGTHS), key=lambda strength: float(_learner(strength, inner_NC, inner).score(held_NC, held))
    )


def _learner(strength: float, x_NC: Vectors, labels: Sequence[str]) -> Pipeline:
    learner = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=MOST_ROUNDS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a probe that has nearly arrived is good enough
        return learner.fit(x_NC, labels)


def wilson(right: int, total: int) -> Interval:
    """The 95 % interval of a share (Wilson 1927, JASA 22)."""
    z, p = 1.959964, right / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return Interval(low=max(0.0, middle - half), high=min(1.0, middle + half), unit="texts", num_units=total)


def likeness(first_PC: Vectors, second_PC: Vectors, scores: Sequence[float]) -> Likeness:
    """Cosines of pairs against `scores`, as in SentEval's STS tasks (Conneau & Kiela 2018, arXiv:1803.05449)."""
    cosines_P = (_unit(first_PC) * _unit(second_PC)).sum(axis=1)
    if np.ptp(cosines_P) == 0 or np.ptp(np.asarray(scores)) == 0:
        return Likeness(spearman=0.0, pearson=0.0)
    return Likeness(
        spearman=float(stats.spearmanr(cosines_P, scores).statistic),
        pearson=float(stats.pearsonr(cosines_P, scores).statistic),
    )


def neighbours(asked_C: Vectors, words_WC: Vectors, words: Sequence[str], *, asked: str, count: int) -> list[Neighbour]:
    """The `count` of `words` whose vectors have the largest cosine to that of `asked`, which is left out itself.

    The mean of all words is taken off first: it says nothing of any of them, and would make all alike (Mu & Viswanath
    2018, arXiv:1702.01417).
    """
    middle_C = words_WC.mean(axis=0)
    cosines_W = _unit(words_WC - middle_C) @ _unit((asked_C - middle_C)[None])[0]
    order = [int(w) for w in np.argsort(-cosines_W, kind="stable") if words[int(w)] != asked]
    return [Neighbour(word=words[w], cosine=float(cosines_W[w])) for w in order[:count]]


def _unit(x_NC: Vectors) -> Vectors:
    lengths_N = np.linalg.norm(x_NC, axis=1, keepdims=True)
    return np.asarray(x_NC / np.maximum(lengths_N, 1e-12), dtype=np.float32)
