"""Documents that are zip archives inside (epub, docx): their parts by name, under the caps of archives."""

import zipfile
from pathlib import Path
from typing import final

from danlu.corpus.opening import UnpackError, unpacked_limit
from danlu.corpus.readers.zipped import ENCRYPTED, MEMBER_ERRORS
from danlu.corpus.settings import ReadingSettings

MAX_PART_BYTES = 256 * 2**20


@final
class Package:
    """Parts of one document; used as a context. Opening and reading raise UnpackError with the reason to report."""

    def __init__(self, path: Path, settings: ReadingSettings, damaged: str) -> None:
        self._damaged = damaged
        self._left = unpacked_limit(path.stat().st_size, settings)
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
            raise UnpackError(damaged, str(problem)[:200]) from problem

    def __enter__(self) -> "Package":
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def __contains__(self, name: str) -> bool:
        return name in self._archive.NameToInfo

    def part(self, name: str) -> bytes:
        """The bytes of one part. Raises UnpackError where it is absent, damaged, encrypted or beyond the caps."""
        info = self._archive.NameToInfo.get(name)
        if info is None:
            raise UnpackError(self._damaged, f"there is no {name}"[:200])
        if info.flag_bits & ENCRYPTED:
            raise UnpackError("encrypted", name[:200])
        limit = min(self._left, MAX_PART_BYTES)
        try:
            with self._archive.open(info) as stream:
                data = stream.read(limit + 1)
        except (*MEMBER_ERRORS, NotImplementedError) as problem:
            raise UnpackError(self._damaged, f"{name}: {problem}"[:200]) from problem
        if len(data) > limit:
            raise UnpackError("unpacks_too_large", f"{name}: more than {limit} bytes"[:200])
        self._left -= len(data)
        return data
