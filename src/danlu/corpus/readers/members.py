"""Members of archives: each is put into a temporary file and read like a file of its own, under the archive's caps."""

import io
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO, final

from danlu.core.disk import disk_errors
from danlu.corpus.document import FilePart, Found, Refused, SourceFile
from danlu.corpus.encoding import SEEMS_TEXT, score
from danlu.corpus.opening import BLOCK, UnpackError, compression_of, unpacked, unpacked_limit
from danlu.corpus.recognising import HEAD_BYTES, is_hidden, readers, recognise
from danlu.corpus.settings import ReadingSettings

__all__ = ["Members", "member_name"]


@final
class Members:
    """Reads the members of one archive in turn; used as a context, which removes the temporary file at the end.

    All members together, packed members within the archive included, may unpack to what one packed file of the
    archive's size may.
    """

    def __init__(self, part: FilePart, settings: ReadingSettings) -> None:
        self._part, self._settings = part, settings
        self._left = unpacked_limit(part.file.num_bytes, settings)
        self._names: Counter[str] = Counter()
        self._count = 0
        self._folder = tempfile.TemporaryDirectory(prefix="danlu-")

    def __enter__(self) -> "Members":
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def named(self, name: str) -> str:
        """The name of the next member; a second one of the same name gets a number, so that ids stay different."""
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name}~{self._names[name]}"

    def read(self, name: str, stream: BinaryIO, offset: int) -> Iterator[Found | Refused]:
        """What the member holds. Raises UnpackError when the archive's budget is used up."""
        path = Path(self._folder.name) / "member"
        try:
            num_bytes = self._spool(stream, path)
        except UnpackError as problem:
            if problem.reason == "unpacks_too_large":
                raise
            yield Refused(offset=offset, reason=problem.reason, got=problem.got, inside=name)
            return
        with path.open("rb") as handle:
            stem, reader, reason = recognise(PurePosixPath(name).name, handle.read(HEAD_BYTES))
        if reader is not None and readers()[reader].archive:
            reader, reason = None, "nested_archive"
        if reader is None:
            yield Refused(offset=offset, reason=reason, got=name, inside=name)
            return
        file = SourceFile(
            path=str(path),
            name=f"{self._part.file.name}/{name}",
            domain=self._domain(name, stem, many=readers()[reader].many),
            reader=reader,
            compression="",
            num_bytes=num_bytes,
            modified=0,
            valid=self._part.file.valid,
        )
        yield from self._from_file(file, name)

    def refusal(self, name: str, offset: int) -> Refused | None:
        """Why a member of this name is not read, if so: hidden, outside the archive's folder, or one too many."""
        self._count += 1
        if self._count == self._settings.max_members + 1:
            return Refused(offset=offset, reason="too_many_members", got=f"more than {self._settings.max_members}")
        place = PurePosixPath(name.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or ":" in name[:3] or "\0" in name:
            return Refused(offset=offset, reason="unsafe_name", got=name[:200], inside=self.named("unsafe"))
        if any(is_hidden(piece) for piece in place.parts):
            return Refused(offset=offset, reason="hidden", got=name[:200], inside=name)
        return None

    def _from_file(self, file: SourceFile, name: str) -> Iterator[Found | Refused]:
        num_found = 0
        try:
            for item in readers()[file.reader].read(FilePart(file=file), self._settings):
                num_found += 1
                if isinstance(item, Found):
                    yield replace(item, inside=name, domain=item.domain or file.domain)
                else:
                    yield replace(item, inside=name)
        except UnpackError as problem:
            yield Refused(offset=0, reason=problem.reason, got=problem.got, inside=name)
            return
        except (OSError, ValueError, LookupError, RuntimeError) as problem:
            # What is wrong with one member is no reason to lose the next ones.
            got = f"{type(problem).__name__}: {problem}"[:200]
            yield Refused(offset=0, reason="reader_failed", got=got, inside=name)
            return
        if num_found == 0:
            yield Refused(offset=0, reason="empty", got="", inside=name)

    def _spool(self, stream: BinaryIO, path: Path) -> int:
        """Writes the member, unpacked, into the file; every byte that comes out is taken from the archive's budget."""
        head = stream.read(HEAD_BYTES)
        packing = compression_of(head)
        count = 0
        with disk_errors(path), path.open("wb") as target:
            if packing:
                with unpacked(io.BufferedReader(_Joined(head, stream)), packing, self._left) as plain:
                    while data := plain.read(BLOCK):
                        count += target.write(data)
            else:
                data = head
                while data:
                    count += target.write(data)
                    if count > self._left:
                        raise UnpackError("unpacks_too_large", f"all members together exceed the limit at {path.name}")
                    data = stream.read(BLOCK)
        self._left -= count
        return count

    def _domain(self, name: str, stem: str, *, many: bool) -> str:
        """As for files: of many documents the file's name, else the folder; without one, the archive's own domain."""
        folders = PurePosixPath(name).parts[:-1]
        return stem if many else folders[0] if folders else self._part.file.domain


@final
class _Joined(io.RawIOBase):
    """A beginning that was read already, and the rest of its stream."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head, self._stream = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._head[: len(buffer)] or self._stream.read(len(buffer))
        self._head = self._head[len(data) :] if self._head else b""
        buffer[: len(data)] = data
        return len(data)


def member_name(raw: bytes) -> str:
    """The name from its bytes: UTF-8, else GB 18030 where that gives Chinese, else code page 437 as the zip format says."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for encoding in ("gb18030", "shift_jis", "big5"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if score(text) > SEEMS_TEXT:
            return text
    return raw.decode("cp437")
