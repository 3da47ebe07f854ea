"""The decisions that need every document: duplicates, and which side of the split each cluster is on.

Reads only the small columns of the scratch files (digests, reasons, sizes); texts stay on disk.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from danlu.corpus.duplicates import DIGEST_BYTES, exact_clusters, near_clusters
from danlu.corpus.measures.batch import Array
from danlu.corpus.settings import CorpusSettings
from danlu.corpus.shard_reading import uses_near
from danlu.corpus.splits import TRAIN, VALID, held_out
from danlu.corpus.store import PartWriter

CUT_BYTES = 16 * 1024  # a document held out from few is cut when it is larger than this
CUT_FACTOR = 4.0  # and when it is that many times the share that was asked for


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """What the build decided as a whole; the decision for each document stands in files beside the scratch files."""

    num_kept: int
    dropped: Mapping[str, int]
    cut_shard: int
    cut_share: float
    num_seen: int


@dataclass(kw_only=True)
class _Documents:
    """The small columns of all documents, in order."""

    ids: Array
    digests: bytes
    reasons: list[str | None]
    values: Array
    limits: Array
    num_bytes: Array
    valid: Array
    ends: list[int]

    def drop(self, twin_D: Array, reason: str, value_D: Array | None = None, limit: float = np.nan) -> None:
        """Gives the documents that have a twin the `reason`, with the value measured and the limit."""
        for place in np.flatnonzero(twin_D >= 0):
            self.reasons[place] = reason
            if value_D is not None:
                self.values[place], self.limits[place] = value_D[place], limit


def decide(scratch: Sequence[Path], work: Path, settings: CorpusSettings, *, has_valid: bool) -> Decisions:
    """Decides every document and writes `decided-N.parquet` for each shard.

    `has_valid`: validation files were named, so nothing of the rest is held out.
    """
    documents = _gather(scratch)
    eligible_D = np.array([reason is None for reason in documents.reasons], bool) & ~documents.valid
    clusters = exact_clusters(documents.digests, eligible_D)
    first_D, twin_D = clusters.first_D, clusters.twin_D
    documents.drop(twin_D, "exact_duplicate")
    if uses_near(settings):
        near = near_clusters(
            _signatures(scratch, work, settings),
            eligible_D & (twin_D < 0),
            num_bands=settings.duplicates.num_bands,
            similarity=settings.duplicates.similarity,
        )
        documents.drop(near.twin_D, "near_duplicate", near.similarity_D, settings.duplicates.similarity)
        first_D = near.first_D[first_D]
        twin_D = np.where(twin_D < 0, near.twin_D, twin_D)
    kept_D = np.array([reason is None for reason in documents.reasons], bool)
    cluster_ids = documents.ids[first_D]
    split_D = np.where(documents.valid, VALID, TRAIN).astype(object)
    cut = _Cut(shard=-1, share=0.0)
    if not has_valid:
        cut = _hold_out(documents, kept_D, cluster_ids, split_D, settings)
    _write(work, documents, twin_D, cluster_ids, split_D)
    return Decisions(
        num_kept=int(np.count_nonzero(kept_D & ~documents.valid)),
        dropped=Counter(reason for reason in documents.reasons if reason is not None),
        cut_shard=cut.shard,
        cut_share=cut.share,
        num_seen=_num_seen(documents, kept_D),
    )


def _signatures(scratch: Sequence[Path], work: Path, settings: CorpusSettings) -> Array:
    """All signatures [D, H] in one file that is mapped into memory, so that only what is looked at is in it."""
    num_hashes = settings.duplicates.num_bands * settings.duplicates.band_rows
    files = [pq.ParquetFile(path) for path in scratch]
    total = sum(file.metadata.num_rows for file in files)
    path = work / "signatures.bin"
    result_DH = np.memmap(path, np.uint32, "w+", shape=(max(1, total), num_hashes))
    row = 0
    for file in files:
        for batch in file.iter_batches(columns=["signature"]):
            column = batch.column(0)
            data = np.frombuffer(column.buffers()[1], np.uint32).reshape(-1, num_hashes)
            result_DH[row : row + len(column)] = data[column.offset : column.offset + len(column)]
            row += len(column)
        file.close()
    return result_DH[:total]


def _gather(scratch: Sequence[Path]) -> _Documents:
    names = ["id", "digest", "reason", "value", "limit", "num_bytes", "valid"]
    tables = [pq.read_table(path, columns=names) for path in scratch]
    ends = np.cumsum([table.num_rows for table in tables]).tolist()
    table = pa.concat_tables(tables)
    return _Documents(
        ids=np.array(table.column("id").to_pylist(), dtype="S16"),
        digests=b"".join(table.column("digest").to_pylist()),
        reasons=table.column("reason").to_pylist(),
        values=np.array(table.column("value").to_numpy(), copy=True),
        limits=np.array(table.column("limit").to_numpy(), copy=True),
        num_bytes=table.column("num_bytes").to_numpy(),
        valid=np.asarray(table.column("valid").to_pylist(), bool),
        ends=ends,
    )


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """The shard with the document that gives both splits (-1: none), and the share of it that is held out."""

    shard: int
    share: float


def _hold_out(
    documents: _Documents, kept_D: Array, cluster_ids: Array, split_D: Array, settings: CorpusSettings
) -> _Cut:
    """Marks the held-out documents in `split_D`. With few documents the one held out may have to be cut."""
    share = settings.valid_share
    places = np.flatnonzero(kept_D)
    names = [cluster_ids[place].decode() for place in places]
    chosen = held_out(settings.seed, sorted(set(names)), share)
    held = [int(place) for place, name in zip(places, names, strict=True) if name in chosen]
    if share > 0 and places.size == 1:
        held = [int(places[0])]
    split_D[held] = VALID
    num_held, total = documents.num_bytes[held].sum(), documents.num_bytes[places].sum()
    too_much = num_held > CUT_FACTOR * share * total and num_held > CUT_BYTES
    if len(held) == 1 and (places.size == 1 or too_much):
        shard = int(np.searchsorted(documents.ends, held[0], side="right"))
        return _Cut(shard=shard, share=float(min(0.5, share * total / num_held)))
    return _Cut(shard=-1, share=0.0)


def _num_seen(documents: _Documents, kept_D: Array) -> int:
    """Validation documents whose text stands in the training text word for word."""
    digests = np.frombuffer(documents.digests, dtype=f"S{DIGEST_BYTES}")
    return int(np.isin(digests[kept_D & documents.valid], digests[kept_D & ~documents.valid]).sum())


def _write(work: Path, documents: _Documents, twin_D: Array, cluster_ids: Array, split_D: Array) -> None:
    start = 0
    for index, end in enumerate(documents.ends):
        span = slice(start, end)
        twins = [None if twin < 0 else documents.ids[twin].decode() for twin in twin_D[span]]
        columns: dict[str, Any] = {
            "reason": pa.array(documents.reasons[span], pa.string()),
            "value": pa.array(documents.values[span], pa.float64(), from_pandas=True),
            "limit": pa.array(documents.limits[span], pa.float64(), from_pandas=True),
            "twin": pa.array(twins, pa.string()),
            "split": pa.array(split_D[span].tolist(), pa.string()),
            "cluster": pa.array([name.decode() for name in cluster_ids[span]], pa.string()),
        }
        table = pa.table(columns)
        writer = PartWriter(work / f"decided-{index:05d}.parquet", table.schema, fast=True)
        writer.write(table)
        writer.close()
        start = end
