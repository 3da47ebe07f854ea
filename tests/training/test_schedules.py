"""Learning-rate schedules, which the contract suite runs row by row."""

import pytest

from danlu.training.schedules import cosine, linear, trapezoid, warmup
from danlu.training.settings import ScheduleSettings


def test_the_trapezoid_is_flat_and_then_straight() -> None:
    settings = ScheduleSettings(cooldown=0.4, floor=0.1)
    assert [trapezoid(p, settings) for p in (0.0, 0.3, 0.6)] == [1.0, 1.0, 1.0]
    assert trapezoid(0.8, settings) == pytest.approx(0.55)
    assert trapezoid(1.0, settings) == pytest.approx(0.1)


def test_without_a_cooldown_the_trapezoid_stays_up() -> None:
    assert trapezoid(1.0, ScheduleSettings(cooldown=0.0)) == 1.0


def test_half_way_down() -> None:
    settings = ScheduleSettings(floor=0.2)
    assert cosine(0.5, settings) == pytest.approx(0.6)
    assert linear(0.5, settings) == pytest.approx(0.6)


def test_warmup_rises_to_one() -> None:
    settings = ScheduleSettings(warmup_steps=3)
    assert [warmup(step, settings) for step in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert warmup(0, ScheduleSettings(warmup_steps=0)) == 1.0
