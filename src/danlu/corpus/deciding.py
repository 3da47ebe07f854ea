"""The decisions that need every document: duplicates, and which side of the split each cluster is on.

Reads only the small columns of the scratch files (digests, reasons, sizes); texts stay on disk, and so do names and
signatures. Memory at the peak is about 64 bytes for each document: 32 of clusters, 8 to order those that have twins, 6
of reasons, sizes and marks, and passing copies.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from danlu.core.disk import disk_errors
from danlu.corpus.duplicates import (
    Clusters,
    SignatureFile,
    band_records,
    digest_records,
    exact_clusters,
    near_clusters,
)
from danlu.corpus.measures.batch import Array
from danlu.corpus.repeated_pieces import add_pieces, repeated_column, repeats
from danlu.corpus.repeated_substrings import check_memory, repeated_ranges
from danlu.corpus.settings import CorpusSettings
from danlu.corpus.shard_reading import uses_near
from danlu.corpus.sorted_keys import SortedKeys
from danlu.corpus.splits import TRAIN, VALID, held_out
from danlu.corpus.store import PartWriter

CUT_BYTES = 16 * 1024  # a document held out from few is cut when it is larger than this
CUT_FACTOR = 4.0  # and when it is that many times the share that was asked for
KEPT, EXACT, NEAR, EARLIER = range(4)  # what became of a document; EARLIER: the first pass dropped it
EXACT_NAME, NEAR_NAME = "exact_duplicate", "near_duplicate"
ID_BYTES = 16
BATCH_ROWS = 16_384


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """What the build decided as a whole; the decision for each document stands in files beside the scratch files."""

    num_kept: int
    dropped: Mapping[str, int]
    cut_shard: int
    cut_share: float
    num_seen: int


@dataclass(frozen=True, kw_only=True)
class _Documents:
    """The small columns of all documents, in order; `names` holds their ids on disk, `dropped` counts by reason."""

    state_D: Array
    num_bytes_D: Array
    valid_D: Array
    ends: Sequence[int]
    names: Path
    dropped: Counter[str]
    keys: SortedKeys

    def ids(self, places: Array) -> Iterator[str]:
        """The ids of some documents, read one by one."""
        with self.names.open("rb") as file:
            for place in places:
                yield os.pread(file.fileno(), ID_BYTES, ID_BYTES * int(place)).decode()

    @property
    def kept_D(self) -> Array:
        """Documents that are kept so far (bool)."""
        kept_D: Array = self.state_D == KEPT
        return kept_D

    def counts(self) -> dict[str, int]:
        """How many were dropped for each reason."""
        ours = {EXACT_NAME: EXACT, NEAR_NAME: NEAR}
        found = {name: int(np.count_nonzero(self.state_D == state)) for name, state in ours.items()}
        return {**self.dropped, **{name: count for name, count in found.items() if count}}


def decide(scratch: Sequence[Path], work: Path, settings: CorpusSettings, *, has_valid: bool) -> Decisions:
    """Decides every document and writes `decided-N.parquet` for each shard.

    `has_valid`: validation files were named, so nothing of the rest is held out.
    """
    documents = _gather(scratch, work)
    exact = exact_clusters(documents.keys, documents.valid_D)
    clusters = exact.clusters
    documents.state_D[clusters.twin_D >= 0] = EXACT
    if uses_near(settings):
        clusters = _with_near(clusters, scratch, work, settings, documents)
    held_D = documents.valid_D.copy()
    cut = _Cut(shard=-1, share=0.0)
    if not has_valid:
        cut = _hold_out(documents, clusters.first_D, held_D, settings)
    bits = ranges = None
    if settings.duplicates.pieces == "substrings":
        ranges = _repeated_substrings(scratch, documents, settings)
    elif settings.duplicates.pieces != "none":
        bits = _repeated_pieces(scratch, work, documents)
    _write(scratch, work, documents, clusters, held_D, settings, bits, ranges)
    return Decisions(
        num_kept=int(np.count_nonzero(documents.kept_D & ~documents.valid_D)),
        dropped=documents.counts(),
        cut_shard=cut.shard,
        cut_share=cut.share,
        num_seen=int(np.count_nonzero(documents.kept_D[exact.seen_V])),
    )


def _batches(scratch: Sequence[Path], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for path in scratch:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(BATCH_ROWS, columns=list(columns))


def fixed_rows(column: pa.Array, dtype: type) -> Array:
    """The rows of a fixed-size binary column as numbers [N, W]."""
    data = np.frombuffer(column.buffers()[1], np.uint8).reshape(-1, column.type.byte_width)
    rows: Array = data[column.offset : column.offset + len(column)].view(dtype)
    return rows


def _gather(scratch: Sequence[Path], work: Path) -> _Documents:
    """Reads the small columns; ids go to one file, digests of what no rule dropped to files of keys."""
    ends = np.cumsum([pq.read_metadata(path).num_rows for path in scratch]).tolist()
    count = ends[-1]
    documents = _Documents(
        state_D=np.zeros(count, np.uint8),
        num_bytes_D=np.zeros(count, np.uint32),
        valid_D=np.zeros(count, bool),
        ends=ends,
        names=work / "ids.bin",
        dropped=Counter(),
        keys=SortedKeys(work / "digests", width=3, expected=count),
    )
    start = 0
    with disk_errors(work), documents.names.open("wb") as names:
        for batch in _batches(scratch, ("id", "digest", "reason", "num_bytes", "valid")):
            span = slice(start, start + batch.num_rows)
            names.write("".join(batch.column("id").to_pylist()).encode())
            reasons = batch.column("reason")
            documents.dropped.update(reasons.drop_null().to_pylist())
            out_D = np.asarray(reasons.is_valid())
            documents.state_D[span][out_D] = EARLIER
            documents.num_bytes_D[span] = batch.column("num_bytes").to_numpy()
            documents.valid_D[span] = batch.column("valid").to_numpy(zero_copy_only=False)
            digests_D2 = fixed_rows(batch.column("digest"), np.uint64)
            documents.keys.add(digest_records(digests_D2[~out_D], np.arange(span.start, span.stop)[~out_D]))
            start = span.stop
    return documents


def _with_near(
    clusters: Clusters, scratch: Sequence[Path], work: Path, settings: CorpusSettings, documents: _Documents
) -> Clusters:
    """Adds near duplicates among what is still kept, and notes them."""
    shape = settings.duplicates
    eligible_D = documents.kept_D & ~documents.valid_D
    keys = SortedKeys(work / "bands", width=2, expected=shape.num_bands * int(np.count_nonzero(eligible_D)))
    signatures = SignatureFile(work / "signatures.bin", shape.num_bands * shape.band_rows)
    start = 0
    for batch in _batches(scratch, ("signature",)):
        rows_DH = fixed_rows(batch.column("signature"), np.uint32)
        signatures.add(rows_DH)
        chosen = np.flatnonzero(eligible_D[start : start + len(rows_DH)])
        keys.add(band_records(rows_DH[chosen], start + chosen, shape.num_bands))
        start += len(rows_DH)
    signatures.end_adding()
    near = near_clusters(keys, signatures, eligible_D.size, similarity=shape.similarity)
    signatures.delete()
    documents.state_D[near.twin_D >= 0] = NEAR
    doubles = np.flatnonzero(clusters.twin_D >= 0)
    near.first_D[doubles] = near.first_D[clusters.first_D[doubles]]
    near.twin_D[doubles] = clusters.twin_D[doubles]
    return near


def _repeated_pieces(scratch: Sequence[Path], work: Path, documents: _Documents) -> Array:
    """A bit for each line or paragraph of all documents, set where a kept document before has an equal one."""
    keys = SortedKeys(work / "pieces", width=2, expected=int(documents.num_bytes_D.sum(dtype=np.int64)) // 64)
    hashes = (batch.column("pieces") for batch in _batches(scratch, ("pieces",)))
    num_pieces = add_pieces(keys, hashes, documents.kept_D & ~documents.valid_D)
    return repeats(keys, num_pieces)


def _repeated_substrings(
    scratch: Sequence[Path], documents: _Documents, settings: CorpusSettings
) -> dict[int, list[int]]:
    kept_D = documents.kept_D & ~documents.valid_D
    check_memory(int(documents.num_bytes_D[kept_D].sum(dtype=np.int64)), settings.duplicates)
    texts = (batch.column("text") for batch in _batches(scratch, ("text",)))
    return repeated_ranges(texts, kept_D, settings.duplicates.substring_bytes)


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """The shard with the document that gives both splits (-1: none), and the share of it that is held out."""

    shard: int
    share: float


def _hold_out(documents: _Documents, first_D: Array, held_D: Array, settings: CorpusSettings) -> _Cut:
    """Marks the held-out documents in `held_D`. With few documents the one held out may have to be cut."""
    share, num_bytes_D = settings.valid_share, documents.num_bytes_D
    kept_D = documents.kept_D
    firsts = np.unique(first_D[kept_D])
    held_D[firsts[held_out(settings.seed, documents.ids(firsts), share)]] = True
    held_D[:] = held_D[first_D] & kept_D
    num_kept = int(np.count_nonzero(kept_D))
    if share > 0 and num_kept == 1:
        held_D[kept_D] = True
    held = np.flatnonzero(held_D)
    num_held, total = (int(num_bytes_D[which].sum(dtype=np.int64)) for which in (held, kept_D))
    too_much = num_held > CUT_FACTOR * share * total and num_held > CUT_BYTES
    if held.size == 1 and (num_kept == 1 or too_much):
        shard = int(np.searchsorted(documents.ends, held[0], side="right"))
        return _Cut(shard=shard, share=float(min(0.5, share * total / num_held)))
    return _Cut(shard=-1, share=0.0)


def _write(
    scratch: Sequence[Path],
    work: Path,
    documents: _Documents,
    clusters: Clusters,
    held_D: Array,
    settings: CorpusSettings,
    bits: Array | None,
    ranges: Mapping[int, list[int]] | None,
) -> None:
    """One file for each shard: what became of its documents, as columns that take the place of those before."""
    start = num_pieces = 0
    for index, end in enumerate(documents.ends):
        table = pq.read_table(scratch[index], columns=["reason", "value", "limit"])
        state, twin_D = documents.state_D[start:end], clusters.twin_D[start:end]
        near = state == NEAR
        reason = pc.if_else(pa.array(state == EXACT), EXACT_NAME, table.column("reason"))
        has_twin = np.flatnonzero(twin_D >= 0)
        twins = np.full(end - start, None, object)
        twins[has_twin] = list(documents.ids(twin_D[has_twin]))
        columns: dict[str, Any] = {
            "reason": pc.if_else(pa.array(near), NEAR_NAME, reason),
            "value": pc.if_else(pa.array(near), pa.array(clusters.similarity_D[start:end]), table.column("value")),
            "limit": pc.if_else(pa.array(near), settings.duplicates.similarity, table.column("limit")),
            "twin": pa.array(twins, pa.string()),
            "split": pa.array(np.where(held_D[start:end], VALID, TRAIN).astype(object), pa.string()),
            "cluster": pa.array(list(documents.ids(clusters.first_D[start:end])), pa.string()),
        }
        if bits is not None:
            hashes = pq.read_table(scratch[index], columns=["pieces"]).column(0)
            found = list(repeated_column(hashes.chunks, bits, num_pieces))
            columns["repeated"] = pa.array(found, pa.list_(pa.int32()))
            num_pieces += pc.sum(pc.binary_length(hashes)).as_py() // 8 if len(hashes) else 0
        if ranges is not None:
            columns["repeated"] = pa.array([ranges.get(place) for place in range(start, end)], pa.list_(pa.int32()))
        decided = pa.table(columns)
        writer = PartWriter(work / f"decided-{index:05d}.parquet", decided.schema, fast=True)
        writer.write(decided)
        writer.close()
        start = end
