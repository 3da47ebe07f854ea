"""A sample of the kept texts: some of many row groups, picked by hash, so that a large corpus costs what a small one does."""

from collections.abc import Sequence

import pyarrow.parquet as pq

from danlu.core.streams import stream_seed
from danlu.corpus.store import KEPT, Corpus

SAMPLE_BYTES = 4_000_000
LEAST_GROUPS = 16  # row groups that share the sample where there are so many: one often holds a single file


def sample_rows(corpus: Corpus, columns: Sequence[str], *, most_bytes: int = SAMPLE_BYTES) -> list[dict[str, object]]:
    """Kept documents with `columns` (and text), about `most_bytes` of UTF-8, the same ones each time."""
    groups = []
    for path in sorted((corpus.artifact.path / KEPT).glob("part-*.parquet")):
        with pq.ParquetFile(path) as file:
            groups += [
                (stream_seed(0, "groups", path.name, number), path, number) for number in range(file.num_row_groups)
            ]
    groups.sort(key=lambda group: group[0])
    share = most_bytes // max(1, min(LEAST_GROUPS, len(groups)))
    rows: list[dict[str, object]] = []
    left = most_bytes
    for _, path, number in groups:
        if left <= 0:
            break
        with pq.ParquetFile(path) as file:
            table = file.read_row_group(number, columns=[*dict.fromkeys((*columns, "text", "id"))])
        found = sorted(table.to_pylist(), key=lambda row: stream_seed(0, "sample", row["id"]))
        taken = 0
        for row in found:
            if taken >= share or left <= 0:
                break
            rows.append(row)
            size = len(row["text"].encode())
            taken, left = taken + size, left - size
    return rows
