"""Gopher's measures of repetition over lines, paragraphs and words, as datatrove computes them, with its two faults mended.

Source: Rae et al. 2021, table A1; datatrove 0.10 `gopher_repetition_filter.py`. Mended: an n-gram that comes once is no
repetition, and no space is counted between Chinese words, where none stands.
"""

from collections.abc import Mapping

import numpy as np

from danlu.corpus.measures.batch import Array, TextBatch, mix, powers, share
from danlu.corpus.measures.ngrams import Tokens, duplicate_characters, repeats, top_characters
from danlu.corpus.measures.word_batch import HAN_WORD, WordBatch, words_of

TOP = (2, 3, 4)
DUPLICATE = (5, 6, 7, 8, 9, 10)


def measure(batch: TextBatch) -> Mapping[str, Array]:
    """Shares of all characters (spaces too): `gopher_duplicate_*` lines and paragraphs seen before, by number and by
    characters; `gopher_top_n_gram` the most frequent n-gram; `gopher_duplicate_n_gram` words in n-grams seen before.
    """
    words = words_of(batch)
    columns = _line_measures(batch, words)
    han_T = (words.flags_T & HAN_WORD) > 0
    gap_T = np.ones(han_T.size, np.int64)
    gap_T[:-1] -= han_T[:-1] | han_T[1:]
    gap_T[-1:] -= han_T[-1:]
    tokens = Tokens(
        token_T=words.token_T,
        document_T=words.document_T,
        length_T=words.length_T.astype(np.int64),
        gap_T=gap_T,
        num_documents=len(batch.texts),
    )
    for found in repeats(tokens, max(DUPLICATE)):
        if found.n in TOP:
            columns[f"gopher_top_{found.n}_gram"] = share(top_characters(tokens, found), batch.num_characters_D)
        if found.n in DUPLICATE:
            characters = duplicate_characters(tokens, found)
            columns[f"gopher_duplicate_{found.n}_gram"] = share(characters, batch.num_characters_D)
    return columns


def _line_measures(batch: TextBatch, words: WordBatch) -> dict[str, Array]:
    text_L = np.flatnonzero(words.length_L > 0)
    document_L, length_L = words.document_L[text_L], words.length_L[text_L]
    again_L = seen_before(words.id_L[text_L], document_L)
    begins_L = np.append(True, (np.diff(text_L) > 1) | (np.diff(document_L) > 0))[: text_L.size]
    starts = np.flatnonzero(begins_L)
    place_L = np.arange(text_L.size) - np.repeat(starts, np.diff(starts, append=text_L.size))
    weighted_L = mix(words.id_L[text_L].astype(np.uint64) + np.uint64(1)) * powers()[place_L & 1023]
    hash_P = np.add.reduceat(weighted_L, starts) if starts.size else weighted_L
    length_P = (np.add.reduceat(length_L + 1, starts) if starts.size else length_L) - 1
    document_P = document_L[starts]
    again_P = seen_before((hash_P >> np.uint64(2)).astype(np.int64), document_P)
    size = len(batch.texts)
    return {
        "gopher_duplicate_paragraphs": share(_counts(document_P, again_P, size), _counts(document_P, None, size)),
        "gopher_duplicate_paragraph_characters": share(
            _counts(document_P, again_P * length_P, size), batch.num_characters_D
        ),
        "gopher_duplicate_lines": share(_counts(document_L, again_L, size), _counts(document_L, None, size)),
        "gopher_duplicate_line_characters": share(
            _counts(document_L, again_L * length_L, size), batch.num_characters_D
        ),
    }


def _counts(document: Array, weights: Array | None, num_documents: int) -> Array:
    return np.bincount(document, weights, minlength=num_documents)


def seen_before(numbers: Array, documents: Array) -> Array:
    """Which items have an equal one before them in the same document; both are whole numbers."""
    order = np.lexsort((numbers, documents))
    again = np.zeros(numbers.size, bool)
    same = (numbers[order[1:]] == numbers[order[:-1]]) & (documents[order[1:]] == documents[order[:-1]])
    again[order[1:]] = same
    return again
