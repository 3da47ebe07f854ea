"""Durations and counts as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.errors import UsageError
from danlu.core.quantities import (
    COUNT_UNITS,
    UNIT_SECONDS,
    format_bytes,
    format_count,
    format_duration,
    parse_count,
    parse_duration,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("1h30m", 5400), ("1.5h", 5400), ("2d", 172800), (" 1H ", 3600), ("0.5s", 0.5)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "m", "0s", "0h0m", "-5m", "5 m", "1e3s", "5m!", "forever", "1.m", "五分钟"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="30m"):
        parse_duration(text)


@given(st.lists(st.tuples(st.integers(1, 999), st.sampled_from(sorted(UNIT_SECONDS))), min_size=1, max_size=4))
def test_durations_add_up(parts: list[tuple[int, str]]) -> None:
    text = "".join(f"{number}{unit}" for number, unit in parts)
    assert parse_duration(text) == sum(number * UNIT_SECONDS[unit] for number, unit in parts)


@pytest.mark.parametrize(
    ("text", "count"), [("4096", 4096), ("64k", 64_000), ("1.5M", 1_500_000), ("1b", 10**9), (7, 7)]
)
def test_counts(text: str | int, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "k", "1.k", "-3", "2mm", "0x10", "1e6", "two", "1,000", "nan"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="2m"):
        parse_count(text)


@given(st.integers(0, 2**70), st.sampled_from(sorted(COUNT_UNITS)))
def test_counts_are_exact(number: int, unit: str) -> None:
    assert parse_count(f"{number}{unit}") == number * COUNT_UNITS[unit]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0s"), (4.21, "4.2s"), (59.7, "1m00s"), (95, "1m35s"), (3599.8, "1h00m"), (7260, "2h01m")],
)
def test_format_duration(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.floats(0.1, 1e7))
def test_a_written_duration_is_near(seconds: float) -> None:
    written = format_duration(seconds)
    step = 0.1 if seconds < 10 else 1 if seconds < 3600 else 60 if seconds < 172_800 else 8640
    assert abs(parse_duration(written) - seconds) <= step * 0.5 + 1e-6 * seconds


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (950, "950"), (4096, "4.10K"), (46_000, "46.0K"), (1_234_567, "1.23M"), (3e9, "3.00B")],
)
def test_format_count(count: float, text: str) -> None:
    assert format_count(count) == text


@pytest.mark.parametrize(("count", "text"), [(12, "12 B"), (1536, "1.54 kB"), (4.5e8, "450.0 MB"), (2e9, "2.00 GB")])
def test_format_bytes(count: float, text: str) -> None:
    assert format_bytes(count) == text
