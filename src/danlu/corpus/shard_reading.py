"""The first pass over a shard: files become cleaned, cut, measured and judged rows in one scratch file.

This is all that looks at a document by itself, so shards need nothing of each other and run in any process.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from danlu.core.artifacts import file_sha256
from danlu.corpus.cleaning import clean, cleaners_of
from danlu.corpus.document import FilePart, Found, Refused, document_id, full_name
from danlu.corpus.duplicates import text_digest
from danlu.corpus.files import Shard
from danlu.corpus.judging import judge_texts
from danlu.corpus.leaks import CONTAMINATED, LeakLog
from danlu.corpus.measures.batch import Array, TextBatch
from danlu.corpus.pieces import piece_column
from danlu.corpus.reading import read_part
from danlu.corpus.rules.judge import preset_of
from danlu.corpus.segments import cut
from danlu.corpus.settings import CorpusSettings
from danlu.corpus.signatures import signature_column, signatures
from danlu.corpus.store import PartWriter

BATCH_CHARACTERS = 1 << 20
BATCH_ROWS = 8192
EXAMPLES = 10  # refused records of a file that are shown
UNDECODABLE = 0.1  # share of lost characters from which a text is none


@dataclass(frozen=True, kw_only=True)
class ReadingTask:
    """One shard to read, how, and the scratch file to write."""

    shard: Shard
    settings: CorpusSettings
    scratch: Path
    evaluation: str = ""  # digest of the evaluation files, whose n-grams lie beside the scratch file; empty: none


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A document before measuring; `reason` is set when it is already out."""

    id: str
    source: str
    offset: int
    domain: str
    text: str
    edits: tuple[str, ...]
    valid: bool
    reason: str | None = None


def read_shard(task: ReadingTask) -> dict[str, Any]:
    """Writes the scratch file and gives one entry for each part of a file: bytes, digest, documents, refusals."""
    writer: PartWriter | None = None
    parts: list[dict[str, Any]] = []
    leaks = LeakLog(task.scratch, task.settings.contamination, task.evaluation) if task.evaluation else None
    for rows in _batches(_rows(task, parts)):
        table = _measured(rows, task.settings, leaks)
        writer = writer or PartWriter(task.scratch, table.schema, fast=True)
        writer.write(table)
    if writer is None:
        table = _measured([], task.settings)
        writer = PartWriter(task.scratch, table.schema, fast=True)
    writer.close()
    if leaks is not None:
        leaks.close()
    return {"parts": parts}


def uses_near(settings: CorpusSettings) -> bool:
    """Whether near duplicates are looked for."""
    near = settings.duplicates.near
    return preset_of(settings).near if near is None else near


def _rows(task: ReadingTask, parts: list[dict[str, Any]]) -> Iterator[_Row]:
    for part in task.shard.parts:
        summary = _PartSummary()
        num_found = 0
        for item in read_part(part, task.settings.reading):
            num_found += 1
            if isinstance(item, Refused):
                summary.refuse(item)
                yield _refused_row(item, part)
                continue
            for row in _pieces(item, part, task.settings):
                summary.add(row)
                yield row
        if num_found == 0:
            nothing = Refused(offset=part.start, reason="empty", got="")
            summary.refuse(nothing)
            yield _refused_row(nothing, part)
        parts.append(summary.facts(part))


def _pieces(found: Found, part: FilePart, settings: CorpusSettings) -> Iterator[_Row]:
    """The rows of one found text: itself, or its segments. Validation texts stay whole and unchanged."""
    domain, source = found.domain or part.file.domain, full_name(part, found)
    if part.file.valid:
        pieces, edits = [found.text], found.edits
    else:
        preset = preset_of(settings)
        cleaned = clean(found.text, cleaners_of(settings), settings.cleaning)
        pieces = [cleaned.text]
        if preset.most_characters is None:
            pieces = cut(cleaned.text, settings.reading.cut_above, settings.reading.segment_bytes)
        elif len(cleaned.text) > preset.most_characters:
            # Segments have up to one and a half times the size asked for.
            wanted = 0.6 * preset.most_characters * len(cleaned.text.encode()) / len(cleaned.text)
            pieces = cut(cleaned.text, 0, int(wanted))
        edits = (*found.edits, *cleaned.edits, *((f"segments:{len(pieces)}",) if len(pieces) > 1 else ()))
    for number, text in enumerate(pieces):
        yield _Row(
            id=document_id(source, found.offset, number),
            source=source,
            offset=found.offset,
            domain=domain,
            text=text,
            # counts of personal data are those of the whole text: they stand with its first piece, so that sums are true
            edits=edits if number == 0 else tuple(edit for edit in edits if not edit.startswith("privacy:")),
            valid=part.file.valid,
            reason=None if part.file.valid and text else _unusable(text),
        )


def _unusable(text: str) -> str | None:
    """Why a text cannot teach anything: it is blank, or what is left of another encoding."""
    if not text.strip():
        return "empty"
    return "undecodable" if text.count("\ufffd") > UNDECODABLE * len(text) else None


def _refused_row(item: Refused, part: FilePart) -> _Row:
    source = full_name(part, item)
    return _Row(
        id=document_id(source, item.offset),
        source=source,
        offset=item.offset,
        domain=part.file.domain,
        text=item.got.encode("utf-8", "replace").decode(),
        edits=(f"line:{item.line}",) if item.line is not None else (),
        valid=part.file.valid,
        reason=item.reason,
    )


class _PartSummary:
    """Counts of one part of a file."""

    def __init__(self) -> None:
        self.num_rows = 0
        self.edits: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.examples: list[dict[str, Any]] = []

    def add(self, row: _Row) -> None:
        self.num_rows += 1
        self.edits.update(edit if edit.startswith("encoding:") else edit.partition(":")[0] for edit in row.edits)

    def refuse(self, item: Refused) -> None:
        self.num_rows += 1
        self.refused[item.reason] += 1
        if len(self.examples) < EXAMPLES:
            shown = {"line": item.line, "offset": item.offset, "reason": item.reason, "got": item.got}
            self.examples.append({**shown, "inside": item.inside} if item.inside else shown)

    def facts(self, part: FilePart) -> dict[str, Any]:
        return {
            "name": part.file.name,
            "valid": part.file.valid,
            "reader": part.file.reader,
            "compression": part.file.compression,
            "bytes": part.file.num_bytes,
            "sha256": part_sha256(part),
            "documents": self.num_rows,
            "edits": dict(sorted(self.edits.items())),
            "refused": dict(sorted(self.refused.items())),
            "examples": self.examples,
        }


def part_sha256(part: FilePart) -> str:
    """SHA-256 of the file's bytes in the part, packed as they are."""
    path = Path(part.file.path)
    if part.start == 0 and part.stop is None:
        return file_sha256(path)
    found = hashlib.sha256()
    left = (part.file.num_bytes if part.stop is None else part.stop) - part.start
    with path.open("rb") as handle:
        handle.seek(part.start)
        while left > 0 and (data := handle.read(min(left, 1 << 20))):
            found.update(data)
            left -= len(data)
    return found.hexdigest()


def _batches(rows: Iterator[_Row]) -> Iterator[list[_Row]]:
    batch: list[_Row] = []
    num_characters = 0
    for row in rows:
        batch.append(row)
        num_characters += len(row.text)
        if num_characters >= BATCH_CHARACTERS or len(batch) >= BATCH_ROWS:
            yield batch
            batch, num_characters = [], 0
    if batch:
        yield batch


def _whereabouts(rows: list[_Row]) -> dict[str, pa.Array]:
    return {
        "id": pa.array([row.id for row in rows], pa.string()),
        "source": pa.array([row.source for row in rows], pa.string()),
        "offset": pa.array([row.offset for row in rows], pa.int64()),
        "domain": pa.array([row.domain for row in rows], pa.string()),
    }


def _measured(rows: list[_Row], settings: CorpusSettings, leaks: LeakLog | None = None) -> pa.Table:
    judged = judge_texts([row.text for row in rows], settings, fixed=[row.valid for row in rows])
    reasons = [row.reason if row.reason or row.valid else why for row, why in zip(rows, judged.reason_D, strict=True)]
    if settings.languages:
        wanted = set(settings.languages)
        reasons = [
            why or (None if row.valid or name in wanted else "language_not_wanted")
            for row, why, name in zip(rows, reasons, judged.columns["language"], strict=True)
        ]
    by_rule = np.array(
        [why is not None and why == rule for why, rule in zip(reasons, judged.reason_D, strict=True)], bool
    )
    value_D = np.where(by_rule, judged.value_D, np.nan)
    limit_D = np.where(by_rule, judged.limit_D, np.nan)
    if leaks is not None:
        _drop_leaks(leaks, rows, judged.batch, settings, (reasons, value_D, limit_D))
    texts = judged.batch.texts
    table: dict[str, Any] = {
        **_whereabouts(rows),
        "text": pa.array(texts, pa.large_string()),
        "valid": pa.array([row.valid for row in rows], pa.bool_()),
        "digest": pa.array([text_digest(text) for text in texts], pa.binary(16)),
        "reason": pa.array(reasons, pa.string()),
        "value": pa.array(value_D, pa.float64(), from_pandas=True),
        "limit": pa.array(limit_D, pa.float64(), from_pandas=True),
        "edits": pa.array(
            [
                [*row.edits, *((f"line_rules:{count}",) if count else ())]
                for row, count in zip(rows, judged.num_removed_D.tolist(), strict=True)
            ],
            pa.list_(pa.string()),
        ),
    }
    table.update({name: measure_column(name, values) for name, values in judged.columns.items()})
    if uses_near(settings):
        table["signature"] = signature_column(signatures(judged.batch, settings.duplicates))
    if settings.duplicates.pieces in ("lines", "paragraphs"):
        table["pieces"] = piece_column(texts, settings.duplicates)
    return pa.table(table)


def _drop_leaks(
    leaks: LeakLog,
    rows: list[_Row],
    batch: TextBatch,
    settings: CorpusSettings,
    verdicts: tuple[list[str | None], Array, Array],
) -> None:
    """Gives documents that hold evaluation text their reason, value and limit, unless they are only counted."""
    reasons, value_D, limit_D = verdicts
    wanted_D = np.array([why is None and not row.valid for row, why in zip(rows, reasons, strict=True)], bool)
    places = {name: [getattr(row, name) for row in rows] for name in ("id", "source", "offset")}
    found = leaks.look(batch, places, wanted_D)
    if settings.contamination.action == "drop":
        for row in np.flatnonzero(found.is_contaminated_D):
            reasons[row], value_D[row] = CONTAMINATED, found.share_D[row]
            limit_D[row] = settings.contamination.share


def measure_column(name: str, values: Array) -> pa.Array:
    """An Arrow column with a type that does not depend on the rows."""
    return pa.array(values, pa.string() if values.dtype == object else pa.from_numpy_dtype(values.dtype))


def group_facts(results: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each file from those of its parts: counts added, digests of several ranges digested again."""
    files: dict[str, dict[str, Any]] = {}
    for entry in (part for result in results for part in result["parts"]):
        known = files.get(entry["name"])
        if known is None:
            files[entry["name"]] = {**entry, "parts": [entry["sha256"]]}
            continue
        known["parts"].append(entry["sha256"])
        known["documents"] += entry["documents"]
        for key in ("edits", "refused"):
            known[key] = dict(sorted((Counter(known[key]) + Counter(entry[key])).items()))
        known["examples"] = (known["examples"] + entry["examples"])[:EXAMPLES]
    for facts in files.values():
        parts = facts.pop("parts")
        if len(parts) > 1:
            facts["sha256"] = hashlib.sha256("".join(parts).encode()).hexdigest()
    return list(files.values())
