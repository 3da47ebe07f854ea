"""Duplicates: equal texts by digest, near ones by MinHash; clusters by connected components.

Everything works on arrays with one row per document, in the order of the shards, so that the outcome is a function of
the documents alone.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from danlu.corpus.measures.batch import Array, mix

DIGEST_BYTES = 16


@dataclass(frozen=True, kw_only=True)
class Clusters:
    """For each document the first document of its cluster, and the one it doubles (-1: it is kept)."""

    first_D: Array
    twin_D: Array


def text_digest(text: str) -> bytes:
    """16 bytes, equal for equal texts."""
    return hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES]


def exact_clusters(digests: bytes, eligible_D: Array) -> Clusters:
    """Clusters of equal digests among the `eligible_D` documents (bool); the first in order is kept.

    `digests` holds DIGEST_BYTES for each document, one after another.
    """
    halves_D2 = np.frombuffer(digests, dtype=np.uint64).reshape(-1, 2)
    count = len(eligible_D)
    first_D = np.arange(count)
    twin_D = np.full(count, -1)
    places = np.flatnonzero(eligible_D)
    # Stable sorting by both halves keeps equal digests in the order of the documents.
    order = places[np.lexsort((halves_D2[places, 1], halves_D2[places, 0]))]
    if order.size:
        fresh = np.ones(order.size, bool)
        fresh[1:] = (halves_D2[order[1:]] != halves_D2[order[:-1]]).any(axis=1)
        heads = order[np.flatnonzero(fresh)][np.cumsum(fresh) - 1]
        first_D[order] = heads
        doubles = ~fresh
        twin_D[order[doubles]] = heads[doubles]
    return Clusters(first_D=first_D, twin_D=twin_D)


@dataclass(frozen=True, kw_only=True)
class NearClusters:
    """Clusters of near duplicates, the twin of each dropped document (-1: kept) and their estimated similarity."""

    first_D: Array
    twin_D: Array
    similarity_D: Array


def near_clusters(signatures_DH: Array, eligible_D: Array, *, num_bands: int, similarity: float) -> NearClusters:
    """Clusters of documents that share a band of their signatures, directly or through others (uint32 [D, H]).

    In a cluster a document is dropped when its signature agrees with that of an earlier kept one in at least
    `similarity` of the places: documents that only a chain of others connects stay, yet share the cluster.
    """
    count = len(eligible_D)
    first_D = _components(count, _band_edges(signatures_DH, np.flatnonzero(eligible_D), num_bands))
    twin_D = np.full(count, -1)
    similarity_D = np.full(count, np.nan)
    members = np.flatnonzero(np.bincount(first_D, minlength=count)[first_D] > 1)
    members = members[np.argsort(first_D[members], kind="stable")]
    for cluster in np.split(members, np.flatnonzero(np.diff(first_D[members])) + 1) if members.size else []:
        rows = np.asarray(signatures_DH[cluster])
        kept = [0]
        for row in range(1, cluster.size):
            alike = (rows[kept] == rows[row]).mean(axis=1)
            best = int(alike.argmax())
            if alike[best] >= similarity:
                twin_D[cluster[row]], similarity_D[cluster[row]] = cluster[kept[best]], alike[best]
            else:
                kept.append(row)
    return NearClusters(first_D=first_D, twin_D=twin_D, similarity_D=similarity_D)


def _band_edges(signatures_DH: Array, places: Array, num_bands: int) -> Array:
    """Pairs [E, 2] of documents with an equal band: each with the first of its bucket."""
    rows = signatures_DH.shape[1] // num_bands
    edges = [np.zeros((0, 2), np.int64)]
    for band in range(num_bands):
        columns = np.asarray(signatures_DH[places, band * rows : (band + 1) * rows]).astype(np.uint64)
        keys = np.zeros(places.size, np.uint64)
        for column in columns.T:
            keys = mix(keys + column + np.uint64(1))
        order = np.argsort(keys, kind="stable")
        fresh = np.ones(order.size, bool)
        fresh[1:] = keys[order[1:]] != keys[order[:-1]]
        if order.size:
            heads = order[np.flatnonzero(fresh)][np.cumsum(fresh) - 1]
            edges.append(np.stack([places[heads[~fresh]], places[order[~fresh]]], axis=1))
    return np.concatenate(edges)


def _components(count: int, edges_E2: Array) -> Array:
    """The smallest document of each one's connected component, by label propagation with pointer jumping."""
    label_D = np.arange(count)
    left, right = edges_E2.T
    while True:
        smallest = np.minimum(label_D[left], label_D[right])
        before = label_D.copy()
        np.minimum.at(label_D, label_D[left], smallest)
        np.minimum.at(label_D, label_D[right], smallest)
        np.minimum.at(label_D, left, smallest)
        np.minimum.at(label_D, right, smallest)
        label_D = label_D[label_D]
        if np.array_equal(before, label_D):
            return label_D
