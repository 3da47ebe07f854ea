"""Sentencepiece models (Kudo & Richardson 2018, arXiv:1808.06226) as tokenizers of the `tokenizers` library.

The file is a protocol buffer; its few fields that matter are read here, by their numbers in sentencepiece_model.proto, so
that neither sentencepiece nor protobuf is needed. The rest follows transformers' classes for Llama and T5.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers import Tokenizer as LibraryTokenizer

from danlu.tokenizers.form import SPACE_MARK
from danlu.tokenizers.named_tokens import class_of

# Numbers of fields and values in sentencepiece_model.proto.
PIECES, TRAINER, NORMALIZER = 1, 2, 3
PIECE, SCORE, TYPE = 1, 2, 3
MODEL_TYPE, UNIGRAM, BPE = 3, 1, 2
CHARACTER_MAP = 2
CONTROL, USER_DEFINED = 3, 4
VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5


@dataclass(frozen=True, kw_only=True)
class SentencepieceModel:
    """`pieces` by id, with their scores; `added`: ids of pieces that are matched whole -> whether they are control tokens."""

    pieces: tuple[tuple[str, float], ...]
    added: Mapping[int, bool]
    kind: int
    character_map: bytes


def parse(data: bytes) -> SentencepieceModel:
    """The model in the bytes of its file. Raises ValueError when they are no such file."""
    pieces: list[tuple[str, float]] = []
    added: dict[int, bool] = {}
    kind, character_map = UNIGRAM, b""
    for number, value in _fields(data):
        if number == PIECES:
            found = dict(_fields(_bytes(value)))
            if found.get(TYPE) in (CONTROL, USER_DEFINED):
                added[len(pieces)] = found[TYPE] == CONTROL
            pieces.append((_bytes(found.get(PIECE, b"")).decode(), _float(found.get(SCORE, b"\0\0\0\0"))))
        elif number == TRAINER:
            kind = int(dict(_fields(_bytes(value))).get(MODEL_TYPE, UNIGRAM))
        elif number == NORMALIZER:
            character_map = _bytes(dict(_fields(_bytes(value))).get(CHARACTER_MAP, b""))
    if not pieces:
        raise ValueError("no pieces: not a sentencepiece model")
    return SentencepieceModel(pieces=tuple(pieces), added=added, kind=kind, character_map=character_map)


def read_sentencepiece(path: Path, config: Mapping[str, Any]) -> LibraryTokenizer:
    """The tokenizer that transformers' class of the folder makes of the file. ValueError for other classes."""
    model, kind = parse(path.read_bytes()), class_of(config)
    if kind == "LlamaTokenizer":
        return _llama(model, config)
    if kind == "T5Tokenizer":
        return _t5(model, config)
    raise ValueError(f"{kind or 'no class'}: only those of Llama and T5 are read so; its tokenizer.json is needed")


def _llama(model: SentencepieceModel, config: Mapping[str, Any]) -> LibraryTokenizer:
    """BPE whose merges are the pieces themselves, in their order; bytes for what has no piece."""
    if model.kind != BPE:
        raise ValueError("a unigram model where Llama's class has BPE; its tokenizer.json is needed")
    vocabulary = {piece: number for number, (piece, _) in enumerate(model.pieces)}
    library = LibraryTokenizer(
        models.BPE(vocab=vocabulary, merges=_merges(vocabulary), fuse_unk=True, byte_fallback=True)
    )
    space = config.get("add_prefix_space")
    space = True if space is None else bool(space)
    scheme = ("always" if config.get("legacy", False) else "first") if space else "never"
    library.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE_MARK, prepend_scheme=scheme, split=False)
    steps = [decoders.Replace(SPACE_MARK, " "), decoders.ByteFallback(), decoders.Fuse()]
    library.decoder = decoders.Sequence([*steps, decoders.Strip(" ", 1, 0)] if space else steps)
    return _with_added(library, model)


def _merges(vocabulary: Mapping[str, int]) -> list[tuple[str, str]]:
    """Every way to make a piece of two others, in the order of the pieces."""
    found = []
    for piece, number in vocabulary.items():
        halves = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece))]
        pairs = [pair for pair in halves if pair[0] in vocabulary and pair[1] in vocabulary]
        pairs.sort(key=lambda pair: (vocabulary[pair[0]], vocabulary[pair[1]]))
        found += [(number, len(left), len(right), left, right) for left, right in pairs]
    found.sort(key=lambda row: row[:3])
    return [(left, right) for *_, left, right in found]


def _t5(model: SentencepieceModel, config: Mapping[str, Any]) -> LibraryTokenizer:
    """Pieces with probabilities, and behind them the sentinels, the last first."""
    if model.kind != UNIGRAM:
        raise ValueError("a BPE model where T5's class has a unigram model; its tokenizer.json is needed")
    sentinels = [f"<extra_id_{number}>" for number in range(int(config.get("extra_ids", 100)))]
    pieces = [*model.pieces, *((sentinel, 0.0) for sentinel in reversed(sentinels))]
    library = LibraryTokenizer(models.Unigram(pieces, unk_id=2, byte_fallback=False))
    if model.character_map:
        library.normalizer = normalizers.Precompiled(model.character_map)
    marks = pre_tokenizers.Metaspace(replacement=SPACE_MARK, prepend_scheme="always", split=True)
    library.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), marks])
    library.decoder = decoders.Metaspace(replacement=SPACE_MARK, prepend_scheme="always", split=True)
    library = _with_added(library, model)
    library.add_special_tokens([AddedToken(sentinel, normalized=False, special=True) for sentinel in sentinels])
    end = library.token_to_id("</s>")
    if end is not None:
        library.post_processor = processors.TemplateProcessing(
            single=["$A", "</s>"], pair=["$A", "</s>", "$B", "</s>"], special_tokens=[("</s>", end)]
        )
    return library


def _with_added(library: LibraryTokenizer, model: SentencepieceModel) -> LibraryTokenizer:
    for number, control in sorted(model.added.items()):
        token = AddedToken(model.pieces[number][0], normalized=False, special=control)
        (library.add_special_tokens if control else library.add_tokens)([token])
    return library


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field: integers of varints, bytes of all others."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, kind = key >> 3, key & 7
        value: int | bytes
        if kind == VARINT:
            value, place = _varint(data, place)
        elif kind in (EIGHT_BYTES, BYTES, FOUR_BYTES):
            size, place = _varint(data, place) if kind == BYTES else (8 if kind == EIGHT_BYTES else 4, place)
            value = data[place : place + size]
            if len(value) != size:
                raise ValueError("it ends inside a field: not a sentencepiece model, or cut short")
            place += size
        else:
            raise ValueError(f"a field of kind {kind}: not a sentencepiece model")
        yield number, value


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """A number in steps of seven bits, the lowest first, and the place behind it."""
    found = 0
    for step in range(10):
        if place + step >= len(data):
            break
        byte = data[place + step]
        found |= (byte & 0x7F) << (7 * step)
        if byte < 0x80:
            return found, place + step + 1
    raise ValueError("a number without an end: not a sentencepiece model")


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where text is expected: not a sentencepiece model")
    return value


def _float(value: int | bytes) -> float:
    data = _bytes(value)
    if len(data) != 4:
        raise ValueError("a score of another size: not a sentencepiece model")
    return float(struct.unpack("<f", data)[0])
