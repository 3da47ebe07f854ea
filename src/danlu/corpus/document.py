"""The one thing that flows through this package, and what a reader hands over before it becomes one."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from danlu.corpus.settings import ReadingSettings


@dataclass(frozen=True, kw_only=True)
class Document:
    """One kept text. `offset` is the byte (txt, jsonl) or row (tables) in the file `source`, a relative path."""

    id: str
    source: str
    offset: int
    domain: str
    text: str


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One file to read: where it lies, its relative name (part of ids), its reader and how it is compressed."""

    path: str
    name: str
    domain: str
    reader: str
    compression: str
    num_bytes: int
    modified: int  # nanoseconds; only tells an interrupted build whether the file changed, never stored
    valid: bool = False


@dataclass(frozen=True, kw_only=True)
class FilePart:
    """The documents that begin in bytes [start, stop) of a file; `stop` None means to the end."""

    file: SourceFile
    start: int = 0
    stop: int | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """A text found by a reader. `edits` tells what reading had to mend, e.g. `("encoding:gb18030",)`.

    `inside` names the member of an archive that holds it, else it is empty; `offset` counts within that member.
    """

    offset: int
    text: str
    domain: str | None = None
    edits: tuple[str, ...] = ()
    inside: str = ""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A record that could not be read: `reason` is counted in `dropped`, `got` shows the beginning of it."""

    offset: int
    reason: str
    got: str
    line: int | None = None
    inside: str = ""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One row of READERS: the file endings it takes and the function that reads a part of a file.

    `many` says that one file holds many documents, so that its name serves as a domain; `ranges` that an uncompressed
    file may be read in byte ranges; `binary` that the format is no text, so that a text file with its ending is none;
    `archive` that its documents are members with names of their own, and that no archive within one is opened.
    """

    endings: tuple[str, ...]
    read: Callable[[FilePart, ReadingSettings], Iterator[Found | Refused]]
    many: bool = False
    ranges: bool = False
    binary: bool = False
    archive: bool = False


def full_name(part: FilePart, item: Found | Refused) -> str:
    """The name of the file, and of the member within it where it is an archive: `books.zip/one.txt`."""
    return f"{part.file.name}/{item.inside}" if item.inside else part.file.name


def document_id(source: str, offset: int, piece: int = 0) -> str:
    """16 hexadecimal digits of SHA-256 over the place of a document: stable as long as the file stays as it is."""
    place = f"{source}\n{offset}" if piece == 0 else f"{source}\n{offset}\n{piece}"
    return hashlib.sha256(place.encode()).hexdigest()[:16]
