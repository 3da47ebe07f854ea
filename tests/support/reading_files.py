"""Reads one file with its reader, as a build does, without building anything."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from danlu.corpus.document import FilePart, Found, Refused
from danlu.corpus.files import find_files
from danlu.corpus.reading import read_part
from danlu.corpus.settings import ReadingSettings


@dataclass
class Read:
    """What came out of a file."""

    items: list[Found | Refused] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        return [item.text for item in self.items if isinstance(item, Found)]

    @property
    def refused(self) -> list[Refused]:
        return [item for item in self.items if isinstance(item, Refused)]

    @property
    def reasons(self) -> list[str]:
        return [item.reason for item in self.refused]

    @property
    def names(self) -> list[str]:
        return [item.inside for item in self.items if isinstance(item, Found)]


def read_file(path: Path, data: bytes | None = None, **settings: Any) -> Read:
    """Writes `data` to `path` where it is given, recognises the file and reads all of it."""
    if data is not None:
        path.write_bytes(data)
    reading = ReadingSettings(**settings)
    found = find_files([path], reading)
    items = [item for file in found.files for item in read_part(FilePart(file=file), reading)]
    return Read(items, dict(found.skipped))
