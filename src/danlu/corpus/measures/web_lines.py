"""Line by line as C4 and FineWeb look at web pages: which lines count, and measures of the text that they leave.

Sources: Raffel et al. 2020, section 2.2; Penedo et al. 2024, section 3.6; datatrove 0.10 `c4_filters.py` and
`fineweb_quality_filter.py`. Other than there, Chinese is not measured in ASCII: a line ends a sentence with Chinese signs
too, and a line of Chinese has as many words as its dictionary gives.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from danlu.corpus.measures.batch import Array, TextBatch, share
from danlu.corpus.measures.published_repetition import seen_before
from danlu.corpus.measures.word_batch import PUNCTUATION_MARK, SENTENCE_END, WordBatch, words_of

# In the order in which they are asked; the first that says no takes the line out.
LINE_RULES = ("long_word", "unpunctuated", "few_words", "javascript", "policy")
LEAST_WORDS, LONGEST_WORD, SHORT_LINE = 3, 1000, 30
_POLICY = "terms of use|privacy policy|cookie policy|uses cookies|use of cookies|use cookies"
_JAVASCRIPT, _LOREM = "javascript", "lorem ipsum"
_CLOSING = (".", "?", "!", '"', "'", "。", "？", "！", "”", "’", "」", "』", "…")
_QUOTES, _HAN_TERMINAL = tuple("”’」』）"), tuple("。！？…")
TERMINAL = tuple(".?!。！？．｡؟۔।॥።᙮‼‽⁇⁈⁉﹒﹖﹗")


@dataclass(frozen=True, kw_only=True)
class KeptLines:
    """Which lines (`_L`) count, and for each rule which it took out. `page_L` marks lines that damn the whole page."""

    kept_L: Array
    removed: Mapping[str, Array]
    curly_L: Array
    lorem_L: Array


def kept_lines(batch: TextBatch) -> KeptLines:
    """The line rules of the batch (`batch.line_rules`), made once. Without any, all lines with text on them count."""
    found = batch.shared.get("kept_lines")
    if found is None:
        found = batch.shared["kept_lines"] = _judge_lines(words_of(batch), batch.line_rules)
    assert isinstance(found, KeptLines)
    return found


def edited_texts(batch: TextBatch) -> list[str]:
    """The texts with only the lines that count, one line end between two; unchanged where no rule is asked."""
    if not batch.line_rules:
        return list(batch.texts)
    words, kept_L = words_of(batch), kept_lines(batch).kept_L
    ends_D = np.append(0, words.sum_lines_D(kept_L).astype(np.int64).cumsum())
    kept = pa.ListArray.from_arrays(pa.array(ends_D, pa.int32()), words.lines.filter(pa.array(kept_L)))
    texts: list[str] = pc.binary_join(kept, pa.scalar("\n", pa.large_string())).to_pylist()
    return texts


def measure(batch: TextBatch) -> Mapping[str, Array]:
    """Of the lines that count: `num_sentences`, shares of lines that end a sentence or are short (at most 30 characters),
    of characters in lines seen before, line ends for each word; `curly_lines` and `lorem_lines`; removed lines by rule.
    """
    words, lines = words_of(batch), kept_lines(batch)
    kept_L, length_L = lines.kept_L, words.length_L
    num_lines = words.sum_lines_D(kept_L)
    characters = words.sum_lines_D(kept_L * length_L)
    again_L = np.zeros(kept_L.size, bool)
    again_L[kept_L] = seen_before(words.id_L[kept_L], words.document_L[kept_L])
    terminal_L = _ends_sentence(words.lines) & kept_L
    num_words = words.sum_lines_D(kept_L * words.tokens_L)
    return {
        "num_kept_lines": num_lines.astype(np.int64),
        "num_sentences": _sentences(words, kept_L),
        "terminal_lines": share(words.sum_lines_D(terminal_L), num_lines),
        "fineweb_short_lines": share(words.sum_lines_D(kept_L & (length_L <= SHORT_LINE)), num_lines),
        "fineweb_duplicate_characters": share(words.sum_lines_D(again_L * length_L), characters),
        "line_ends_per_word": share(np.maximum(num_lines - 1, 0), num_words),
        "curly_lines": words.sum_lines_D(lines.curly_L).astype(np.int64),
        "lorem_lines": words.sum_lines_D(lines.lorem_L).astype(np.int64),
        **{f"lines_{name}": words.sum_lines_D(gone_L).astype(np.int64) for name, gone_L in lines.removed.items()},
    }


def _judge_lines(words: WordBatch, rules: tuple[str, ...]) -> KeptLines:
    open_L = words.length_L > 0
    removed, before = {}, {}
    for name in LINE_RULES:
        before[name] = open_L
        gone_L = open_L & _BROKEN[name](words) if name in rules else np.zeros(open_L.size, bool)
        removed[name], open_L = gone_L, open_L & ~gone_L
    has_words_L = before["javascript"]
    return KeptLines(
        kept_L=open_L,
        removed=removed,
        curly_L=before["policy"] & pc.match_substring(words.lines, "{").to_numpy(zero_copy_only=False),
        lorem_L=has_words_L & _contains(words, _LOREM),
    )


def _unpunctuated(words: WordBatch) -> Array:
    return ~_any(pc.ends_with, words.lines, _CLOSING) | _any(pc.ends_with, words.lines, ("...",))


_BROKEN: dict[str, Callable[[WordBatch], Array]] = {
    "long_word": lambda words: words.longest_run_L > LONGEST_WORD,
    "unpunctuated": _unpunctuated,
    "few_words": lambda words: words.words_L < LEAST_WORDS,
    "javascript": lambda words: _contains(words, _JAVASCRIPT),
    "policy": lambda words: _contains(words, _POLICY),
}


def _ends_sentence(lines: Any) -> Array:
    """A sign that ends a sentence stands last, or last but for a closing quote, as Chinese speech is written."""
    found: Array = _any(pc.ends_with, lines, TERMINAL)
    quoted = np.flatnonzero(_any(pc.ends_with, lines, _QUOTES))
    if quoted.size:
        before = pc.utf8_slice_codeunits(lines.take(pa.array(quoted)), -2, -1)
        found[quoted] |= pc.is_in(before, pa.array(_HAN_TERMINAL, pa.large_string())).to_numpy(zero_copy_only=False)
    return found


def _contains(words: WordBatch, pattern: str) -> Array:
    """Lines that hold a pattern. All three patterns are looked for in whole texts first: few texts have one at all."""
    suspects_L = np.flatnonzero(words.texts_with("|".join((_POLICY, _JAVASCRIPT, _LOREM)))[words.document_L])
    found_L = np.zeros(words.length_L.size, bool)
    lines = words.lines.take(pa.array(suspects_L))
    found_L[suspects_L] = pc.match_substring_regex(lines, pattern, ignore_case=True).to_numpy(zero_copy_only=False)
    return found_L


def _any(test: Any, lines: Any, signs: tuple[str, ...]) -> Array:
    """Lines that begin or end (`test`) with one of some signs: their last characters are looked up, not each line."""
    if test is pc.ends_with and all(len(sign) == 1 for sign in signs):
        last = pc.utf8_slice_codeunits(lines, -1)
        return pc.is_in(last, pa.array(signs, pa.large_string())).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
    found_L = np.zeros(len(lines), bool)
    for sign in signs:
        found_L |= test(lines, sign).to_numpy(zero_copy_only=False)
    return found_L


def _sentences(words: WordBatch, kept_L: Array) -> Array:
    """Sentences of the lines that count: one for each line, and one more wherever words follow an end of a sentence."""
    flags_T = words.flags_T
    end_T = (flags_T & SENTENCE_END) > 0
    told_T = np.flatnonzero(end_T | ((flags_T & PUNCTUATION_MARK) == 0))
    line_T = np.repeat(np.arange(kept_L.size), words.tokens_L)[told_T]
    goes_on = end_T[told_T[:-1]] & ~end_T[told_T[1:]] & (line_T[1:] == line_T[:-1])
    more_L = np.bincount(line_T[1:][goes_on], minlength=kept_L.size)
    return words.sum_lines_D(kept_L * (more_L + (words.tokens_L > 0))).astype(np.int64)
