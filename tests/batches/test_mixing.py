"""Mixtures: proportions hold at every place, every window of a part comes once in each pass, any step can be asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danlu.batches.batch import WindowBatches
from danlu.batches.mixing import PERIOD, MixedOrder, MixturePart, capped_shares, quotas_of, turns
from danlu.core.errors import DataError

SHARES = st.lists(st.floats(1e-3, 1.0), min_size=1, max_size=7)


def _order(shares: list[float], *, seed: int = 0, context: int = 4) -> MixedOrder:
    """Part p has 3 + p documents of 5 + 2p ids each, and documents of the parts lie scattered on the disk."""
    owners = np.random.default_rng(1).permutation([p for p in range(len(shares)) for _ in range(3 + p)])
    lengths = 5 + 2 * owners
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    parts = [
        MixturePart(
            name=f"part {p}",
            documents=np.flatnonzero(owners == p),
            num_tokens=int(lengths[owners == p].sum()),
            quota=quota,
        )
        for p, quota in enumerate(quotas_of(shares))
    ]
    return MixedOrder(starts, parts, context=context, seed=seed)


@given(SHARES)
def test_quotas_fill_the_period_and_are_the_shares_to_one_turn(shares: list[float]) -> None:
    quotas = quotas_of(shares)
    assert sum(quotas) == PERIOD
    assert min(quotas) >= 1
    exact = np.array(shares) / sum(shares) * PERIOD
    assert np.abs(quotas - exact).max() <= len(shares)


@pytest.mark.parametrize(
    "quotas",
    [
        [PERIOD],
        [1, PERIOD - 1],
        [PERIOD // 2] * 2,
        [1, 1, 1, PERIOD - 3],
        quotas_of([1] * 5),
        quotas_of(list(range(1, 40))),
    ],
)
def test_at_every_place_each_part_has_its_share_to_within_one_window(quotas: list[int]) -> None:
    chosen = turns(tuple(quotas))
    for part, quota in enumerate(quotas):
        had = np.cumsum(chosen == part)
        due = quota / PERIOD * np.arange(1, PERIOD + 1)
        assert had[-1] == quota
        assert np.abs(had - due).max() < 1


@settings(max_examples=20)
@given(st.lists(st.floats(1e-3, 1.0), min_size=2, max_size=4), st.integers(0, 3 * PERIOD))
def test_proportions_hold_within_one_window_in_any_period(shares: list[float], window: int) -> None:
    order = _order(shares)
    for part, count in zip(order.parts, order.windows_of(window), strict=True):
        assert abs(count - part.share * window) < 1


@given(st.integers(0, 2 * PERIOD))
def test_turns_count_up_without_gaps(window: int) -> None:
    order = _order([0.5, 0.3, 0.2])
    part, number = order.turn(window)
    assert number == order.windows_of(window)[part]
    assert order.windows_of(window + 1)[part] == number + 1


def test_every_window_of_a_part_comes_once_in_each_pass() -> None:
    order = _order([0.6, 0.3, 0.1])
    last = {part: [] for part in range(3)}
    for window in range(2000):
        part, _ = order.turn(window)
        last[part].append(tuple(place for begin, end in order.spans(window) for place in range(begin, end)))
    for part, seen in last.items():
        whole = order.orders[part]
        allowed = {p for d in order.parts[part].documents for p in range(whole.starts[d], whole.starts[d + 1])}
        assert len(seen) > whole.num_windows
        for begin in range(0, len(seen) - whole.num_windows + 1, whole.num_windows):
            targets = [place for window in seen[begin : begin + whole.num_windows] for place in window[1:]]
            assert len(targets) == len(set(targets)) == whole.num_windows * order.context
            assert set(targets) <= allowed


@given(st.integers(0, 5), st.integers(0, 40_000))
def test_any_window_can_be_asked_for_at_once(seed: int, window: int) -> None:
    fresh, used = _order([0.7, 0.3], seed=seed), _order([0.7, 0.3], seed=seed)
    for earlier in (0, 17, window + 3):
        used.spans(earlier)
    assert fresh.spans(window) == used.spans(window)
    documents = set(fresh.documents_of(window))
    assert documents <= set(fresh.parts[fresh.turn(window)[0]].documents.tolist())


def test_a_resumed_run_reads_the_same_batches_and_ranks_share_them() -> None:
    order = _order([0.7, 0.3])
    ids = np.arange(order.orders[0].starts[-1])
    whole = [WindowBatches(ids, order, num_windows=4).batch(n).inputs_BT for n in range(50)]
    resumed = WindowBatches(ids, _order([0.7, 0.3]), num_windows=4)
    halves = [WindowBatches(ids, _order([0.7, 0.3]), num_windows=4, rank=r, size=2) for r in range(2)]
    for number in range(37, 50):
        assert resumed.batch(number).inputs_BT.equal(whole[number])
        for rank, half in enumerate(halves):
            assert half.batch(number).inputs_BT.equal(whole[number][2 * rank : 2 * rank + 2])


def test_seeds_and_parts_shuffle_differently() -> None:
    first, second = _order([0.5, 0.5]), _order([0.5, 0.5], seed=1)
    assert [first.spans(w) for w in range(20)] != [second.spans(w) for w in range(20)]


def test_a_part_below_one_window_is_refused() -> None:
    with pytest.raises(DataError, match="part 0 is smaller than one context"):
        _order([0.5, 0.5], context=30)


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)), min_size=1, max_size=6))
def test_capped_shares_keep_to_the_caps_and_lose_nothing_that_fits(pairs: list[tuple[float, float]]) -> None:
    shares = {str(n): pair[0] for n, pair in enumerate(pairs)}
    most = {str(n): pair[1] for n, pair in enumerate(pairs)}
    found = capped_shares(shares, most)
    assert set(found) == set(shares)
    assert all(found[name] <= most[name] + 1e-9 for name in found)
    assert sum(found.values()) == pytest.approx(min(1.0, sum(most.values())))
    free = [name for name in found if found[name] < most[name] - 1e-9]
    ratios = [found[name] / shares[name] for name in free]
    assert not ratios or max(ratios) == pytest.approx(min(ratios))
    assert all(found[name] / shares[name] <= min(ratios) + 1e-9 for name in found if ratios)
