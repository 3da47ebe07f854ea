"""Opens a file of any packing as one stream of bytes, with caps against bombs and no wait on pipes and devices."""

import bz2
import gzip
import io
import lzma
import shutil
import stat
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast, final

from danlu.core.disk import disk_errors
from danlu.corpus.settings import ReadingSettings

MAGIC = {
    b"\x1f\x8b": "gz",
    b"\x28\xb5\x2f\xfd": "zst",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"\x04\x22\x4d\x18": "lz4",
}
ENDINGS = {".gz": "gz", ".zst": "zst", ".bz2": "bz2", ".xz": "xz", ".lz4": "lz4"}
FREE_BYTES = 64 * 2**20  # small files of one repeated character pack 1000 : 1 and harm no one
BLOCK = 1 << 20


class UnpackError(Exception):
    """The packed bytes are damaged, cut off, or expand beyond the caps; `reason` is counted in `dropped`."""

    def __init__(self, reason: str, got: str) -> None:
        self.reason, self.got = reason, got
        super().__init__(f"{reason}: {got}")


def is_regular(path: Path) -> bool:
    """Whether `path` (links followed) is an ordinary file: pipes, sockets and devices could block for ever."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def compression_of(head: bytes) -> str:
    """The packing that the first bytes of a file show, or an empty string. The name is not asked: it may lie."""
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "")


def unpacked_limit(packed_bytes: int, settings: ReadingSettings) -> int:
    """The bytes that something of `packed_bytes` may unpack to before it is taken for a bomb."""
    return min(settings.max_unpacked_bytes, max(FREE_BYTES, int(packed_bytes * settings.max_expansion)))


def open_bytes(path: Path, compression: str, settings: ReadingSettings) -> BinaryIO:
    """The unpacked bytes of `path` as a buffered stream.

    Reading raises UnpackError where the packed data is damaged or cut off, or where it unpacks to more than
    `max_unpacked_bytes` or `max_expansion` times its size; so does opening a file that is gone or forbidden by now.
    """
    try:
        handle = path.open("rb")
        packed = path.stat().st_size
    except OSError as problem:
        raise UnpackError("unreadable_file", problem.strerror or str(problem)) from problem
    if not compression:
        return handle
    return unpacked(handle, compression, unpacked_limit(packed, settings))


def unpacked(handle: BinaryIO, compression: str, limit: int) -> BinaryIO:
    """The unpacked bytes of a packed stream, at most `limit`; closing it closes `handle` too."""
    return io.BufferedReader(_Capped(_UNPACKERS[compression](handle), handle, limit), BLOCK)


def read_head(path: Path, compression: str, count: int, settings: ReadingSettings) -> bytes:
    """The first `count` unpacked bytes, fewer when the file is shorter."""
    with open_bytes(path, compression, settings) as stream:
        return stream.read(count)


@contextmanager
def plain_file(path: Path, compression: str, settings: ReadingSettings) -> Iterator[Path]:
    """A file with the unpacked bytes, for libraries that seek: `path` itself, or a temporary one. Raises as reading does."""
    if not compression:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="danlu-") as folder, open_bytes(path, compression, settings) as stream:
        unpacked_path = Path(folder) / "unpacked"
        with disk_errors(unpacked_path), unpacked_path.open("wb") as target:
            shutil.copyfileobj(stream, target, BLOCK)
        yield unpacked_path


def _through_arrow(name: str) -> Callable[[BinaryIO], BinaryIO]:
    """Arrow's stream: unlike that of the package zstandard it tells when the data ends within a frame."""

    def opened(handle: BinaryIO) -> BinaryIO:
        import pyarrow as pa

        return cast(BinaryIO, pa.CompressedInputStream(handle, name))

    return opened


_UNPACKERS: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    "gz": lambda handle: cast(BinaryIO, gzip.GzipFile(fileobj=handle)),
    "bz2": lambda handle: cast(BinaryIO, bz2.BZ2File(handle)),
    "xz": lambda handle: cast(BinaryIO, lzma.LZMAFile(handle)),  # noqa: SIM115 (closed by _Capped)
    "zst": _through_arrow("zstd"),
    "lz4": _through_arrow("lz4"),
}


@final
class _Capped(io.RawIOBase):
    """Counts what comes out and stops at `limit` bytes; turns the libraries' many errors into UnpackError."""

    def __init__(self, stream: BinaryIO, handle: BinaryIO, limit: int) -> None:
        self._stream, self._handle, self._limit, self._count = stream, handle, limit, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError) as problem:
            raise UnpackError("damaged_packing", f"after {self._count} bytes: {problem}"[:200]) from problem
        self._count += len(data)
        if self._count > self._limit:
            raise UnpackError("unpacks_too_large", f"more than {self._limit} bytes")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        self._handle.close()
        super().close()
