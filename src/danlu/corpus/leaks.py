"""Which documents hold text of evaluation items: found shard by shard, told item by item (`contamination.json`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from danlu.core.disk import read_json, write_json
from danlu.corpus.contamination import Evaluation, Item, evaluation_digest, read_evaluation, save_grams
from danlu.corpus.contamination_matching import Matches, finder_of
from danlu.corpus.measures.batch import Array, TextBatch
from danlu.corpus.settings import ContaminationSettings, CorpusSettings
from danlu.corpus.store import PartWriter

REPORT = "contamination.json"
GRAMS = "contamination.npz"
CONTAMINATED = "contaminated"
MOST_DOCUMENTS = 20  # of each item that the report names; all are counted
_LEAKS = pa.schema(
    [
        *(("id", pa.string()), ("source", pa.string()), ("offset", pa.int64())),
        *(("items", pa.list_(pa.int32())), ("shares", pa.list_(pa.float32())), ("grams", pa.list_(pa.int32()))),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """For each document the largest share of one item that it holds (NaN: nothing), and whether that is too much."""

    share_D: Array
    is_contaminated_D: Array


@final
class LeakLog:
    """Looks for evaluation items in the batches of one shard and keeps what was found beside the shard's scratch file."""

    def __init__(self, scratch: Path, settings: ContaminationSettings, digest: str) -> None:
        self._settings = settings
        self._finder = finder_of(scratch.with_name(GRAMS), digest)
        self._path = leaks_path(scratch)
        self._tables: list[pa.Table] = []

    def look(self, batch: TextBatch, places: Mapping[str, Sequence[Any]], wanted_D: Array) -> Verdicts:
        """The verdicts on the `wanted_D` documents; `places` are their ids, sources and offsets."""
        matches = self._finder.find(batch, wanted_D)
        held_D = np.nan_to_num(matches.share_D, nan=-1.0)
        is_contaminated_D = (held_D > 0) & (held_D >= self._settings.share)
        if is_contaminated_D.any():
            self._tables.append(_table(matches, places, np.flatnonzero(is_contaminated_D)))
        return Verdicts(share_D=matches.share_D, is_contaminated_D=is_contaminated_D)

    def close(self) -> None:
        """Writes what was found; no file when there is nothing."""
        self._path.unlink(missing_ok=True)
        if self._tables:
            table = pa.concat_tables(self._tables)
            writer = PartWriter(self._path, table.schema, fast=True)
            writer.write(table)
            writer.close()


def leaks_path(scratch: Path) -> Path:
    """Where the leaks of a shard stand."""
    return scratch.with_name(scratch.name.replace("shard-", "leaks-"))


def _table(matches: Matches, places: Mapping[str, Sequence[Any]], chosen: Array) -> pa.Table:
    """One row for each of the `chosen` documents: place, items with the share of each, n-grams."""
    columns: dict[str, list[Any]] = {name: [places[name][row] for row in chosen] for name in ("id", "source", "offset")}
    columns |= {"items": [], "shares": [], "grams": []}
    for row in chosen:
        of_row = matches.leak_document_K == row
        columns["items"].append(matches.leak_item_K[of_row].tolist())
        columns["shares"].append(matches.leak_share_K[of_row].tolist())
        columns["grams"].append(matches.gram_M[matches.document_M == row].tolist())
    return pa.table(columns, schema=_LEAKS)


def prepare(work: Path, settings: CorpusSettings) -> Evaluation | None:
    """Reads the evaluation files and leaves their n-grams in the folder of the work; None when none are named."""
    if not settings.contamination.against:
        return None
    evaluation = read_evaluation(settings.contamination, settings.reading)
    save_grams(work / GRAMS, evaluation.grams)
    return evaluation


def digest_of(settings: CorpusSettings) -> str:
    """What tells evaluation files apart by their bytes; empty without any."""
    return evaluation_digest(settings.contamination, settings.reading)


def write_report(out: Path, scratch: Sequence[Path], evaluation: Evaluation, action: str) -> dict[str, Any]:
    """Writes the leakage of every item into the artifact and gives the facts for its manifest."""
    grams, items = evaluation.grams, evaluation.items
    seen_G = np.zeros(grams.hashes_G.size, bool)
    documents: dict[int, list[dict[str, Any]]] = {}
    num_documents_I = np.zeros(len(items), np.int64)
    num_documents = 0
    for path in map(leaks_path, scratch):
        for row in pq.read_table(path).to_pylist() if path.exists() else []:
            num_documents += 1
            seen_G[row["grams"]] = True
            for item, share in zip(row["items"], row["shares"], strict=True):
                num_documents_I[item] += 1
                found = documents.setdefault(item, [])
                if len(found) < MOST_DOCUMENTS:
                    found.append({**{name: row[name] for name in ("id", "source", "offset")}, "share": round(share, 4)})
    sizes = np.diff(grams.starts_G1)
    num_seen_I = np.bincount(grams.items_X[np.repeat(seen_G, sizes)], minlength=len(items))
    leaked = [
        _leak(items[item], int(num_seen_I[item]), int(num_documents_I[item]), documents[item])
        for item in sorted(documents)
    ]
    facts = {
        "action": action,
        "num_items": len(items),
        "num_items_too_short": sum(1 for item in items if not item.num_ngrams),
        "num_items_seen": len(leaked),
        "num_documents": num_documents,
    }
    write_json(out / REPORT, {**facts, "items": leaked})
    return facts


def _leak(item: Item, num_seen: int, num_documents: int, documents: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "file": item.file,
        "offset": item.offset,
        "text": item.text,
        "num_ngrams": item.num_ngrams,
        "share_seen": round(num_seen / item.num_ngrams, 4),
        "num_documents": num_documents,
        "documents": documents,
    }


def leaks_of(folder: Path, document: str) -> list[dict[str, Any]]:
    """The items of which a document holds text, most of it first, as far as the report names the document."""
    path = folder / REPORT
    found = read_json(path)["items"] if path.exists() else []
    leaks = [
        {**{name: item[name] for name in ("file", "offset", "text")}, "share": named["share"]}
        for item in found
        for named in item["documents"]
        if named["id"] == document
    ]
    return sorted(leaks, key=lambda leak: -float(leak["share"]))
