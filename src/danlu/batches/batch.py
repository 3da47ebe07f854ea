"""Batches of windows as tensors: inputs and the ids that follow them.

B windows in a batch, T positions (the context).
"""

from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from danlu.batches.order import DataOrder


@dataclass(frozen=True, kw_only=True)
class TokenBatch:
    """`inputs_BT` and `targets_BT` (int64): `targets[:, t]` follows `inputs[:, t]` in the text."""

    inputs_BT: Tensor
    targets_BT: Tensor

    def cut(self, parts: int) -> "TokenBatch":
        """Each window in `parts` equal shorter ones (a multiple of `parts` positions): the same targets, less context."""
        if parts == 1 or self.inputs_BT.shape[1] % parts:
            return self
        length = self.inputs_BT.shape[1] // parts
        return TokenBatch(inputs_BT=self.inputs_BT.reshape(-1, length), targets_BT=self.targets_BT.reshape(-1, length))


@final
class WindowBatches:
    """Batch number n holds the windows n * `num_windows` ... of an order, read from `ids` (any integer array).

    With `rank` and `size`, each process reads its own equal share of every batch, so the global batch stays the same.
    """

    def __init__(
        self, ids: npt.NDArray[np.integer], order: DataOrder, *, num_windows: int, rank: int = 0, size: int = 1
    ) -> None:
        assert num_windows % size == 0, "the recipe makes the batch divisible by the number of processes"
        self.ids, self.order, self.num_windows, self.rank, self.size = ids, order, num_windows, rank, size

    def batch(self, number: int) -> TokenBatch:
        """The batch of one step, on the CPU; a pure function of `number`."""
        share = self.num_windows // self.size
        first = number * self.num_windows + self.rank * share
        rows = np.empty((share, self.order.context + 1), dtype=np.int64)
        for row, window in enumerate(range(first, first + share)):
            at = 0
            for begin, end in self.order.spans(window):
                rows[row, at : at + end - begin] = self.ids[begin:end]
                at += end - begin
        ids_BT = torch.from_numpy(rows)
        return TokenBatch(inputs_BT=ids_BT[:, :-1], targets_BT=ids_BT[:, 1:])

    def epochs(self, number: int) -> float:
        """Passes over the text after `number` batches."""
        return number * self.num_windows / self.order.num_windows
