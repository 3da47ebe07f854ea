"""A time budget as estimates of the remaining steps."""

import pytest

from danlu.core.clock import Stopwatch
from danlu.training.budget import REVISIONS, Budget
from danlu.training.progress import Progress


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, to be set."""
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    return clock


def _run(budget: Budget, now: list[float], step_seconds: float, progress: Progress, step: int = 0) -> tuple[int, float]:
    """Steps of `step_seconds` as the loop takes them; the last step, and progress at the mark of half the time."""
    seen: list[float] = []
    while True:
        if progress.due(step):
            progress.add(budget.estimate(step, progress.at(step)))
        if step >= progress.last_step(step):
            return step, max(seen)
        now[0] += step_seconds
        step += 1
        if budget.left() > 0.5 * budget.seconds:
            seen.append(progress.at(step))


@pytest.mark.parametrize("forecast", [0.001, 0.1, 10.0])
def test_the_end_is_kept_however_wrong_the_forecast(now: list[float], forecast: float) -> None:
    budget = Budget(100.0, Stopwatch(), step_seconds=forecast, reserve=lambda: 10.0)
    step, half = _run(budget, now, 0.1, Progress([budget.estimate(0, 0.0)]))
    assert now[0] == pytest.approx(90.0, abs=0.3)
    assert step == pytest.approx(900, abs=3)
    assert half == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("forecast", [0.001, 10.0])
def test_a_resumed_run_trusts_the_clock_too(now: list[float], forecast: float) -> None:
    first = Budget(100.0, Stopwatch(), step_seconds=0.1, reserve=lambda: 0.0)
    progress = Progress([first.estimate(0, 0.0)])
    for step in range(300):
        if progress.due(step):
            progress.add(first.estimate(step, progress.at(step)))
        now[0] += 0.1
    again = Budget(100.0, Stopwatch(before=now[0]), step_seconds=forecast, reserve=lambda: 0.0)
    step, _ = _run(again, now, 0.1, progress, 300)
    assert now[0] == pytest.approx(100.0, abs=0.5)
    assert step == pytest.approx(1000, abs=5)


def test_slower_steps_are_noticed(now: list[float]) -> None:
    budget = Budget(100.0, Stopwatch(), step_seconds=0.1, reserve=lambda: 0.0)
    progress = Progress([budget.estimate(0, 0.0)])
    for step in range(200):
        if progress.due(step):
            progress.add(budget.estimate(step, progress.at(step)))
        now[0] += 0.1
    _run(budget, now, 0.4, progress, 200)
    assert now[0] == pytest.approx(100.0, abs=1.0)


def test_without_time_left_nothing_remains(now: list[float]) -> None:
    budget = Budget(5.0, Stopwatch(before=20.0), step_seconds=0.1, reserve=lambda: 1.0)
    assert budget.estimate(0, 0.0).remaining_steps == 0
    assert now == [0.0]


def test_the_first_estimate_lets_progress_go_slowly(now: list[float]) -> None:
    estimate = Budget(5.0, Stopwatch(), step_seconds=4.0, reserve=lambda: 0.0).estimate(0, 0.0)
    assert estimate.next_step == 2
    assert estimate.remaining_steps == 2 * REVISIONS
    assert now == [0.0]
