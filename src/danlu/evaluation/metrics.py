"""Numbers that say how good a language model is. Each docstring tells range, direction and source.

W units that are resampled (documents or windows), R replicates of a bootstrap, K bins of confidence.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from danlu.core.errors import DataError
from danlu.core.language import Text
from danlu.core.streams import numpy_stream

FloatArray = NDArray[np.float64]

# Multinomial draws cost R x W: 1000 x 2000 take 0.05 s. More units than that are first summed in groups of equal size,
# which leaves the spread of the mean as it is (a sum of independent units is a unit, too).
MAX_UNITS = 2000


def bits_per_byte(nats: float, num_bytes: int) -> float:
    """Loss per UTF-8 byte of raw text, so that models with different vocabularies compare. 0 and up, lower is better.

    `nats`: cross-entropy summed over all tokens of the text. 8 is a uniform guess over bytes. Not comparable across
    texts: it depends on language and domain. Raises DataError when `num_bytes` is 0. Source: Gao et al. 2020 (The
    Pile), section 3.1, arXiv:2101.00027.
    """
    if num_bytes <= 0:
        raise nothing_to_score()
    return nats / math.log(2) / num_bytes


def perplexity(nats: float, num_tokens: int) -> float:
    """exp of the mean loss per token: 1 to infinity, lower is better.

    Comparable only between models that share a tokenizer; `inf` where exp overflows. Raises DataError when
    `num_tokens` is 0. Source: Jelinek et al. 1977.
    """
    if num_tokens <= 0:
        raise nothing_to_score()
    mean = nats / num_tokens
    return math.exp(mean) if mean < 700 else math.inf


def accuracy(num_correct: float, num_tokens: int) -> float:
    """Share of tokens that the model thought likeliest: 0 to 1, higher is better. Depends on the tokenizer.

    Raises DataError when `num_tokens` is 0.
    """
    if num_tokens <= 0:
        raise nothing_to_score()
    return num_correct / num_tokens


def expected_calibration_error(num_K: FloatArray, confidence_K: FloatArray, correct_K: FloatArray) -> float:
    """How far stated confidence and hits lie apart: 0 (calibrated) to 1, lower is better.

    `num_K` tokens per bin, `confidence_K` and `correct_K` summed over the bin. 0.0 when there is no token. Source:
    Guo et al. 2017, section 2, arXiv:1706.04599.
    """
    total = float(num_K.sum())
    return float(np.abs(correct_K - confidence_K).sum() / total) if total else 0.0


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A 95 % interval, `low` <= `high`, from resampling `num_units` units (`unit`: "documents" or "windows")."""

    low: float
    high: float
    unit: str
    num_units: int


def ratio_interval(
    numerator_W: FloatArray, denominator_W: FloatArray, *, unit: str, seed: int = 0, replicates: int = 1000
) -> Interval | None:
    """95 % percentile bootstrap interval of sum(numerator) / sum(denominator) over resampled units.

    The same numbers for the same input: the random stream is named. None for fewer than two units, which say nothing
    about spread. Source: Efron and Tibshirani 1993, chapter 13.
    """
    if len(numerator_W) < 2 or not denominator_W.any():
        return None
    ratios = _replicates(numerator_W, denominator_W, seed=seed, replicates=replicates)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return Interval(low=float(low), high=float(high), unit=unit, num_units=len(numerator_W))


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How much lower the second model's ratio is than the first's, on the same units (above 0: the second is better).

    `p_value`: two-sided, 0 to 1: how often resampling turns the sign (never below 1 / replicates).
    """

    value: float
    low: float
    high: float
    p_value: float
    unit: str
    num_units: int

    @property
    def is_real(self) -> bool:
        """Whether the 95 % interval leaves 0 out."""
        return self.low > 0 or self.high < 0


def paired_difference(
    first_W: FloatArray, second_W: FloatArray, bytes_W: FloatArray, *, unit: str, seed: int = 0, replicates: int = 2000
) -> Difference | None:
    """Paired bootstrap over units that both models scored: sum(first - second) / sum(bytes).

    None for fewer than two units. Source: Koehn 2004, Statistical Significance Tests for Machine Translation Evaluation.
    """
    assert first_W.shape == second_W.shape == bytes_W.shape, "both models score the same units"
    if len(first_W) < 2 or not bytes_W.any():
        return None
    gain_W = first_W - second_W
    draws = _replicates(gain_W, bytes_W, seed=seed, replicates=replicates)
    low, high = np.quantile(draws, [0.025, 0.975])
    tail = min(float((draws <= 0).mean()), float((draws >= 0).mean()))
    return Difference(
        value=float(gain_W.sum() / bytes_W.sum()),
        low=float(low),
        high=float(high),
        p_value=min(1.0, max(2 * tail, 1 / replicates)),
        unit=unit,
        num_units=len(first_W),
    )


def _replicates(numerator_W: FloatArray, denominator_W: FloatArray, *, seed: int, replicates: int) -> FloatArray:
    """Ratios [R] over multinomial resamples of the units; replicates without any denominator are left out."""
    top_W, bottom_W = _grouped(numerator_W), _grouped(denominator_W)
    num_units = len(top_W)
    stream = numpy_stream(seed, "bootstrap", num_units)
    counts_RW = stream.multinomial(num_units, np.full(num_units, 1 / num_units), size=replicates)
    bottom_R = counts_RW @ bottom_W
    kept = bottom_R > 0
    return np.asarray((counts_RW @ top_W)[kept] / bottom_R[kept], dtype=np.float64)


def _grouped(values_W: FloatArray) -> FloatArray:
    if len(values_W) <= MAX_UNITS:
        return np.asarray(values_W, dtype=np.float64)
    # Unit i goes to group i mod MAX_UNITS: neighbours, which resemble each other, land in different groups.
    return np.asarray(np.bincount(np.arange(len(values_W)) % MAX_UNITS, weights=values_W), dtype=np.float64)


def nothing_to_score() -> DataError:
    """The error for a text without any byte."""
    return DataError(
        Text("there is no text to score", "没有可评测的文本"),
        got="0",
        allowed=Text("at least one byte of text", "至少一个字节的文本"),
        fix=Text("name another file with --on, or more text", "请用 --on 指定其他文件，或提供更多文本"),
    )
