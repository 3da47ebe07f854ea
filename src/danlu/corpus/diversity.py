"""How diverse text is, for each domain and for the whole: distinct n-grams, types per token, compression.

All are taken from samples of bounded size, the same each time; the size stands beside them, since the share of distinct
n-grams falls as a text grows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import zstandard

from danlu.core.streams import stream_seed
from danlu.corpus.measures.batch import TextBatch, mix
from danlu.corpus.store import Corpus
from danlu.corpus.tallies import UNKNOWN

NGRAM = 5
WINDOW = 1000  # units; types per token within windows of one size compare across sizes (Covington and McFall 2010)
DOMAIN_BYTES = 1_000_000  # of the sample of one domain
DOMAIN_GROUPS = 8  # row groups that a domain's sample comes from
MOST_DOMAINS = 40  # those with the most documents
_STEP = np.uint64(0xD1342543DE82EF95)


@dataclass(frozen=True, kw_only=True)
class Diversity:
    """Figures of a sample; None where it is too small for one. `name` is the domain, or empty for the whole corpus.

    `distinct`: distinct runs of five units (words, Han characters) as a share of all; `types`: distinct units as a share
    of 1,000, on average; `compression`: bytes that zstd packs into one.
    """

    name: str
    num_documents: int
    num_bytes: int
    distinct: float | None
    types: float | None
    compression: float | None


def diversity(name: str, texts: Sequence[str]) -> Diversity:
    """The figures of some texts."""
    return Diversity(
        name=name,
        num_documents=len(texts),
        num_bytes=sum(len(text.encode()) for text in texts),
        distinct=distinct_share(texts),
        types=type_share(texts),
        compression=compression(texts),
    )


def domain_diversity(corpus: Corpus) -> tuple[Diversity, ...]:
    """The figures of each domain (at most MOST_DOMAINS), those with the most documents first. Reads 40 MB at most."""
    return tuple(diversity(name, texts) for name, texts in domain_samples(corpus).items())


def distinct_share(texts: Sequence[str]) -> float | None:
    """Distinct n-grams of NGRAM units (words, Han characters) as a share of all; None where there is none."""
    batch = TextBatch(texts)
    hashes_U, documents_U = batch.unit_hashes_U, batch.unit_documents_U
    size = hashes_U.size - NGRAM + 1
    if size <= 0:
        return None
    grams = np.zeros(size, np.uint64)
    for place in range(NGRAM):
        grams = mix(grams * _STEP + hashes_U[place : place + size])
    grams = grams[documents_U[:size] == documents_U[NGRAM - 1 :]]
    return float(np.unique(grams).size / grams.size) if grams.size else None


def type_share(texts: Sequence[str]) -> float | None:
    """Distinct units as a share of WINDOW, averaged over windows laid end to end; None below one window."""
    hashes_U = TextBatch(texts).unit_hashes_U
    count = hashes_U.size // WINDOW
    if not count:
        return None
    windows = np.sort(hashes_U[: count * WINDOW].reshape(count, WINDOW), axis=1)
    return float(((np.diff(windows, axis=1) != 0).sum(axis=1) + 1).mean() / WINDOW)


def compression(texts: Sequence[str]) -> float | None:
    """Bytes of the texts for each byte that zstd (level 3) packs them into."""
    data = "\n".join(texts).encode()
    return len(data) / len(zstandard.compress(data, 3)) if data else None


def domain_samples(corpus: Corpus) -> dict[str, list[str]]:
    """For each domain about DOMAIN_BYTES of its texts, from a few row groups, picked by hash: the same ones each time."""
    places = _places(corpus)
    totals = {name: sum(counts.values()) for name, counts in places.items()}
    names = sorted(places, key=lambda name: (-totals[name], name))[:MOST_DOMAINS]
    shares: dict[tuple[Path, int], dict[str, int]] = {}  # row group -> bytes that each domain takes from it
    for name in names:
        chosen = sorted(places[name], key=lambda place: stream_seed(0, "diversity", place[0].name, place[1]))
        for place in chosen[:DOMAIN_GROUPS]:
            shares.setdefault(place, {})[name] = DOMAIN_BYTES // min(DOMAIN_GROUPS, len(chosen))
    texts: dict[str, list[str]] = {name: [] for name in names}
    for path, number in sorted(shares):
        for name, text in _texts(path, number, shares[path, number]):
            texts[name].append(text)
    return texts


def _places(corpus: Corpus) -> Mapping[str, Mapping[tuple[Path, int], int]]:
    """Domain -> row group -> how many of its documents stand there; only the column of domains is read."""
    places: dict[str, dict[tuple[Path, int], int]] = {}
    for group in corpus.groups("documents", ["domain"]):
        for row in group.table.column("domain").value_counts().to_pylist():
            places.setdefault(row["values"] or UNKNOWN, {})[group.path, group.number] = row["counts"]
    return places


def _texts(path: Path, number: int, room: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Domain and text of a row group's documents, in the order of the hashes of their ids, until `room` bytes of each."""
    with pq.ParquetFile(path) as file:
        rows = file.read_row_group(number, columns=["id", "domain", "text"]).to_pylist()
    left = dict(room)
    for row in sorted(rows, key=lambda row: stream_seed(0, "sample", row["id"])):
        name = row["domain"] or UNKNOWN
        if left.get(name, 0) > 0:
            yield name, row["text"]
            left[name] -= len(row["text"].encode())
