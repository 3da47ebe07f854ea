"""Good and bad text as pieces to learn from: read from files, folders or corpora, cut alike, doubles taken out."""

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from danlu.core.artifacts import file_sha256, is_finished
from danlu.core.errors import DataError
from danlu.core.language import Text
from danlu.core.settings import digest
from danlu.core.streams import stream_seed
from danlu.corpus.cleaning import clean
from danlu.corpus.document import FilePart, Found, full_name
from danlu.corpus.files import find_files
from danlu.corpus.quality.settings import QualityTrainSettings
from danlu.corpus.reading import read_part
from danlu.corpus.segments import cut
from danlu.corpus.settings import ReadingSettings
from danlu.corpus.store import KIND, open_corpus

CLEANERS = ("line_ends", "control_characters", "nfc")  # as every build but `minimal` cleans, so that grams meet
LEAST_CHARACTERS = 20  # of a piece: fewer say nothing
LEAST_PIECES = 40  # of a side, so that some remain to measure with
LEAST_DOCUMENTS = 20  # below these, figures of what is held out are too good: it is of the same documents
RUN_PIECES = 4  # pieces in a row that are held out together, so that neighbours do not tell of each other


@dataclass(frozen=True, kw_only=True)
class Examples:
    """The pieces of one side; `held_out` were never trained on. Documents of up to RUN_PIECES pieces are held out whole."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]
    num_documents: int
    num_doubles: int

    @property
    def num_bytes(self) -> int:
        """UTF-8 bytes of all pieces."""
        return sum(len(text.encode()) for text in (*self.train, *self.held_out))


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """A piece, and the run of pieces of its document that are held out together or not at all."""

    document: str
    run: int
    text: str


def read_examples(path: Path, settings: QualityTrainSettings, *, other: frozenset[bytes] = frozenset()) -> Examples:
    """The pieces of the file, folder or corpus `path`; those in `other` (digests of the other side) are left out.

    Raises UsageError (no such path), DataError (too little text).
    """
    pieces, num_doubles = _distinct(_pieces(path, settings), settings, other)
    if len(pieces) < LEAST_PIECES:
        raise DataError(
            Text("{path} holds too little text to learn from", "{path} 中的文本太少，无法学习"),
            got=Text("{count} different pieces", "{count} 个不同的小段"),
            allowed=Text("at least {least} pieces of {size} bytes or less", "至少 {least} 段，每段不超过 {size} 字节"),
            fix=Text("add text, or set a smaller piece_bytes", "请增加文本，或减小 piece_bytes"),
            path=path,
            count=len(pieces),
            least=LEAST_PIECES,
            size=settings.piece_bytes,
        )
    train: list[str] = []
    held_out: list[str] = []
    for piece in pieces:
        held = stream_seed(settings.seed, "quality", "held_out", piece.document, piece.run) < settings.held_out * 2**63
        (held_out if held else train).append(piece.text)
    if not train or not held_out:  # one long run, or chance among a few
        held_out, train = [p.text for p in pieces[::5]], [p.text for n, p in enumerate(pieces) if n % 5]
    return Examples(
        train=tuple(train),
        held_out=tuple(held_out),
        num_documents=len({piece.document for piece in pieces}),
        num_doubles=num_doubles,
    )


def source_digest(path: Path, settings: ReadingSettings) -> str:
    """Of a corpus its digest, of files their names and SHA-256: equal when the same text would be read."""
    if is_finished(path, KIND):
        return open_corpus(path).artifact.digest
    return digest({"files": [[file.name, file_sha256(Path(file.path))] for file in find_files([path], settings).files]})


def piece_digests(examples: Examples) -> frozenset[bytes]:
    """Digests of all pieces, for `other` of the other side."""
    return frozenset(_digest(text) for text in (*examples.train, *examples.held_out))


def _digest(text: str) -> bytes:
    return hashlib.sha256("".join(text.split()).encode("utf-8", "replace")).digest()[:16]


def _distinct(
    pieces: Iterator[_Piece], settings: QualityTrainSettings, other: frozenset[bytes]
) -> tuple[Sequence[_Piece], int]:
    """Different pieces in the order of their hashes, `most_bytes` of them: a sample that no order of files decides."""
    seen: set[bytes] = set(other)
    heap: list[tuple[int, _HeapPiece]] = []
    num_doubles = num_bytes = 0
    for piece in pieces:
        key = _digest(piece.text)
        if key in seen:
            num_doubles += 1
            continue
        seen.add(key)
        entry = _HeapPiece(piece)
        heapq.heappush(heap, (-int.from_bytes(key[:8], "little"), entry))
        num_bytes += entry.num_bytes
        while num_bytes > settings.most_bytes and len(heap) > 1:
            num_bytes -= heapq.heappop(heap)[1].num_bytes
    return [entry.piece for _, entry in sorted(heap, key=lambda pair: -pair[0])], num_doubles


class _HeapPiece:
    """A piece on the heap; two of one hash (never both with one text) come in the order of their texts."""

    def __init__(self, piece: _Piece) -> None:
        self.piece, self.num_bytes = piece, len(piece.text.encode("utf-8", "replace"))

    def __lt__(self, other: "_HeapPiece") -> bool:
        return self.piece.text < other.piece.text


def _pieces(path: Path, settings: QualityTrainSettings) -> Iterator[_Piece]:
    for name, text in _texts(path, settings):
        cleaned = clean(text.encode("utf-8", "replace").decode(), CLEANERS).text
        pieces = cut(cleaned, settings.piece_bytes, settings.piece_bytes * 3 // 4)
        for number, piece in enumerate(pieces):
            if len(piece.strip()) >= LEAST_CHARACTERS:
                yield _Piece(document=name, run=number // RUN_PIECES, text=piece)


def _texts(path: Path, settings: QualityTrainSettings) -> Iterator[tuple[str, str]]:
    if is_finished(path, KIND):
        for document in open_corpus(path).documents("train"):
            yield f"{document.source}\n{document.offset}", document.text
        return
    for file in find_files([path], settings.reading).files:
        part = FilePart(file=file)
        for item in read_part(part, settings.reading):
            if isinstance(item, Found):
                yield f"{full_name(part, item)}\n{item.offset}", item.text
