"""Equal keys among any number of records, found on disk: records are spread over files by key, each sorted alone.

A record is a row of 64-bit numbers: first the key (of one or more numbers, well mixed), then what it belongs to. Memory
is one file of about 1 million records, however many there are.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import final

import numpy as np

from danlu.core.disk import disk_errors
from danlu.corpus.measures.batch import Array

RECORDS = 1 << 20  # of one file, about: 16 MB for records of two numbers
MOST_FILES = 512  # open at a time


@final
class SortedKeys:
    """Records in files below `folder`, which must be new or of the same build; `expected` says how many will come."""

    def __init__(self, folder: Path, *, width: int, expected: int) -> None:
        self._width = width
        self._bits = max(0, min(MOST_FILES, expected // RECORDS).bit_length())
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._paths = [folder / f"keys-{number:04d}.bin" for number in range(1 << self._bits)]
            self._files = [path.open("wb") for path in self._paths]
        self._folder = folder

    def add(self, rows_NW: Array) -> None:
        """Adds records (uint64 [N, width]). Those of one key come back in the order in which they were added."""
        with disk_errors(self._folder):
            if self._bits == 0:
                self._files[0].write(np.ascontiguousarray(rows_NW).tobytes())
                return
            number_N = (rows_NW[:, 0] >> np.uint64(64 - self._bits)).astype(np.int64)
            order = np.argsort(number_N, kind="stable")
            ends = np.cumsum(np.bincount(number_N, minlength=len(self._files)))
            rows_NW = rows_NW[order]
            for number, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
                if end > start:
                    self._files[number].write(rows_NW[start:end].tobytes())

    def sorted(self) -> Iterator[Array]:
        """The records by key [N, width], one file after another; equal keys are never in two. Ends the adding."""
        with disk_errors(self._folder):
            for file in self._files:
                file.close()
            for path in self._paths:
                rows_NW = np.fromfile(path, np.uint64).reshape(-1, self._width)
                path.unlink()
                if len(rows_NW):
                    keys = [rows_NW[:, column] for column in reversed(range(self._width - 1))]
                    yield rows_NW[np.lexsort(keys)]


def heads_of(keys_NK: Array) -> Array:
    """For each row of sorted keys the row that begins its run of equal ones."""
    fresh = np.ones(len(keys_NK), bool)
    fresh[1:] = (keys_NK[1:] != keys_NK[:-1]).any(axis=1)
    heads: Array = np.flatnonzero(fresh)[np.cumsum(fresh) - 1]
    return heads
