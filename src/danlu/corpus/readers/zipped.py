"""Zip archives: members in the order of the directory, each read like a file of its own; nothing is extracted by name."""

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast, final

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.opening import UnpackError, plain_file
from danlu.corpus.readers.members import Members, member_name
from danlu.corpus.settings import ReadingSettings

ENCRYPTED = 0x1
NAME_IS_UTF8 = 0x800
# What zipfile raises for members that are damaged, cut off, or packed in a way it does not know.
MEMBER_ERRORS = (zipfile.BadZipFile, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)


def read(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields what each member holds; names within the archive are part of the documents' names."""
    try:
        with (
            plain_file(Path(part.file.path), part.file.compression, settings) as path,
            zipfile.ZipFile(path) as archive,
            Members(part, settings) as members,
        ):
            for info in archive.infolist():
                if info.is_dir():
                    continue
                name = info_name(info)
                refusal = members.refusal(name, max(0, info.header_offset))
                name = members.named(name)
                refusal = refusal or _refusal(info, name)
                if refusal is not None:
                    yield refusal
                    if refusal.reason == "too_many_members":
                        return
                    continue
                yield from _member(archive, info, members, name)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
        yield Refused(offset=0, reason="damaged_archive", got=str(problem)[:200])
    except UnpackError as problem:
        yield Refused(offset=0, reason=problem.reason, got=problem.got)


def info_name(info: zipfile.ZipInfo) -> str:
    """The member's name: archives made in China hold GBK, which the format takes for code page 437."""
    if info.flag_bits & NAME_IS_UTF8:
        return info.orig_filename.encode("utf-8", "backslashreplace").decode()
    return member_name(info.orig_filename.encode("cp437", "replace"))


def _refusal(info: zipfile.ZipInfo, name: str) -> Refused | None:
    kind = info.external_attr >> 28  # the file type of Unix: 8 an ordinary file, 10 a link
    if info.create_system == 3 and kind not in (0, 8):
        return Refused(offset=max(0, info.header_offset), reason="no_regular_file", got=name, inside=name)
    if info.flag_bits & ENCRYPTED:
        return Refused(offset=max(0, info.header_offset), reason="encrypted", got=name, inside=name)
    return None


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, members: Members, name: str) -> Iterator[Found | Refused]:
    try:
        with archive.open(info) as stream:
            yield from members.read(name, cast(BinaryIO, _Checked(stream)), max(0, info.header_offset))
    except (*MEMBER_ERRORS, NotImplementedError) as problem:
        yield Refused(offset=max(0, info.header_offset), reason="damaged_archive", got=str(problem)[:200], inside=name)


@final
class _Checked:
    """A member whose damage is an UnpackError, as everywhere else."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, count: int) -> bytes:
        try:
            return self._stream.read(count)
        except MEMBER_ERRORS as problem:
            raise UnpackError("damaged_archive", str(problem)[:200]) from problem


READER = Reader(endings=(".zip",), read=read, many=True, binary=True, archive=True)
