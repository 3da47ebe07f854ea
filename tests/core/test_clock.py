"""Seconds worked."""

import time

import pytest

from danlu.core.clock import Stopwatch, process_age


def test_a_stopwatch_counts_what_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    stopwatch = Stopwatch(before=5.0)
    now[0] = 103.0
    assert stopwatch.seconds() == 8.0
    stopwatch.add(10.0)
    assert stopwatch.seconds() == 18.0


def test_the_wall_clock_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stopwatch = Stopwatch()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert 0.0 <= stopwatch.seconds() < 60.0


def test_the_age_of_this_process_grows() -> None:
    first = process_age()
    assert 0.0 < first < 86_400.0
    assert process_age() >= first


def test_without_proc_the_age_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", refuse)
    assert process_age() == 0.0
