"""What decoding remembers of the positions read so far: the contract, and the keys and values of attention.

L layers, B batch, K key heads, T capacity in positions, D width of one head.
"""

from abc import ABC, abstractmethod
from typing import final

import torch
from torch import Tensor


class DecodingState(ABC):
    """What a body remembers of the positions it has read, so that the next one costs one position.

    Changed in place by the forward pass that it is given to; never used for training.
    """

    @property
    @abstractmethod
    def length(self) -> int:
        """Positions read so far."""

    @property
    @abstractmethod
    def capacity(self) -> int | None:
        """Positions that fit in all; None when there is no limit (recurrent rows)."""

    @abstractmethod
    def clear(self) -> None:
        """Forgets every position; the memory is kept."""


@final
class KeyValueCache(DecodingState):
    """One tensor [2, L, B, K, T, D] for all layers; `length` positions of it are filled."""

    def __init__(self, memory_2LBKTD: Tensor) -> None:
        self.memory_2LBKTD = memory_2LBKTD
        self._length = 0

    @property
    def length(self) -> int:
        """Positions read so far."""
        return self._length

    @property
    def capacity(self) -> int:
        """Positions that fit."""
        return self.memory_2LBKTD.shape[4]

    def clear(self) -> None:
        """Forgets every position; the memory is kept."""
        self._length = 0

    def extend(self, layer: int, keys_BKTD: Tensor, values_BKTD: Tensor) -> Tensor:
        """Writes the new positions of one layer; returns [2, B, K, length + new, D], all of its positions."""
        end = self._length + keys_BKTD.shape[2]
        assert end <= self.capacity, f"{end} positions into a cache of {self.capacity}"
        memory_2BKTD = self.memory_2LBKTD[:, layer]
        memory_2BKTD[0, :, :, self._length : end] = keys_BKTD
        memory_2BKTD[1, :, :, self._length : end] = values_BKTD
        return memory_2BKTD[:, :, :, :end]

    def advance(self, num_positions: int) -> None:
        """Counts `num_positions` more, after every layer has written them."""
        self._length += num_positions


def empty_cache(
    like: Tensor, *, num_layers: int, batch_size: int, num_heads: int, length: int, head_width: int
) -> KeyValueCache:
    """A cache with room for `length` positions, in the dtype and on the device of `like`."""
    shape = (2, num_layers, batch_size, num_heads, length, head_width)
    return KeyValueCache(torch.zeros(shape, dtype=like.dtype, device=like.device))
