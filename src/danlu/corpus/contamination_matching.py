"""Looks up the n-grams of evaluation items in documents: an array of bits first, the sorted hashes only where it is set."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import final

import numpy as np

from danlu.corpus.contamination import Grams, RollingHashes, load_grams
from danlu.corpus.measures.batch import Array, TextBatch

_FREE = 16  # places of the table for each prefix: 6 % of the places in clean text are looked up in vain


@dataclass(frozen=True, kw_only=True, eq=False)
class Matches:
    """The distinct n-grams found (`document_M`, `gram_M`), what each document holds of each item (`leak_*_K`), and the
    largest share of one item that each document holds (NaN: nothing)."""

    document_M: Array
    gram_M: Array
    leak_document_K: Array
    leak_item_K: Array
    leak_share_K: Array
    share_D: Array


@final
class Finder:
    """Finds n-grams of items in batches of documents."""

    def __init__(self, grams: Grams) -> None:
        self._grams = grams
        bits = max(12, (max(1, grams.prefixes_P.size) * _FREE - 1).bit_length())
        self._shift = np.uint64(64 - bits)
        self._table = np.zeros(1 << bits, bool)
        self._table[(grams.prefixes_P >> self._shift).astype(np.int64)] = True

    def find(self, batch: TextBatch, wanted_D: Array) -> Matches:
        """The n-grams that the `wanted_D` documents (bool) hold."""
        grams, rolling = self._grams, RollingHashes(batch)
        prefixes = rolling.everywhere(grams.prefix)
        places = np.flatnonzero(self._table[(prefixes >> self._shift).astype(np.int64)])
        places = places[_among(prefixes[places], grams.prefixes_P) >= 0]
        documents = batch.unit_documents_U[places]
        places, documents = places[wanted_D[documents]], documents[wanted_D[documents]]
        found = [np.zeros((2, 0), np.int64)]
        for length in grams.lengths_L:
            fits = rolling.left_U[places] >= length
            gram = _among(rolling.at(places[fits], np.full(np.count_nonzero(fits), length)), grams.hashes_G)
            found.append(np.stack([documents[fits], gram])[:, gram >= 0])
        document_M, gram_M = np.unique(np.concatenate(found, axis=1), axis=1)
        return self._matches(document_M, gram_M, len(batch.texts))

    def _matches(self, document_M: Array, gram_M: Array, count: int) -> Matches:
        """Counts, for each document and item, the n-grams they share."""
        starts = self._grams.starts_G1
        sizes_M = starts[gram_M + 1] - starts[gram_M]
        within = np.arange(sizes_M.sum()) - np.repeat(np.cumsum(sizes_M) - sizes_M, sizes_M)
        items = self._grams.items_X[np.repeat(starts[gram_M], sizes_M) + within]
        pairs, num_shared_K = np.unique(np.stack([np.repeat(document_M, sizes_M), items]), axis=1, return_counts=True)
        share_K = num_shared_K / self._grams.num_ngrams_I[pairs[1]]
        share_D = np.full(count, -1.0)
        np.maximum.at(share_D, pairs[0], share_K)
        share_D[share_D < 0] = np.nan
        return Matches(
            document_M=document_M,
            gram_M=gram_M,
            leak_document_K=pairs[0],
            leak_item_K=pairs[1],
            leak_share_K=share_K,
            share_D=share_D,
        )


def _among(values: Array, sorted_values: Array) -> Array:
    """The place of each value in `sorted_values`, or -1."""
    if not sorted_values.size:
        return np.full(values.size, -1)
    place = np.minimum(np.searchsorted(sorted_values, values), sorted_values.size - 1)
    return np.where(sorted_values[place] == values, place, -1)


@lru_cache(maxsize=1)
def finder_of(path: Path, digest: str) -> Finder:
    """The finder over stored n-grams, kept by a worker for all of its shards. `digest` tells builds apart."""
    return Finder(load_grams(path))
