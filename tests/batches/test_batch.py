"""Batches: equal shares for ranks, inputs and the ids that follow them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from danlu.batches.batch import WindowBatches
from danlu.batches.order import WindowOrder


def _batches(dtype: type = np.uint16, num_windows: int = 4, **share: int) -> WindowBatches:
    random = np.random.default_rng(0)
    lengths = random.integers(1, 30, size=20)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = random.integers(0, 500, size=starts[-1]).astype(dtype)
    return WindowBatches(ids, WindowOrder(starts, context=9, seed=3), num_windows=num_windows, **share)


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.int64])
def test_targets_follow_inputs(dtype: type) -> None:
    batches = _batches(dtype)
    batch = batches.batch(7)
    assert batch.inputs_BT.shape == batch.targets_BT.shape == (4, 9)
    assert batch.inputs_BT.dtype == torch.int64
    assert torch.equal(batch.inputs_BT[:, 1:], batch.targets_BT[:, :-1])
    for row, window in enumerate(range(28, 32)):
        ids = np.concatenate([batches.ids[begin:end] for begin, end in batches.order.spans(window)])
        assert batch.inputs_BT[row].tolist() == ids[:-1].tolist()
        assert batch.targets_BT[row].tolist() == ids[1:].tolist()


@given(st.integers(0, 50), st.sampled_from([1, 2, 3, 4, 6, 12]))
def test_ranks_partition_the_batch(number: int, size: int) -> None:
    whole = _batches(num_windows=12).batch(number)
    shares = [_batches(num_windows=12, rank=rank, size=size).batch(number) for rank in range(size)]
    assert torch.equal(torch.cat([s.inputs_BT for s in shares]), whole.inputs_BT)
    assert torch.equal(torch.cat([s.targets_BT for s in shares]), whole.targets_BT)


def test_a_batch_depends_on_its_number_only() -> None:
    batches = _batches()
    first = batches.batch(5).inputs_BT.clone()
    batches.batch(90)
    batches.batch(0)
    assert torch.equal(batches.batch(5).inputs_BT, first)


def test_epochs_count_windows() -> None:
    batches = _batches()
    assert batches.epochs(0) == 0
    assert batches.epochs(batches.order.num_windows) == 4


def test_a_batch_may_be_larger_than_the_text() -> None:
    batches = _batches(num_windows=200)
    assert batches.order.num_windows < 60
    assert batches.batch(1).inputs_BT.shape == (200, 9)


@pytest.mark.parametrize(("parts", "shape"), [(1, (4, 9)), (3, (12, 3)), (2, (4, 9))])
def test_shorter_windows_keep_every_target(parts: int, shape: tuple[int, int]) -> None:
    batch = _batches().batch(0)
    cut = batch.cut(parts)
    assert cut.inputs_BT.shape == cut.targets_BT.shape == shape
    assert cut.targets_BT.flatten().tolist() == batch.targets_BT.flatten().tolist()
    assert torch.equal(cut.inputs_BT[:, 1:], cut.targets_BT[:, :-1])
