"""The order of data: a pure function of seed and window number that gives every id its turn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.batches.order import WindowOrder
from danlu.core.errors import DataError

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=12)


def _starts(lengths: list[int], offset: int = 0) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64) + offset


def _read(order: WindowOrder, window: int) -> list[int]:
    return [place for begin, end in order.spans(window) for place in range(begin, end)]


@st.composite
def orders(draw: st.DrawFn) -> WindowOrder:
    """Small texts with any lengths of documents, and a context that fits."""
    lengths = draw(LENGTHS.filter(lambda found: sum(found) >= 3))
    context = draw(st.integers(1, sum(lengths) - 1))
    return WindowOrder(_starts(lengths, draw(st.integers(0, 5))), context=context, seed=draw(st.integers(0, 9)))


@given(orders(), st.integers(0, 200))
def test_a_window_is_a_pure_function_of_its_number(order: WindowOrder, window: int) -> None:
    again = WindowOrder(order.starts, context=order.context, seed=order.seed)
    for other in (3, 0, window + 1):
        again.spans(other)  # what was read before does not matter
    assert order.spans(window) == again.spans(window)
    assert len(_read(order, window)) == order.context + 1


@given(orders(), st.integers(0, 3))
def test_windows_of_an_epoch_read_the_shuffled_documents_end_to_end(order: WindowOrder, number: int) -> None:
    epoch = order.epoch(number)
    assert sorted(epoch.documents) == list(range(len(order.starts) - 1))
    laid = [place for d in epoch.documents for place in range(order.starts[d], order.starts[d + 1])]
    for place in range(order.num_windows):
        begin = int(epoch.windows[place])
        naive = [laid[(begin + k) % len(laid)] for k in range(order.context + 1)]
        assert _read(order, number * order.num_windows + place) == naive


@given(orders(), st.integers(0, 3))
def test_an_epoch_gives_every_id_at_most_one_turn_as_a_target(order: WindowOrder, number: int) -> None:
    first = number * order.num_windows
    targets = [t for window in range(first, first + order.num_windows) for t in _read(order, window)[1:]]
    assert len(targets) == len(set(targets)) == order.num_windows * order.context
    assert order.num_ids - len(targets) < order.context
    assert set(targets) <= set(range(order.starts[0], order.starts[-1]))


@given(orders())
def test_in_the_long_run_every_id_is_a_target(order: WindowOrder) -> None:
    seen: set[int] = set()
    for window in range(200 * order.num_windows):
        seen.update(_read(order, window)[1:])
        if len(seen) == order.num_ids:
            return
    raise AssertionError(f"{order.num_ids - len(seen)} ids were never a target")


def test_epochs_and_seeds_shuffle_differently() -> None:
    starts = _starts([20] * 50)
    order = WindowOrder(starts, context=10, seed=1)
    assert order.epoch(0).documents.tolist() != order.epoch(1).documents.tolist()
    other = WindowOrder(starts, context=10, seed=2)
    assert order.epoch(0).documents.tolist() != other.epoch(0).documents.tolist()


def test_documents_of_a_window() -> None:
    order = WindowOrder(_starts([5, 5, 5, 5]), context=11, seed=0)
    places = _read(order, 0)
    assert order.documents_of(0) == sorted({place // 5 for place in places})


@pytest.mark.parametrize("lengths", [[1], [8], [3, 5]])
def test_a_text_below_one_context_is_refused(lengths: list[int]) -> None:
    with pytest.raises(DataError) as refused:
        WindowOrder(_starts(lengths), context=8, seed=0)
    assert f"{sum(lengths)} tokens" in str(refused.value)
    assert "at least 9 tokens" in str(refused.value)


def test_one_window_is_enough() -> None:
    assert WindowOrder(_starts([4, 5]), context=8, seed=0).num_windows == 1
