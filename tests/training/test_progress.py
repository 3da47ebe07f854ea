"""Progress: what recorded estimates define, and their replay."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from danlu.training.progress import Estimate, Progress


def _estimate(step: int, progress: float, remaining: int, gap: int = 5) -> Estimate:
    return Estimate(step=step, progress=progress, remaining_steps=remaining, next_step=step + gap)


def test_a_number_of_steps_is_one_estimate_never_revised() -> None:
    progress = Progress.of_steps(40)
    assert [progress.at(step) for step in (0, 10, 40, 50)] == [0.0, 0.25, 1.0, 1.0]
    assert progress.last_step(7) == 40
    assert not any(progress.due(step) for step in range(41))


def test_a_new_estimate_changes_the_pace_but_makes_no_jump() -> None:
    progress = Progress.of_steps(40)
    progress.add(_estimate(20, progress.at(20), 60))
    assert progress.at(19) == 19 / 40
    assert progress.at(20) == 0.5
    assert progress.at(50) == 0.75
    assert progress.last_step(20) == 80
    assert progress.due(25)
    assert not progress.due(24)


def test_an_earlier_estimate_takes_back_those_behind_it() -> None:
    progress = Progress.of_steps(40)
    progress.add(_estimate(20, 0.5, 60))
    progress.add(_estimate(10, 0.25, 10))
    assert [e.step for e in progress.estimates] == [0, 10]
    assert progress.last_step(15) == 20


def test_nothing_remaining_is_the_end() -> None:
    progress = Progress([_estimate(0, 0.0, 0)])
    assert progress.at(0) == 1.0
    assert progress.last_step(0) == 0


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 200)), max_size=6))
def test_events_replay_to_the_same_progress(pieces: list[tuple[int, int]]) -> None:
    progress = Progress.of_steps(100)
    step = 0
    for gap, remaining in pieces:
        step += gap
        progress.add(_estimate(step, progress.at(step), remaining))
    events = [{"event": "estimate", **vars(e), "reason": "clock"} for e in progress.estimates]
    again = Progress.from_events(events)
    steps = range(step + 210)
    assert [again.at(s) for s in steps] == [progress.at(s) for s in steps]
    rises = [progress.at(s) for s in steps]
    assert all(0 <= a <= b <= 1 for a, b in itertools.pairwise(rises))
    assert rises[-1] == 1.0
