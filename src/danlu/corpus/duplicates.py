"""Duplicates: equal texts by digest, near ones by MinHash; clusters by connected components.

A document is a number, its place in the order of the shards, so that the outcome is a function of the documents alone.
Keys are sorted on disk and signatures stay there; memory is 32 bytes for each document (its first, its twin, their similarity, and in
`near_clusters` the forest), besides one portion of keys.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from danlu.core.disk import disk_errors
from danlu.corpus.measures.batch import Array, mix
from danlu.corpus.sorted_keys import SortedKeys, heads_of
from danlu.corpus.union_find import UnionFind

DIGEST_BYTES = 16
MOST_COMPARED = 1024  # kept documents of one cluster that a later one is compared with


@dataclass(frozen=True, kw_only=True)
class Clusters:
    """For each document the first of its cluster, the one it doubles (-1: it is kept) and their similarity.

    The similarity of exact doubles is not a number.
    """

    first_D: Array
    twin_D: Array
    similarity_D: Array


def text_digest(text: str) -> bytes:
    """16 bytes, equal for equal texts."""
    return hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES]


def digest_records(digests_D2: Array, places: Array) -> Array:
    """Records [N, 3] for SortedKeys of some documents, from two halves of each digest (uint64 [D, 2])."""
    return np.column_stack([digests_D2, places.astype(np.uint64)])


@dataclass(frozen=True, kw_only=True)
class ExactClusters:
    """Clusters of equal texts; for each validation document with the text of a training one the first of those."""

    clusters: Clusters
    seen_V: Array


def exact_clusters(keys: SortedKeys, valid_D: Array) -> ExactClusters:
    """Clusters of equal digests among the documents whose `digest_records` are in `keys`; the first in order is kept.

    `valid_D` (bool) marks validation documents: they double nothing.
    """
    count = valid_D.size
    first_D, twin_D = np.arange(count), np.full(count, -1)
    seen = [np.zeros(0, np.int64)]
    for rows in keys.sorted():
        places, heads = rows[:, 2].astype(np.int64), heads_of(rows[:, :2])
        starts, free = np.unique(heads), ~valid_D[places]
        # The first training document of each run; `count` where there is none.
        firsts = np.minimum.reduceat(np.where(free, places, count), starts)[np.searchsorted(starts, heads)]
        first_D[places[free]] = firsts[free]
        doubles = free & (firsts != places)
        twin_D[places[doubles]] = firsts[doubles]
        seen.append(firsts[~free & (firsts < count)])
    clusters = Clusters(first_D=first_D, twin_D=twin_D, similarity_D=np.full(count, np.nan))
    return ExactClusters(clusters=clusters, seen_V=np.concatenate(seen))


def band_records(signatures_DH: Array, places: Array, num_bands: int) -> Array:
    """Records [N * num_bands, 2] for SortedKeys: a key for each band of the signatures (uint32 [N, H])."""
    rows = signatures_DH.shape[1] // num_bands
    bands_DBR = signatures_DH[:, : rows * num_bands].reshape(-1, num_bands, rows).astype(np.uint64)
    # Bands are told apart by where their key begins.
    keys_DB = np.broadcast_to(mix(np.arange(1, num_bands + 1, dtype=np.uint64)), bands_DBR.shape[:2])
    for row in range(rows):
        keys_DB = mix(keys_DB + bands_DBR[:, :, row] + np.uint64(1))
    return np.column_stack([keys_DB.ravel(), np.repeat(places.astype(np.uint64), num_bands)])


@final
class SignatureFile:
    """Signatures one after another in a file; a row is read where a cluster needs it."""

    def __init__(self, path: Path, num_hashes: int) -> None:
        self.num_hashes = num_hashes
        self._path = path
        with disk_errors(path):
            self._file = path.open("w+b")

    def add(self, signatures_DH: Array) -> None:
        """Adds rows (uint32 [N, num_hashes])."""
        with disk_errors(self._path):
            self._file.write(np.ascontiguousarray(signatures_DH).tobytes())

    def row(self, place: int) -> Array:
        """The signature of document `place`, once all are added."""
        size = 4 * self.num_hashes
        return np.frombuffer(os.pread(self._file.fileno(), size, size * int(place)), np.uint32)

    def end_adding(self) -> None:
        """What was added is in the file."""
        with disk_errors(self._path):
            self._file.flush()

    def delete(self) -> None:
        """Closes and removes the file."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def near_clusters(keys: SortedKeys, signatures: SignatureFile, count: int, *, similarity: float) -> Clusters:
    """Clusters of documents that share a band of their signatures, directly or through others.

    In a cluster a document is dropped when its signature agrees with that of an earlier kept one in at least
    `similarity` of the places: documents that only a chain of others connects stay, yet share the cluster. Of a
    cluster that keeps more than MOST_COMPARED the first so many are what later ones are compared with.
    """
    forest = UnionFind(count)
    for rows in keys.sorted():
        places = rows[:, 1].astype(np.int64)
        heads = heads_of(rows[:, :1])
        doubles = np.flatnonzero(heads != np.arange(heads.size))
        forest.join(places[heads[doubles]], places[doubles])
    first_D = forest.first_D()
    twin_D, similarity_D = np.full(count, -1), np.full(count, np.nan)
    for cluster in _clusters(first_D):
        kept_KH = np.zeros((min(cluster.size, MOST_COMPARED), signatures.num_hashes), np.uint32)
        kept_KH[0] = signatures.row(cluster[0])
        kept = [int(cluster[0])]
        for place in cluster[1:].tolist():
            row_H = signatures.row(place)
            alike = (kept_KH[: len(kept)] == row_H).mean(axis=1)
            best = int(alike.argmax())
            if alike[best] >= similarity:
                twin_D[place], similarity_D[place] = kept[best], alike[best]
            elif len(kept) < MOST_COMPARED:
                kept_KH[len(kept)] = row_H
                kept.append(place)
    return Clusters(first_D=first_D, twin_D=twin_D, similarity_D=similarity_D)


def _clusters(first_D: Array) -> Iterator[Array]:
    """The members, in order, of each cluster of two and more."""
    inside = first_D != np.arange(first_D.size)
    inside[first_D[inside]] = True
    members = np.flatnonzero(inside)
    members = members[np.argsort(first_D[members], kind="stable")]
    ends = np.flatnonzero(np.diff(first_D[members])) + 1
    for start, end in zip([0, *ends], [*ends, members.size], strict=True):
        if end > start:
            yield members[start:end]
