"""Two ways from text to ids, both equal to what `tokenizer.json` gives in the `tokenizers` library."""

from array import array
from collections.abc import Sequence
from typing import Protocol, final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer as LibraryTokenizer
from tokenizers.models import Model

from danlu.tokenizers.byte_tokens import spell_bytes
from danlu.tokenizers.cutting import NUM_CODE_POINTS, Cutter, Flags, Points, Positions, code_points

Ids = npt.NDArray[np.uint32]
MEMORY_PIECES, MEMORY_IDS = 400_000, 8_000_000  # before a text is encoded; about 100 MB


class Encoder(Protocol):
    """Text to ids."""

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text; every text is valid Unicode (no lone surrogates)."""


class Cuts(Protocol):
    """Places where a text is cut beyond its pattern."""

    def add(self, points: Points, starts: Flags) -> None:
        """Sets `starts` at these places; it holds the cuts that are there already."""


@final
class LibraryEncoder:
    """The `tokenizers` library itself, in parallel over the texts."""

    def __init__(self, library: LibraryTokenizer) -> None:
        self._library = library

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        """See `Encoder`."""
        found = self._library.encode_batch_fast(list(texts), add_special_tokens=False)
        return [np.array(one.ids, dtype=np.uint32) for one in found]


@final
class PieceEncoder:
    """Any model behind the pattern of pretokenize.py and further `cuts`: cuts the text and encodes each new piece once.

    The model is the library's; it reads pieces as stand-ins of bytes when `byte_level`, else as they are. Seconds of CPU
    with byte-level BPE of 2K to 4K entries, library in brackets: 13.8 MB of English manuals 3.4 (10.0), 1.1 MB of
    Shakespeare 0.3 (0.8), 1.8 MB of Lu Xun 0.6 (0.9), a second time 0.3.
    """

    def __init__(self, model: Model, cuts: Sequence[Cuts], *, byte_level: bool = True) -> None:
        self._cutter, self._cuts = Cutter(), tuple(cuts)
        self._memory = _Memory(model, byte_level)

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        """See `Encoder`."""
        return [self._encode(text) for text in texts]

    def _encode(self, text: str) -> Ids:
        points = code_points(text)
        starts = self._cutter.starts(points)
        for cuts in self._cuts if len(points) else ():
            cuts.add(points, starts)
        self._memory.forget_if_full()
        return self._memory.joined(self._numbers(text, points, np.flatnonzero(starts)))

    def _numbers(self, text: str, points: Points, begins: Positions) -> Positions:
        """The memory's number of each piece; those of one character (more than half of Chinese) by a table."""
        ends = np.append(begins[1:], len(points))
        alone = ends == begins + 1
        numbers = np.empty(len(begins), dtype=np.int64)
        numbers[alone] = self._memory.of_characters(points[begins[alone]])
        longer = [text[begin:end] for begin, end in zip(begins[~alone].tolist(), ends[~alone].tolist(), strict=True)]
        numbers[~alone] = np.fromiter(map(self._memory.__getitem__, longer), dtype=np.int64, count=len(longer))
        return numbers


@final
class _Memory(dict[str, int]):
    """Piece -> its number; a new piece is encoded by the library's model. The ids of all pieces lie in one array."""

    def __init__(self, model: Model, byte_level: bool) -> None:
        super().__init__()
        self._tokenize, self._byte_level = model.tokenize, byte_level
        self._characters = np.full(NUM_CODE_POINTS, -1, dtype=np.int32)
        self._ids, self._starts = array("I"), array("q", [0])

    def __missing__(self, piece: str) -> int:
        spelled = spell_bytes(piece) if self._byte_level else piece
        self._ids.extend([token.id for token in self._tokenize(spelled)])
        self[piece] = number = len(self._starts) - 1
        self._starts.append(len(self._ids))
        return number

    def of_characters(self, points: Points) -> Positions:
        """The numbers of pieces of one character each."""
        numbers = self._characters[points]
        if (numbers < 0).any():
            for point in np.unique(points[numbers < 0]).tolist():
                self._characters[point] = self[chr(point)]
            numbers = self._characters[points]
        return numbers.astype(np.int64)

    def joined(self, numbers: Positions) -> Ids:
        """The ids of the pieces with these numbers, one after another."""
        starts = np.frombuffer(self._starts, dtype=np.int64)
        ids = np.frombuffer(self._ids, dtype=np.uint32)
        first = starts[numbers]
        counts = starts[numbers + 1] - first
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        return ids[np.repeat(first - (ends - counts), counts) + np.arange(total)]

    def forget_if_full(self) -> None:
        """Empties the memory when it holds more pieces or ids than about 100 MB."""
        if len(self) > MEMORY_PIECES or len(self._ids) > MEMORY_IDS:
            self.clear()
            self._characters.fill(-1)
            self._ids, self._starts = array("I"), array("q", [0])


@final
class CharacterEncoder:
    """One id per character, UTF-8 bytes for characters without one: a table look-up (1 MB in some milliseconds).

    `ids_of` maps characters to ids, `byte_ids` holds the ids of the bytes 0 to 255.
    """

    def __init__(self, ids_of: dict[str, int], byte_ids: Sequence[int]) -> None:
        self._table = np.full(NUM_CODE_POINTS, -1, dtype=np.int32)
        for character, number in ids_of.items():
            self._table[ord(character)] = number
        self._byte_ids = np.array(byte_ids, dtype=np.uint32)

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        """See `Encoder`."""
        return [self._encode(text) for text in texts]

    def _encode(self, text: str) -> Ids:
        points = code_points(text)
        ids = self._table[points]
        missing = np.flatnonzero(ids < 0)
        if not len(missing):
            return ids.astype(np.uint32)
        lengths = np.ones(len(ids), dtype=np.int64)
        lengths[missing] = utf8_lengths(points[missing])
        starts = np.cumsum(lengths) - lengths
        out = np.empty(int(lengths.sum()), dtype=np.uint32)
        known = ids >= 0
        out[starts[known]] = ids[known]
        as_bytes = "".join(map(chr, points[missing].tolist())).encode()
        offsets = np.repeat(starts[missing] - (np.cumsum(lengths[missing]) - lengths[missing]), lengths[missing])
        out[offsets + np.arange(len(as_bytes))] = self._byte_ids[np.frombuffer(as_bytes, dtype=np.uint8)]
        return out


def utf8_lengths(points: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Number of UTF-8 bytes of each code point (1 to 4)."""
    return 1 + (points > 0x7F).astype(np.int64) + (points > 0x7FF) + (points > 0xFFFF)
