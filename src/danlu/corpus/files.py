"""Which files a build reads: sources walked in sorted order, each with its reader, or the reason it is left out."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.corpus import SHAPES
from danlu.corpus.document import FilePart, SourceFile
from danlu.corpus.opening import UnpackError, compression_of, is_regular, read_head
from danlu.corpus.recognising import HEAD_BYTES, is_hidden, readers, recognise
from danlu.corpus.settings import ReadingSettings

SHARDS_WANTED = 64  # so that the last ones to end leave a core idle for a small part of the time
SHARD_BYTES = (2 * 2**20, 64 * 2**20)  # each has a file to write and rows to merge


@dataclass(kw_only=True)
class FoundFiles:
    """The files to read, in order, and how many entries were left out for which reason (a few examples of each)."""

    files: list[SourceFile] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def skip(self, reason: str, name: str) -> None:
        """Counts one entry that is not read."""
        self.skipped[reason] += 1
        self.examples.setdefault(reason, [])
        if len(self.examples[reason]) < 5:
            self.examples[reason].append(name)


@dataclass(frozen=True, kw_only=True)
class Shard:
    """One unit of work: parts of files, in order. Its bounds follow from the sources alone, never from the workers."""

    index: int
    parts: tuple[FilePart, ...]

    @property
    def num_bytes(self) -> int:
        """Bytes to read, packed as they lie."""
        stops = ((part.file.num_bytes if part.stop is None else part.stop) - part.start for part in self.parts)
        return sum(stops)


def find_files(sources: Sequence[Path], settings: ReadingSettings, *, valid: Sequence[Path] = ()) -> FoundFiles:
    """Walks `sources` and `valid` (files or folders) in sorted order; raises UsageError for one that does not exist.

    Hidden files, pipes, devices, binary and unknown formats are left out and counted; links to folders are followed
    once, so that a loop ends. A file named directly is read even when it is hidden.
    """
    if settings.shape != "auto":
        SHAPES.load(settings.shape)  # an unknown name is refused before any work
    found = FoundFiles()
    names = Counter[str]()
    for source, is_valid in [*((s, False) for s in sources), *((v, True) for v in valid)]:
        if not source.exists():
            raise _missing(source)
        root = source.resolve().name or "root"
        names[root] += 1
        root = root if names[root] == 1 else f"{root}~{names[root]}"
        for path, inside in _walk(source, found):
            name = _storable("/".join((root, *inside)))
            file = _inspect(path, name, _storable(_folder_domain(source, root, inside)), settings, found)
            if file is not None:
                found.files.append(replace(file, valid=is_valid))
    return found


def plan_shards(files: Sequence[SourceFile], shard_bytes: int | None) -> list[Shard]:
    """Packs files in order into shards of about `shard_bytes`; larger ones are cut into ranges where that is possible.

    None: SHARDS_WANTED shards, within SHARD_BYTES.
    """
    size = shard_bytes or min(max(sum(map(input_weight, files)) // SHARDS_WANTED, SHARD_BYTES[0]), SHARD_BYTES[1])
    shards: list[list[FilePart]] = [[]]
    room = size
    for file in files:
        weight = input_weight(file)
        if weight > room and shards[-1]:
            shards.append([])
            room = size
        ranges = _ranges(file, size)
        shards[-1].append(ranges[0])
        shards.extend([part] for part in ranges[1:])
        room = room - weight if len(ranges) == 1 else 0
    return [Shard(index=index, parts=tuple(parts)) for index, parts in enumerate(shards) if parts]


def input_weight(file: SourceFile) -> int:
    """Bytes that a file is worth of work: packed text is about four times as long unpacked."""
    return file.num_bytes * (4 if file.compression else 1)


def _ranges(file: SourceFile, shard_bytes: int) -> list[FilePart]:
    """The whole file, or parts of equal size: a small last one would leave a core idle at the end."""
    whole = file.valid or file.compression or not readers()[file.reader].ranges
    if whole or file.num_bytes <= 2 * shard_bytes:
        return [FilePart(file=file)]
    size = -(-file.num_bytes // round(file.num_bytes / shard_bytes))
    starts = list(range(0, file.num_bytes, size))
    return [FilePart(file=file, start=a, stop=b) for a, b in zip(starts, [*starts[1:], None], strict=True)]


def _walk(source: Path, found: FoundFiles) -> Iterator[tuple[Path, tuple[str, ...]]]:
    if not source.is_dir():
        yield source, ()
        return
    pending: list[tuple[Path, tuple[str, ...]]] = [(source, ())]
    seen: set[tuple[int, int]] = set()
    while pending:
        folder, inside = pending.pop()
        try:
            state = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            found.skip("unreadable_folder", _storable("/".join(inside)))
            continue
        if (state.st_dev, state.st_ino) in seen:
            found.skip("link_loop", _storable("/".join(inside)))
            continue
        seen.add((state.st_dev, state.st_ino))
        folders = []
        for entry in entries:
            where = (*inside, entry.name)
            if is_hidden(entry.name):
                found.skip("hidden", _storable("/".join(where)))
            elif _is_folder(entry):
                folders.append((Path(entry.path), where))
            else:
                yield Path(entry.path), where
        pending.extend(reversed(folders))


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _inspect(path: Path, name: str, folder: str, settings: ReadingSettings, found: FoundFiles) -> SourceFile | None:
    """The file with its reader, or None after counting why it is left out."""
    if not is_regular(path):
        found.skip("no_regular_file", name)
        return None
    try:
        state = path.stat()
        with path.open("rb") as handle:
            packing = compression_of(handle.read(6))
        head = read_head(path, packing, HEAD_BYTES, settings)
    except OSError:
        found.skip("unreadable_file", name)
        return None
    except UnpackError:
        head = b""  # the reader meets it again and counts it
    stem, reader, reason = recognise(path.name, head)
    if reader is None:
        found.skip(reason, name)
        return None
    many = readers()[reader].many
    return SourceFile(
        path=str(path),
        name=name,
        domain=_storable(stem or path.name) if many or not folder else folder,
        reader=reader,
        compression=packing,
        num_bytes=state.st_size,
        modified=state.st_mtime_ns,
    )


def _storable(name: str) -> str:
    """File names may hold bytes that are no UTF-8; they stay visible, so that two such names stay two."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _folder_domain(source: Path, root: str, inside: tuple[str, ...]) -> str:
    """The first folder below the source, else the source folder itself; empty for a file named directly."""
    if not source.is_dir():
        return ""
    return inside[0] if len(inside) > 1 else root


def _missing(source: Path) -> UsageError:
    return UsageError(
        Text("there is no file or folder {path}", "文件或目录不存在：{path}"),
        got=str(source),
        allowed=Text("an existing file or folder", "已存在的文件或目录"),
        fix=Text("check the spelling; the command runs in {folder}", "请检查拼写；当前目录为 {folder}"),
        path=source,
        folder=Path.cwd(),
    )
