"""Which lines or paragraphs stood before in the corpus: decided over all documents, 1 bit of memory for each piece."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from danlu.corpus.measures.batch import Array
from danlu.corpus.sorted_keys import SortedKeys


def add_pieces(keys: SortedKeys, hashes: Iterable[pa.Array], kept_D: Array) -> int:
    """Adds a record for each piece of the kept documents, from the columns of `piece_column`; gives their number."""
    document = start = 0
    for column in hashes:
        found = [np.zeros((0, 2), np.uint64)]
        for value in column.to_pylist():
            hashes_P = np.frombuffer(value, np.uint64)
            if kept_D[document]:
                chosen = np.flatnonzero(hashes_P)
                found.append(np.column_stack([hashes_P[chosen], (start + chosen).astype(np.uint64)]))
            start += hashes_P.size
            document += 1
        keys.add(np.concatenate(found))
    return start


def repeats(keys: SortedKeys, num_pieces: int) -> Array:
    """A bit for each piece, set where an equal one stood before."""
    bits = np.zeros(num_pieces // 8 + 1, np.uint8)
    for rows in keys.sorted():
        first = np.ones(len(rows), bool)
        first[1:] = rows[1:, 0] != rows[:-1, 0]
        places = rows[~first, 1].astype(np.int64)
        np.bitwise_or.at(bits, places >> 3, (1 << (places & 7)).astype(np.uint8))
    return bits


def repeated_column(hashes: Iterable[pa.Array], bits: Array, start: int) -> "Iterator[list[int] | None]":
    """For each document the places of its repeated pieces; None for one without. `start` is the first piece."""
    for column in hashes:
        for value in column.to_pylist():
            places = np.arange(start, start + len(value) // 8)
            found = np.flatnonzero(bits[places >> 3] >> (places & 7).astype(np.uint8) & 1)
            yield found.tolist() if found.size else None
            start += places.size
