"""What every row of SCHEDULES must keep."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.training import SCHEDULES
from danlu.training.settings import ScheduleSettings

SETTINGS = st.builds(ScheduleSettings, cooldown=st.floats(0, 1), floor=st.floats(0, 1))


@pytest.mark.parametrize("name", SCHEDULES.names())
@given(SETTINGS, st.floats(0, 1), st.floats(0, 1))
def test_it_falls_from_the_peak_to_no_less_than_the_floor(
    name: str, settings: ScheduleSettings, first: float, second: float
) -> None:
    schedule = SCHEDULES.load(name)
    early, late = sorted((first, second))
    assert schedule(0.0, settings) == pytest.approx(1.0)
    assert settings.floor - 1e-9 <= schedule(late, settings) <= schedule(early, settings) + 1e-9 <= 1.0 + 2e-9


@pytest.mark.parametrize("name", [n for n in SCHEDULES.names() if n != "constant"])
@given(st.floats(0.01, 1), st.floats(0, 1), st.floats(1, 3))
def test_it_ends_at_the_floor_and_stays_there(name: str, cooldown: float, floor: float, progress: float) -> None:
    settings = ScheduleSettings(cooldown=cooldown, floor=floor)
    assert SCHEDULES.load(name)(progress, settings) == pytest.approx(floor, abs=1e-9)
