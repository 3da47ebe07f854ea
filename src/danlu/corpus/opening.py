"""Opens a file of any packing as one stream of bytes, with caps against bombs and no wait on pipes and devices."""

import bz2
import gzip
import io
import lzma
import stat
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast, final

from danlu.core.errors import DataError
from danlu.core.language import Text
from danlu.corpus.settings import ReadingSettings

MAGIC = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
ENDINGS = {".gz": "gz", ".zst": "zst", ".bz2": "bz2", ".xz": "xz"}
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


def open_bytes(path: Path, compression: str, settings: ReadingSettings) -> BinaryIO:
    """The unpacked bytes of `path` as a buffered stream.

    Reading raises UnpackError where the packed data is damaged or cut off, or where it unpacks to more than
    `max_unpacked_bytes` or `max_expansion` times its size. Raises DataError when the file cannot be opened.
    """
    try:
        handle = path.open("rb")
    except OSError as problem:
        raise DataError(
            Text("cannot read {path}", "无法读取 {path}"),
            got=problem.strerror or str(problem),
            allowed=Text("a file that this user may read", "当前用户可读的文件"),
            fix=Text("mend its permissions or leave it out", "请修正权限或排除该文件"),
            path=path,
        ) from problem
    if not compression:
        return handle
    packed = path.stat().st_size
    limit = min(settings.max_unpacked_bytes, max(FREE_BYTES, int(packed * settings.max_expansion)))
    return io.BufferedReader(_Capped(_UNPACKERS[compression](handle), handle, limit), BLOCK)


def read_head(path: Path, compression: str, count: int, settings: ReadingSettings) -> bytes:
    """The first `count` unpacked bytes, fewer when the file is shorter."""
    with open_bytes(path, compression, settings) as stream:
        return stream.read(count)


def _unpack_zst(handle: BinaryIO) -> BinaryIO:
    """Arrow's stream: unlike that of the package zstandard it tells when the data ends within a frame."""
    import pyarrow as pa

    return cast(BinaryIO, pa.CompressedInputStream(handle, "zstd"))


_UNPACKERS: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    "gz": lambda handle: cast(BinaryIO, gzip.GzipFile(fileobj=handle)),
    "bz2": lambda handle: cast(BinaryIO, bz2.BZ2File(handle)),
    "xz": lambda handle: cast(BinaryIO, lzma.LZMAFile(handle)),  # noqa: SIM115 (closed by _Capped)
    "zst": _unpack_zst,
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
            raise UnpackError("damaged_packing", str(problem)[:200]) from problem
        self._count += len(data)
        if self._count > self._limit:
            raise UnpackError("unpacks_too_large", f"more than {self._limit} bytes")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        self._handle.close()
        super().close()
