"""What evaluation files hold, as hashed n-grams: made once for a build, looked up for each document.

An item is one document of an evaluation file. Its n-grams are of words where they begin with one and of characters
where they begin with a Han character, so a Chinese item without spaces has as many places to be found by as an English
one; lm-eval's janitor splits at spaces and finds none. Case of Latin letters and punctuation do not count.
GPT-3 (Brown et al. 2020, appendix C) takes 13 words; 20 characters are about 12 words
of Chinese (1.62 to 1.71 characters a word in stories and documentation, cut by jieba).
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from danlu.core.artifacts import file_sha256
from danlu.core.disk import write_durably
from danlu.core.errors import DataError
from danlu.core.language import Text
from danlu.core.settings import digest
from danlu.corpus.document import FilePart, Found, full_name
from danlu.corpus.files import find_files
from danlu.corpus.measures.batch import ALONE, Array, TextBatch, mix
from danlu.corpus.reading import read_part
from danlu.corpus.settings import ContaminationSettings, ReadingSettings

SHOWN = 200
_BASE = np.uint64(0xD1342543DE82EF95)  # odd, so it has an inverse modulo 2^64
_INVERSE = np.uint64(pow(int(_BASE), -1, 2**64))


@dataclass(frozen=True, kw_only=True)
class Item:
    """One evaluation item: place, beginning of its text, n-grams that are looked for (0: too short, or all template)."""

    file: str
    offset: int
    text: str
    num_ngrams: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Grams:
    """The n-grams of all items (G, sorted by hash) and the items that hold each: those of gram g are
    `items_X[starts_G1[g] : starts_G1[g + 1]]`. `prefix` units begin every gram; `lengths_L` are all lengths in units."""

    hashes_G: Array
    starts_G1: Array
    items_X: Array
    num_ngrams_I: Array
    lengths_L: Array
    prefixes_P: Array
    prefix: int


class RollingHashes:
    """Hashes of any stretch of units in constant time each: sums of unit hashes times powers, modulo 2^64."""

    def __init__(self, batch: TextBatch) -> None:
        self.units_U = batch.unit_hashes_U
        powers_U, self._inverse_U = _powers(self.units_U.size)
        self._sums_U1 = np.zeros(self.units_U.size + 1, np.uint64)
        np.cumsum(self.units_U * powers_U, out=self._sums_U1[1:])
        ends_D = np.cumsum(batch.count_units_D())
        self.left_U = ends_D[batch.unit_documents_U] - np.arange(self.units_U.size)

    def everywhere(self, length: int) -> Array:
        """One hash for each place at which a stretch of `length` units fits into the batch."""
        count = max(0, self.units_U.size - length + 1)
        sums_U1 = self._sums_U1
        return mix((sums_U1[length : length + count] - sums_U1[:count]) * self._inverse_U[:count] + np.uint64(length))

    def at(self, places: Array, lengths: Array) -> Array:
        """Hashes of stretches that begin at `places`."""
        difference = self._sums_U1[places + lengths] - self._sums_U1[places]
        return mix(difference * self._inverse_U[places] + lengths.astype(np.uint64))


def _powers(count: int) -> "tuple[Array, Array]":
    """The first powers of the base and of its inverse; made anew only when more are needed than ever before."""
    size = max(1 << 16, 1 << max(0, count - 1).bit_length())
    powers, inverses = _powers_of(size)
    return powers[:count], inverses[:count]


@lru_cache(maxsize=2)
def _powers_of(size: int) -> "tuple[Array, Array]":
    one = np.ones(1, np.uint64)
    return (
        np.concatenate([one, np.cumprod(np.full(size - 1, _BASE, np.uint64))]),
        np.concatenate([one, np.cumprod(np.full(size - 1, _INVERSE, np.uint64))]),
    )


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The items of the evaluation files, their n-grams, and a digest of the files' bytes."""

    items: Sequence[Item]
    grams: Grams
    digest: str


def evaluation_digest(settings: ContaminationSettings, reading: ReadingSettings) -> str:
    """SHA-256 over names and bytes of the evaluation files; empty when none are named."""
    if not settings.against:
        return ""
    files = find_files([Path(name) for name in settings.against], reading).files
    return digest({"files": [[file.name, file_sha256(Path(file.path))] for file in files]})


def read_evaluation(settings: ContaminationSettings, reading: ReadingSettings) -> Evaluation:
    """Reads the evaluation files. Raises UsageError for a file that is missing, DataError for one without any text."""
    reading = reading.model_copy(update={"text_field": settings.text_field or reading.text_field})
    found = list(_texts(settings, reading))
    grams_of = item_grams([text for _, _, text in found], settings)
    items = [
        Item(file=name, offset=offset, text=text[:SHOWN], num_ngrams=int(count))
        for (name, offset, text), count in zip(found, grams_of.num_ngrams_I, strict=True)
    ]
    return Evaluation(items=items, grams=grams_of, digest=evaluation_digest(settings, reading))


def _texts(settings: ContaminationSettings, reading: ReadingSettings) -> Iterator[tuple[str, int, str]]:
    files = find_files([Path(name) for name in settings.against], reading)
    for file in files.files:
        part, count, refused = FilePart(file=file), 0, None
        for item in read_part(part, reading):
            if isinstance(item, Found) and item.text.strip():
                count += 1
                yield full_name(part, item), item.offset, item.text
            elif not isinstance(item, Found):
                refused = refused or item
        if not count:
            raise _no_items(
                file.name, reading.text_field, "" if refused is None else f"{refused.reason}: {refused.got}"
            )
    if not files.files:
        raise _no_items(", ".join(settings.against), reading.text_field, ", ".join(files.skipped))


def item_grams(texts: Sequence[str], settings: ContaminationSettings) -> Grams:
    """The n-grams of items, each a text. An item shorter than one n-gram is one n-gram by itself."""
    batch = TextBatch(texts)
    rolling = RollingHashes(batch)
    counts_I = batch.count_units_D()
    ends_I = np.cumsum(counts_I)
    places_U = np.arange(rolling.units_U.size)
    is_first_U = (ends_I - counts_I)[batch.unit_documents_U] == places_U
    han_U = ALONE[batch.classes_C[batch.unit_starts_U]]
    lengths_U = np.where(han_U, settings.han_ngram, settings.word_ngram)
    is_short_U = is_first_U & (rolling.left_U < lengths_U) & (rolling.left_U >= settings.least_units)
    chosen = np.flatnonzero((rolling.left_U >= lengths_U) | is_short_U)
    lengths = np.where(is_short_U, rolling.left_U, lengths_U)[chosen]
    hashes = rolling.at(chosen, lengths)
    prefix = min(settings.least_units, settings.word_ngram, settings.han_ngram)
    prefixes = rolling.at(chosen, np.full(chosen.size, prefix))
    # Each gram once for each item; then those that many items share go.
    pairs, first = np.unique(
        np.stack([hashes, batch.unit_documents_U[chosen].astype(np.uint64)]), axis=1, return_index=True
    )
    _, gram_of, num_items = np.unique(pairs[0], return_inverse=True, return_counts=True)
    stays = num_items[gram_of] <= settings.template_items
    pairs, first = pairs[:, stays], first[stays]
    items_X = pairs[1].astype(np.int64)
    hashes_G, starts = np.unique(pairs[0], return_index=True)
    return Grams(
        hashes_G=hashes_G,
        starts_G1=np.append(starts, items_X.size),
        items_X=items_X,
        num_ngrams_I=np.bincount(items_X, minlength=len(texts)),
        lengths_L=np.unique(lengths[first]),
        prefixes_P=np.unique(prefixes[first]),
        prefix=prefix,
    )


def save_grams(path: Path, grams: Grams) -> None:
    """Writes the n-grams for the workers, durably."""
    data = io.BytesIO()
    np.savez(
        data, allow_pickle=False, **{name: np.asarray(getattr(grams, name)) for name in Grams.__dataclass_fields__}
    )
    write_durably(path, data.getvalue())


def load_grams(path: Path) -> Grams:
    """What `save_grams` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in Grams.__dataclass_fields__}
    return Grams(**{**arrays, "prefix": int(arrays["prefix"])})


def _no_items(name: str, field: str, got: str) -> DataError:
    return DataError(
        Text("the evaluation file {name} has no item with text", "评测文件 {name} 中没有含文本的题目"),
        got=got or Text("an empty file", "空文件"),
        allowed=Text(
            "documents with text; in tables and JSON in the field {field}", "含文本的文档；表格与 JSON 取字段 {field}"
        ),
        fix=Text(
            "set corpus.contamination.text_field to the field of the question, e.g. question or question+answer",
            "请将 corpus.contamination.text_field 设为题目所在字段，如 question 或 question+answer",
        ),
        name=name,
        field=field,
    )
