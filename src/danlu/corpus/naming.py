"""Finds documents by what people call them: an id or its beginning, a file, a place in it, the Nth document of it.

`FILE` may be the whole recorded name or its end (`a.txt` for `texts/books/a.txt`). Segments of one text share an offset;
FILE:OFFSET:PIECE names one of them, counted from 1 in the order of the text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from danlu.core.errors import DataError
from danlu.core.language import Text
from danlu.corpus.document import document_id
from danlu.corpus.store import Corpus, RowGroup, Which

MOST_LISTED = 12
MOST_PIECES = 100_000
TAIL = 1_000_000_000  # the number that `shard_writing` gives to the part of a document that was cut off for validation
_ID = re.compile(r"[0-9a-f]{4,16}")
_PLACE = ("id", "source", "offset", "edits")


@dataclass(frozen=True, kw_only=True)
class _Name:
    """One way to read what was asked for."""

    id: str = ""
    file: str = ""
    offset: int | None = None
    piece: int | None = None
    number: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Hit:
    """A document that answers to a name, before its row is read. `piece` counts from 1; 0: its text was not cut."""

    id: str
    source: str
    offset: int
    piece: int
    which: Which
    group: RowGroup
    place: int

    @property
    def name(self) -> str:
        """FILE:OFFSET, with the piece where the text was cut."""
        return f"{self.source}:{self.offset}" + (f":{self.piece}" if self.piece else "")

    def row(self) -> dict[str, Any]:
        """The whole row."""
        return self.group.rows([self.place])[0]


def find_one(corpus: Corpus, document: str) -> Hit:
    """The only document that answers to `document`; raises DataError that lists the candidates otherwise."""
    hits = find(corpus, document)
    if len(hits) != 1:
        raise _not_one(document, hits)
    return hits[0]


def find(corpus: Corpus, document: str) -> list[Hit]:
    """Every document that answers to `document`, in the order of files, offsets and pieces."""
    names = _readings(document)
    found = []
    for hit in _hits(corpus, names):
        if hit.id == document:
            return [hit]
        found.append(hit)
    found.sort(key=lambda hit: (hit.source, hit.offset, hit.piece))
    chosen = {hit.id: hit for name in names for hit in _chosen(found, name)}
    return list(chosen.values())


def piece_of(row_id: str, source: str, offset: int, edits: Sequence[str] | None) -> int:
    """Which piece of a cut text an id belongs to, from 1; 0 where the text was not cut. The id is a hash of it."""
    marks = dict(edit.partition(":")[::2] for edit in edits or ())
    count = min(int(marks.get("segments", "0")), MOST_PIECES)
    if "cut" in marks and row_id == document_id(source, offset, TAIL):
        return count + 2 if count else 2
    if not count:
        return 1 if "cut" in marks else 0
    return next((number + 1 for number in range(count) if document_id(source, offset, number) == row_id), 0)


def _readings(document: str) -> tuple[_Name, ...]:
    """Names of files may hold colons and `#`, so every reading counts."""
    names = [_Name(file=document)]
    if _ID.fullmatch(document):
        names.append(_Name(id=document))
    if match := re.fullmatch(r"(.+):(\d{1,18})", document):
        names.append(_Name(file=match[1], offset=int(match[2])))
    if match := re.fullmatch(r"(.+):(\d{1,18}):(\d{1,9})", document):
        names.append(_Name(file=match[1], offset=int(match[2]), piece=int(match[3])))
    if match := re.fullmatch(r"(.+)#(\d{1,18})", document):
        names.append(_Name(file=match[1], number=int(match[2])))
    return tuple(names)


def _hits(corpus: Corpus, names: Sequence[_Name]) -> Iterator[Hit]:
    which: Which
    for which in ("documents", "dropped"):
        known = corpus.columns(which)
        for group in corpus.groups(which, [name for name in _PLACE if name in known]):
            mask = _mask(group.table, names)
            for place in pc.indices_nonzero(mask).to_pylist():
                row = {name: group.table.column(name)[place].as_py() for name in group.table.column_names}
                piece = piece_of(row["id"], row["source"], row["offset"], row.pop("edits", None))
                yield Hit(**row, piece=piece, which=which, group=group, place=place)


def _mask(table: pa.Table, names: Sequence[_Name]) -> Any:
    """Rows that any reading may mean; pieces and numbers are looked at later."""
    masks = []
    for name in names:
        if name.id:
            masks.append(pc.starts_with(table.column("id"), pattern=name.id))
            continue
        source = table.column("source")
        mask = pc.or_(pc.equal(source, name.file), pc.ends_with(source, pattern="/" + name.file))
        if name.offset is not None:
            mask = pc.and_(mask, pc.equal(table.column("offset"), name.offset))
        masks.append(mask)
    whole = masks[0]
    for mask in masks[1:]:
        whole = pc.or_(whole, mask)
    return whole


def _chosen(found: Sequence[Hit], name: _Name) -> list[Hit]:
    """Those of `found` (sorted) that this reading means."""
    if name.id:
        return [hit for hit in found if hit.id.startswith(name.id)]
    hits = [hit for hit in found if hit.source == name.file or hit.source.endswith("/" + name.file)]
    if name.offset is not None:
        hits = [hit for hit in hits if hit.offset == name.offset]
    if name.piece is not None:
        hits = [hit for hit in hits if hit.piece == name.piece]
    if name.number is not None:
        files = sorted({hit.source for hit in hits})
        each = [[hit for hit in hits if hit.source == file] for file in files]
        hits = [of_file[name.number - 1] for of_file in each if 1 <= name.number <= len(of_file)]
    return hits


def _not_one(document: str, hits: Sequence[Hit]) -> DataError:
    lines = [f"\n    {number}. {hit.id}  {hit.name}" for number, hit in enumerate(hits[:MOST_LISTED], 1)]
    lines += ["\n    ..."] * (len(hits) > MOST_LISTED)
    return DataError(
        Text("{count} documents answer to '{document}'", "有 {count} 篇文档与 '{document}' 对应"),
        got="".join(lines) or document,
        allowed=Text(
            "the id of one document or its beginning, FILE, FILE:OFFSET, FILE:OFFSET:PIECE or FILE#N",
            "一篇文档的 id 或其开头、文件、文件:位置、文件:位置:段 或 文件#序号",
        ),
        fix=Text(
            "take one of the names above, or an id from the report or from the column id",
            "请使用上面列出的名称之一，或报告、id 列中的 id",
        ),
        count=len(hits),
        document=document,
    )
