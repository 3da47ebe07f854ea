"""Tar archives, packed or not, read as a stream from front to back: memory stays flat, nothing is extracted by name."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast, final

from danlu.corpus.document import FilePart, Found, Reader, Refused
from danlu.corpus.opening import UnpackError, open_bytes
from danlu.corpus.readers.members import Members, member_name
from danlu.corpus.settings import ReadingSettings


def read(part: FilePart, settings: ReadingSettings) -> Iterator[Found | Refused]:
    """Yields what each ordinary member holds; links, devices and pipes are refused."""
    place = _Place()
    try:
        with (
            open_bytes(Path(part.file.path), part.file.compression, settings) as stream,
            Members(part, settings) as members,
        ):
            yield from _members(_Ending(stream), members, place)
    except (tarfile.TarError, EOFError, OSError, ValueError) as problem:
        yield Refused(offset=place.offset, reason="damaged_archive", got=str(problem)[:200], inside=place.name)
    except UnpackError as problem:
        yield Refused(offset=place.offset, reason=problem.reason, got=problem.got, inside=place.name)


@final
class _Place:
    """Where in the archive the reading is, for messages."""

    offset = 0
    name = ""


def _members(stream: "_Ending", members: Members, place: _Place) -> Iterator[Found | Refused]:
    archive = tarfile.open(  # noqa: SIM115 (it holds nothing but the stream, which is closed by its opener)
        fileobj=cast(BinaryIO, stream), mode="r|", encoding="utf-8", errors="surrogateescape"
    )
    for info in archive:
        archive.members = []  # type: ignore[attr-defined]  # a list of all members would grow with the archive
        if info.isdir():
            continue
        name = member_name(info.name.encode("utf-8", "surrogateescape"))
        place.offset = info.offset
        refusal = members.refusal(name, info.offset)
        name = place.name = members.named(name)
        if refusal is None and not info.isreg():
            refusal = Refused(offset=info.offset, reason="no_regular_file", got=name, inside=name)
        if refusal is None:
            yield from members.read(name, cast(BinaryIO, archive.extractfile(info)), info.offset)
            continue
        yield refusal
        if refusal.reason == "too_many_members":
            return
    if not stream.is_clean(cast(IO[bytes], archive.fileobj)):
        got = "no end mark, or a damaged header"
        yield Refused(offset=place.offset + 1, reason="damaged_archive", got=got)


@final
class _Ending:
    """A stream that remembers its last block: tarfile takes a damaged header, or none, for the end of the archive."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._last = stream, b""

    def read(self, count: int) -> bytes:
        """The next bytes."""
        data = self._stream.read(count)
        self._last = (self._last + data)[-tarfile.BLOCKSIZE :]
        return data

    def is_clean(self, rest: IO[bytes]) -> bool:
        """Whether nothing but zeros follows in `rest`, and the archive ends with a block of zeros as it must."""
        while data := rest.read(1 << 20):
            if data.strip(b"\0"):
                return False
        return not self._last.strip(b"\0")


READER = Reader(
    endings=(".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tzst"), read=read, many=True, binary=True, archive=True
)
