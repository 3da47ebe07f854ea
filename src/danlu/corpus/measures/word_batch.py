"""Lines, words and signs of many texts at once, as the published rules for web text count them.

Arrow's hash tables number the lines and the runs between spaces; each distinct run is cut into words only once, and
the rest is array operations on numbers. Arrays end in what they run over: `_L` lines, `_W` runs between spaces, `_T`
tokens (words and signs), `_D` documents.
"""

import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Sequence
from functools import cache, cached_property
from itertools import chain, islice
from typing import Any, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from danlu.corpus.measures.batch import Array, TextBatch
from danlu.corpus.measures.stop_words import PUBLISHED
from danlu.corpus.measures.word_splitting import HAN, split_word

SIGN, ALPHABETIC, PUNCTUATION_MARK, SENTENCE_END, HAN_WORD = 1, 2, 4, 8, 16
ID_BITS = 21
_MOST_TOKENS = 1 << 20  # the table begins anew above this, so that memory stays flat
_LONGEST_REMEMBERED = 32  # characters; longer runs (Chinese clauses, addresses) hardly come again
_SENTENCE_ENDS = frozenset("!.?։؟۔।॥።᙮‼‽⁇⁈⁉﹒﹖﹗！．？｡。")


@final
class TokenTable:
    """Numbers for tokens, and what each is. One for each process; numbers mean nothing outside a batch."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._ids: defaultdict[str, int] = defaultdict()
        self._ids.default_factory = self._ids.__len__
        self._runs: dict[str, tuple[int, ...]] = {}
        self._flags, self._lengths, self._stops = array("B"), array("i"), array("B")

    def tokens_of(self, runs: Sequence[str]) -> list[tuple[int, ...]]:
        """The numbers of the tokens of each run."""
        if len(self._ids) > _MOST_TOKENS:
            self._begin()
        found = list(map(self._runs.get, runs))
        number = self._ids.__getitem__
        for place in [place for place, tokens in enumerate(found) if tokens is None]:
            run = runs[place]
            tokens = found[place] = tuple(map(number, split_word(run))) if run else ()
            if len(run) <= _LONGEST_REMEMBERED:
                self._runs[run] = tokens
        self._describe(list(islice(self._ids, len(self._flags), None)))
        return found  # type: ignore[return-value]  # no None is left

    def _describe(self, tokens: Sequence[str]) -> None:
        """Keeps what the newest tokens are."""
        self._flags.extend(map(_flags_of, tokens))
        self._lengths.extend(map(len, tokens))
        self._stops.extend(PUBLISHED.get(token, 0) for token in tokens)

    def flags(self) -> Array:
        """SIGN, ALPHABETIC, ... of each token (uint8)."""
        return np.array(self._flags, np.uint8)

    def lengths(self) -> Array:
        """Characters of each token."""
        return np.array(self._lengths, np.int32)

    def stops(self) -> Array:
        """1 + the place in PUBLISHED of each token that is a stop word, else 0."""
        return np.array(self._stops, np.uint8)


@final
class WordBatch:
    """What `TextBatch` is for units: the lines (blank ones too), words and signs of texts; computed on first use."""

    def __init__(self, batch: TextBatch) -> None:
        self._num_documents = len(batch.texts)
        self._texts = pa.array(batch.texts, pa.large_string())
        self._with: dict[str, Array] = {}
        parts = pc.split_pattern(self._texts, "\n")
        offsets = parts.offsets.to_numpy().astype(np.int64)
        self.document_L: Array = np.repeat(np.arange(self._num_documents), np.diff(offsets))
        self.first_line_D, self.end_line_D = offsets[:-1], offsets[1:]
        self.lines: Any = pc.utf8_trim_whitespace(parts.flatten())
        self.length_L: Array = pc.utf8_length(self.lines).to_numpy().astype(np.int64)

    def texts_with(self, pattern: str) -> Array:
        """Texts in which a regular expression is found, in either case; asked once for each pattern."""
        if pattern not in self._with:
            found = pc.match_substring_regex(self._texts, pattern, ignore_case=True)
            self._with[pattern] = found.to_numpy(zero_copy_only=False)
        return self._with[pattern]

    @cached_property
    def id_L(self) -> Array:
        """Equal for equal lines (space at both ends left out)."""
        found: Array = self.lines.dictionary_encode().indices.to_numpy().astype(np.int64)
        return found

    @cached_property
    def _runs(self) -> Any:
        return pc.utf8_split_whitespace(self.lines)

    @cached_property
    def _codes(self) -> Any:
        return self._runs.flatten().dictionary_encode()

    @cached_property
    def _tokens_of_codes(self) -> list[tuple[int, ...]]:
        found = _table().tokens_of(self._codes.dictionary.to_pylist())
        # Looked up at once: the table may begin anew with the next batch.
        self._flags, self._lengths, self._stops = _table().flags(), _table().lengths(), _table().stops()
        return found

    @cached_property
    def code_W(self) -> Array:
        """The number of each run between spaces."""
        found: Array = self._codes.indices.to_numpy()
        return found

    @cached_property
    def _counts_V(self) -> Array:
        return np.fromiter(map(len, self._tokens_of_codes), np.int64, len(self._tokens_of_codes))

    @cached_property
    def token_T(self) -> Array:
        """The number of each token, below 2 ** ID_BITS, in the order of the text."""
        flat_V = np.fromiter(chain.from_iterable(self._tokens_of_codes), np.int32, int(self._counts_V.sum()))
        counts_W = self._counts_V[self.code_W]
        starts_V = np.cumsum(self._counts_V) - self._counts_V
        first_W = np.cumsum(counts_W) - counts_W
        place_T = np.arange(int(counts_W.sum())) + np.repeat(starts_V[self.code_W] - first_W, counts_W)
        found: Array = flat_V[place_T]
        return found

    @cached_property
    def flags_T(self) -> Array:
        """SIGN, ALPHABETIC, PUNCTUATION_MARK, SENTENCE_END, HAN_WORD of each token."""
        token_T = self.token_T
        found: Array = self._flags[token_T]
        return found

    @cached_property
    def length_T(self) -> Array:
        """Characters of each token."""
        token_T = self.token_T
        found: Array = self._lengths[token_T]
        return found

    @cached_property
    def stop_T(self) -> Array:
        """1 + the place in PUBLISHED of each token that is a stop word, else 0."""
        token_T = self.token_T
        found: Array = self._stops[token_T]
        return found

    @cached_property
    def end_token_L(self) -> Array:
        """Tokens up to the end of each line."""
        return self._up_to_line(self._counts_V)

    @cached_property
    def tokens_L(self) -> Array:
        """Tokens of each line."""
        return np.diff(self.end_token_L, prepend=0)

    @cached_property
    def words_L(self) -> Array:
        """Words of each line between spaces; Chinese words count one by one."""
        counts_V = np.minimum(self._counts_V, 1)
        texts = self._codes.dictionary
        wide = np.flatnonzero(~pc.string_is_ascii(texts).to_numpy(zero_copy_only=False))
        for place, text in zip(wide.tolist(), texts.take(pa.array(wide)).to_pylist(), strict=True):
            if HAN.search(text):
                tokens = list(self._tokens_of_codes[place])
                counts_V[place] = max(1, int(np.count_nonzero(self._flags[tokens] & HAN_WORD)))
        return np.diff(self._up_to_line(counts_V), prepend=0)

    @cached_property
    def longest_run_L(self) -> Array:
        """Characters of the longest run without a space and without Han characters."""
        texts = self._codes.dictionary
        length_V = pc.utf8_length(texts).to_numpy().astype(np.int64)
        for place in np.flatnonzero(length_V > 100):
            if HAN.search(texts[int(place)].as_py()):
                length_V[place] = 0
        length_W = length_V[self.code_W]
        longest_L = np.zeros(self.length_L.size, np.int64)
        long_W = np.flatnonzero(length_W > 100)
        line_W = np.searchsorted(self._runs.offsets.to_numpy(), long_W, side="right") - 1
        np.maximum.at(longest_L, line_W, length_W[long_W])
        return longest_L

    @cached_property
    def document_T(self) -> Array:
        """The document of each token."""
        return np.repeat(self.document_L, self.tokens_L)

    def sum_lines_D(self, values_L: Array) -> Array:
        """Sums of a number for each line over each document."""
        return np.bincount(self.document_L, values_L, minlength=self._num_documents)

    def sum_tokens_D(self, values_T: Array) -> Array:
        """Sums of a number for each token over each document."""
        total_T = np.zeros(values_T.size + 1, np.int64)
        np.cumsum(values_T, out=total_T[1:])
        ends_L = np.append(0, self.end_token_L)
        sums_D: Array = total_T[ends_L[self.end_line_D]] - total_T[ends_L[self.first_line_D]]
        return sums_D

    def _up_to_line(self, counts_V: Array) -> Array:
        total_W = np.zeros(self.code_W.size + 1, np.int64)
        np.cumsum(counts_V[self.code_W], out=total_W[1:])
        ends_L: Array = total_W[self._runs.offsets.to_numpy()[1:]]
        return ends_L


def words_of(batch: TextBatch) -> WordBatch:
    """The lines and words of `batch`, made once for all measures."""
    found = batch.shared.get("words")
    if found is None:
        found = batch.shared["words"] = WordBatch(batch)
    assert isinstance(found, WordBatch)
    return found


def _flags_of(token: str) -> int:
    if token.isascii():
        if token.isalpha():
            return ALPHABETIC
        letters = any(map(str.isalpha, token))
        sign = not letters and not any(map(str.isalnum, token))
        marks = sign and all(unicodedata.category(character)[0] == "P" for character in token)
        return ALPHABETIC * letters | SIGN * sign | PUNCTUATION_MARK * marks | SENTENCE_END * (token in _SENTENCE_ENDS)
    kinds = {unicodedata.category(character)[0] for character in token}
    return (
        ALPHABETIC * any(map(str.isalpha, token))
        | SIGN * (not kinds & {"L", "N", "M"})
        | PUNCTUATION_MARK * (kinds == {"P"})
        | SENTENCE_END * (token in _SENTENCE_ENDS)
        | HAN_WORD * (HAN.match(token) is not None)
    )


@cache
def _table() -> TokenTable:
    return TokenTable()
