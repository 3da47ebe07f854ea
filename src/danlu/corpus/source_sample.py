"""About 1 % of some source files, read with their own readers: texts, refusals, and how many bytes they stand for."""

import bz2
import lzma
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import zstandard

from danlu.core.clock import Stopwatch
from danlu.core.streams import numpy_stream, stream_seed
from danlu.corpus.document import FilePart, Found, Refused, SourceFile
from danlu.corpus.reading import read_part
from danlu.corpus.recognising import readers
from danlu.corpus.settings import ReadingSettings

SHARE = 0.01
LEAST_BYTES, MOST_BYTES = 2_000_000, 32_000_000
THROUGH = 64_000_000  # bytes of a packed file that is gone through whole, since its records may come in groups
LEAST_PART = 50_000  # bytes of a file below which it is not read in part
PIECES = 16  # of one large file, so that its beginning does not speak for all of it
MOST_SECONDS = 20.0
PACKED_BYTES, UNPACKED_BYTES = 1 << 20, 8 << 20  # of a packed file, to see how far it unpacks


@dataclass(kw_only=True)
class SourceSample:
    """The texts that were read, and what they stand for: `num_bytes` (unpacked) of `total_bytes`."""

    texts: list[Found] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    num_bytes: int = 0
    total_bytes: int = 0
    seconds: float = 0.0  # of reading what the sample holds
    idle_seconds: float = 0.0  # of reading what was passed over
    is_rough: bool = False  # a part of a file was read whose share of the file is only estimated

    @property
    def factor(self) -> float:
        """How many times as much there is."""
        return self.total_bytes / max(1, self.num_bytes)


def sample_sources(files: Sequence[SourceFile], settings: ReadingSettings) -> SourceSample:
    """The same share of every file: large ones in part, of small ones some in whole, picked by the hash of their names."""
    sample = SourceSample()
    watch = Stopwatch()
    sizes = {file.name: round(file.num_bytes * expansion(file)) for file in files}
    sample.total_bytes = sum(sizes.values())
    wanted = min(MOST_BYTES, max(LEAST_BYTES, round(SHARE * sample.total_bytes)))
    rate = min(1.0, wanted / max(1, sample.total_bytes))
    ordered = sorted(files, key=lambda file: stream_seed(0, "plan", file.name))
    large = [file for file in ordered if rate < 1 and sizes[file.name] * rate >= LEAST_PART]
    small = [file for file in ordered if rate == 1 or sizes[file.name] * rate < LEAST_PART]
    # The same share of each large file, and of the small ones as many whole files, so that no kind weighs more.
    for file in large:
        _read_file(file, sizes[file.name], max(1, round(sizes[file.name] * rate)), settings, sample)
    left = rate * sum(sizes[file.name] for file in small)
    for file in small:
        if left <= 0 or watch.seconds() > MOST_SECONDS:
            break
        room = min(sizes[file.name], max(LEAST_PART, round(left)))
        _read_file(file, sizes[file.name], room, settings, sample)
        left -= room
    sample.seconds = watch.seconds() - sample.idle_seconds
    return sample


def _read_file(file: SourceFile, size: int, room: int, settings: ReadingSettings, sample: SourceSample) -> None:
    """The whole file where it fits into `room` bytes; else ranges of it, or its beginning."""
    if size <= room:
        _read_part(FilePart(file=file), size, size, settings, sample)
    elif readers()[file.reader].ranges and not file.compression:
        length = max(1, room // PIECES)
        places = (np.arange(PIECES) + numpy_stream(0, "plan", file.name).random(PIECES)) / PIECES
        for start in (places * max(1, file.num_bytes - length)).astype(int).tolist():
            _read_part(FilePart(file=file, start=start, stop=start + length), length, 4 * length, settings, sample)
    elif readers()[file.reader].many and size <= THROUGH:
        _read_some(file, room / size, settings, sample)
        sample.num_bytes += room
    else:
        sample.is_rough = True
        _read_part(FilePart(file=file), None, room, settings, sample)


def _read_some(file: SourceFile, share: float, settings: ReadingSettings, sample: SourceSample) -> None:
    """Goes through all records and takes a `share` of them by chance; only that share of the time counts."""
    watch = Stopwatch()
    stream = numpy_stream(0, "plan", file.name)
    for item in read_part(FilePart(file=file), settings):
        if stream.random() < share:
            _take(item, file, sample)
    sample.idle_seconds += (1 - share) * watch.seconds()


def _take(item: Found | Refused, file: SourceFile, sample: SourceSample) -> int:
    """Puts one record into the sample; the bytes of its text."""
    if isinstance(item, Refused):
        sample.refused[item.reason] += 1
        return 0
    sample.texts.append(item)
    sample.domains.append(item.domain or file.domain)
    return len(item.text.encode("utf-8", "replace"))


def _read_part(
    part: FilePart, stands_for: int | None, room: int, settings: ReadingSettings, sample: SourceSample
) -> None:
    """Reads until `room` bytes of text; `stands_for` None: the part stands for as many bytes as were read."""
    num_bytes = 0
    for item in read_part(part, settings):
        num_bytes += _take(item, part.file, sample)
        if num_bytes >= max(room, 1) and stands_for is None:
            break
    sample.num_bytes += num_bytes if stands_for is None else stands_for


def expansion(file: SourceFile) -> float:
    """Unpacked bytes for each packed one, from the first megabyte of a packed file; 1 where it is not packed."""
    unpack = _UNPACK.get(file.compression)
    if unpack is None:
        return 1.0
    try:
        with Path(file.path).open("rb") as handle:
            packed = handle.read(PACKED_BYTES)
        unpacked = unpack(packed)
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zstandard.ZstdError):
        return 1.0  # the build will tell what is wrong with it
    return max(1.0, unpacked / max(1, len(packed)))


_UNPACK: dict[str, Callable[[bytes], int]] = {
    "gz": lambda data: len(zlib.decompressobj(31).decompress(data, UNPACKED_BYTES)),
    "bz2": lambda data: len(bz2.BZ2Decompressor().decompress(data, UNPACKED_BYTES)),
    "xz": lambda data: len(lzma.LZMADecompressor().decompress(data, UNPACKED_BYTES)),
    "zst": lambda data: len(zstandard.ZstdDecompressor().stream_reader(data).read(UNPACKED_BYTES)),
}
