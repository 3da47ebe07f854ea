"""Connected components of documents whose connections come in portions: 8 bytes for each document."""

from typing import final

import numpy as np

from danlu.corpus.measures.batch import Array


@final
class UnionFind:
    """A forest over `count` documents; the root of a component is its first document, in whatever order it grew."""

    def __init__(self, count: int) -> None:
        self._parent_D = np.arange(count)

    def join(self, left: Array, right: Array) -> None:
        """Joins the components of each pair."""
        while left.size:
            left, right = self._roots(left), self._roots(right)
            apart = left != right
            low, high = np.minimum(left, right)[apart], np.maximum(left, right)[apart]
            # Each root hangs below the smallest of its partners; pairs that lost this are asked again.
            np.minimum.at(self._parent_D, high, low)
            left, right = low, high

    def first_D(self) -> Array:
        """The first document of each one's component."""
        while True:
            above_D = self._parent_D[self._parent_D]
            if np.array_equal(above_D, self._parent_D):
                return above_D
            self._parent_D = above_D

    def _roots(self, places: Array) -> Array:
        found = self._parent_D[places]
        while True:
            above = self._parent_D[found]
            if np.array_equal(above, found):
                self._parent_D[places] = found
                return found
            found = above
