"""Bits per byte and its relatives, and the resampling behind intervals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.errors import DataError
from danlu.evaluation import metrics


def test_bits_per_byte_of_a_uniform_guess_is_eight() -> None:
    assert metrics.bits_per_byte(100 * math.log(256), 100) == pytest.approx(8)


def test_perplexity_of_a_uniform_guess_is_the_number_of_choices() -> None:
    assert metrics.perplexity(50 * math.log(321), 50) == pytest.approx(321)
    assert metrics.perplexity(1e6, 1) == math.inf


@pytest.mark.parametrize("call", [metrics.bits_per_byte, metrics.perplexity, metrics.accuracy])
def test_nothing_to_score_is_refused(call: object) -> None:
    assert callable(call)
    with pytest.raises(DataError):
        call(0, 0)


def test_calibration_error_by_hand() -> None:
    # Two bins: 10 tokens at 0.9 of which 6 hit, 10 tokens at 0.3 of which 3 hit: (|6 - 9| + |3 - 3|) / 20.
    error = metrics.expected_calibration_error(np.array([10.0, 10.0]), np.array([9.0, 3.0]), np.array([6.0, 3.0]))
    assert error == pytest.approx(0.15)
    assert metrics.expected_calibration_error(np.zeros(2), np.zeros(2), np.zeros(2)) == 0.0


def test_interval_holds_the_ratio_and_repeats() -> None:
    stream = np.random.default_rng(0)
    size_W = stream.integers(50, 500, 200).astype(float)
    bits_W = size_W * stream.normal(2.0, 0.3, 200)
    first = metrics.ratio_interval(bits_W, size_W, unit="documents")
    assert first == metrics.ratio_interval(bits_W, size_W, unit="documents")
    assert first is not None
    assert first.low < bits_W.sum() / size_W.sum() < first.high
    # The textbook standard error of a ratio: the residuals' deviation over the mean size.
    ratio = bits_W.sum() / size_W.sum()
    error = np.std(bits_W - ratio * size_W, ddof=1) / size_W.mean() / math.sqrt(200)
    assert first.high - first.low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_many_units_are_grouped_without_changing_the_spread() -> None:
    stream = np.random.default_rng(1)
    bits_W = stream.normal(2.0, 0.5, 9000)
    interval = metrics.ratio_interval(bits_W, np.ones(9000), unit="windows")
    assert interval is not None
    assert interval.num_units == 9000
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(9000), rel=0.15)


def test_one_unit_has_no_interval() -> None:
    assert metrics.ratio_interval(np.ones(1), np.ones(1), unit="documents") is None
    assert metrics.paired_difference(np.ones(1), np.ones(1), np.ones(1), unit="documents") is None


@given(shift=st.floats(-0.5, 0.5))
def test_paired_difference_sees_a_shift_that_both_share(shift: float) -> None:
    stream = np.random.default_rng(2)
    bytes_W = stream.integers(100, 1000, 60).astype(float)
    second_W = bytes_W * stream.normal(2.0, 0.5, 60)
    first_W = second_W + shift * bytes_W + stream.normal(0, 1e-3, 60)
    found = metrics.paired_difference(first_W, second_W, bytes_W, unit="documents")
    assert found is not None
    assert found.value == pytest.approx(shift, abs=1e-4)
    assert found.low <= found.value <= found.high
    if abs(shift) > 1e-3:
        assert found.is_real
        assert found.p_value < 0.01


def test_equal_models_do_not_differ() -> None:
    stream = np.random.default_rng(3)
    bits_W = stream.normal(2.0, 0.5, 300)
    found = metrics.paired_difference(bits_W + stream.normal(0, 0.1, 300), bits_W, np.ones(300), unit="documents")
    assert found is not None
    assert not found.is_real
