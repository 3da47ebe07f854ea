"""Gopher's measures of words, counted as datatrove counts them, in both scripts: Latin words and Chinese words apart.

Source: Rae et al. 2021, section A1.1; datatrove 0.10 `gopher_quality_filter.py`. Other than there, signs are what Unicode
calls so (`１` is a digit), and Chinese words are cut by dictionary.
"""

from collections.abc import Mapping

import numpy as np

from danlu.corpus.measures.batch import Array, TextBatch, share
from danlu.corpus.measures.stop_words import PUBLISHED
from danlu.corpus.measures.word_batch import ALPHABETIC, HAN_WORD, SIGN, WordBatch, words_of

ELLIPSIS, DOT, HASH = ord("…"), ord("."), ord("#")
_BULLETS = ("•", "-")


def measure(batch: TextBatch) -> Mapping[str, Array]:
    """Words without signs, their mean lengths by script, `#` and ellipses for each token, share of tokens with a letter,
    distinct stop words, and shares of all lines (blank ones too) that begin with a bullet or end in an ellipsis.
    """
    words = words_of(batch)
    flags_T = words.flags_T
    han_T = (flags_T & HAN_WORD) > 0
    latin_T = ~han_T & ((flags_T & SIGN) == 0)
    num_tokens = words.sum_tokens_D(np.ones(flags_T.size, np.int64))
    num_latin, num_han = words.sum_tokens_D(latin_T), words.sum_tokens_D(han_T)
    hashes = batch.count_D(batch.codes_C == HASH)
    stops = _distinct_stop_words(words, len(batch.texts))
    lines = _line_shares(batch, words)
    return {
        "num_published_words": num_latin + num_han,
        "num_latin_words": num_latin,
        "num_han_words": num_han,
        "latin_word_length": share(words.sum_tokens_D(latin_T * words.length_T), num_latin),
        "han_word_length": share(words.sum_tokens_D(han_T * words.length_T), num_han),
        "hashes_per_word": share(hashes, num_tokens),
        "ellipses_per_word": share(num_ellipses(batch), num_tokens),
        "alphabetic_words": share(words.sum_tokens_D((flags_T & ALPHABETIC) > 0), num_tokens),
        "num_published_stop_words": stops.sum(axis=1),
        **lines,
    }


def num_ellipses(batch: TextBatch) -> Array:
    """How often each text holds three dots (not overlapping) or the sign for them."""
    dots = np.flatnonzero(batch.codes_C == DOT)
    single = batch.count_D(batch.codes_C == ELLIPSIS)
    if not dots.size:
        return single
    document = batch.owners(dots)
    begins = np.append(True, (np.diff(dots) > 1) | (np.diff(document) > 0))
    starts = np.flatnonzero(begins)
    triples = np.diff(starts, append=dots.size) // 3
    return single + np.bincount(document[starts], triples, minlength=len(batch.texts)).astype(np.int64)


def _line_shares(batch: TextBatch, words: WordBatch) -> dict[str, Array]:
    import pyarrow.compute as pc

    def starts_or_ends(test: object, signs: tuple[str, ...]) -> Array:
        found_L = np.zeros(words.length_L.size, bool)
        for sign in signs:
            found_L |= test(words.lines, sign).to_numpy(zero_copy_only=False)  # type: ignore[operator]  # Arrow function
        return words.sum_lines_D(found_L)

    # What stands behind the last line end is no line when it is empty.
    num_lines = words.end_line_D - words.first_line_D
    num_lines = num_lines - np.array([not text or text.endswith("\n") for text in batch.texts], np.int64)
    return {
        "gopher_bullet_lines": share(starts_or_ends(pc.starts_with, _BULLETS), num_lines),
        "gopher_ellipsis_lines": share(starts_or_ends(pc.ends_with, ("...", "…")), num_lines),
    }


def _distinct_stop_words(words: WordBatch, num_documents: int) -> Array:
    """[D, S] bool: which of PUBLISHED stand in each text."""
    hit_T = np.flatnonzero(words.stop_T)
    seen_DS = np.zeros((num_documents, len(PUBLISHED)), bool)
    seen_DS[words.document_T[hit_T], words.stop_T[hit_T].astype(np.int64) - 1] = True
    return seen_DS
