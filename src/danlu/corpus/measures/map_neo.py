"""MAP-NEO's measures for Chinese pages: over characters, spaces left out.

Source: MAP-NEO (Zhang et al. 2024), Matrix, `filter.py`. Full-width letters and digits count as their narrow forms there
by NFKC; here the classes of Unicode say the same. Other than there, the rules on repetition do act (its line 419 tests a
tuple, which is always true, so nothing was ever dropped), and an n-gram that comes once is no repetition.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from danlu.corpus.measures.batch import DIGIT, PUNCTUATION, SPACE, Array, TextBatch, share
from danlu.corpus.measures.ngrams import Tokens, covered_characters, repeats, top_characters
from danlu.corpus.measures.published_words import HASH, num_ellipses
from danlu.corpus.measures.word_batch import words_of

TOP = (2, 3, 4)
DUPLICATE = (5, 6, 7, 8, 9, 10)
_CUT = ("展开", "更多", "readmore", "。。。")
_BULLETS = tuple("-*•●○■□▪▶◆◇‣·–★")


def measure(batch: TextBatch) -> Mapping[str, Array]:
    """Shares of the visible characters, distinct ones and their entropy (nats), and how much n-grams repeat.

    `map_neo_duplicate_n_gram` is the share of characters in n-grams that stand at least twice, overlaps counted once.
    """
    visible = np.flatnonzero(batch.classes_C != SPACE)
    document_V, code_V = batch.owners(visible), batch.codes_C[visible]
    size = len(batch.texts)
    count_D = np.bincount(document_V, minlength=size)
    punctuation = batch.count_D(batch.classes_C == PUNCTUATION)
    variety = _variety(document_V, code_V, count_D)
    columns: dict[str, Array] = {
        "map_neo_characters": count_D.astype(np.int64),
        "map_neo_brackets": share(_bracketed(document_V, code_V, size), count_D),
        "map_neo_hashes": share(batch.count_D(batch.codes_C == HASH), count_D),
        "map_neo_ellipses": share(num_ellipses(batch), count_D),
        "map_neo_digits": share(batch.count_D(batch.classes_C == DIGIT), count_D - punctuation),
        "map_neo_punctuation": share(punctuation, count_D),
        **variety,
        **_line_shares(batch),
    }
    ones = np.ones(code_V.size, np.int64)
    tokens = Tokens(token_T=code_V, document_T=document_V, length_T=ones, gap_T=ones * 0, num_documents=size)
    for found in repeats(tokens, max(DUPLICATE)):
        if found.n in TOP:
            columns[f"map_neo_top_{found.n}_gram"] = share(top_characters(tokens, found), count_D)
        if found.n in DUPLICATE:
            columns[f"map_neo_duplicate_{found.n}_gram"] = share(covered_characters(tokens, found), count_D)
    return columns


def _variety(document_V: Array, code_V: Array, count_D: Array) -> dict[str, Array]:
    """Share of distinct characters, and the entropy of their frequencies in nats."""
    pairs = np.sort((document_V.astype(np.int64) << 21) | code_V)
    starts = np.flatnonzero(np.append(True, pairs[1:] != pairs[:-1])[: pairs.size])
    counts = np.diff(starts, append=pairs.size)
    owner = pairs[starts] >> 21
    portion = counts / count_D[owner]
    entropy_D = np.bincount(owner, -portion * np.log(portion), minlength=count_D.size)
    return {
        "map_neo_unique": share(np.bincount(owner, minlength=count_D.size), count_D),
        "map_neo_entropy": entropy_D.astype(np.float32),
    }


def _bracketed(document_V: Array, code_V: Array, num_documents: int) -> Array:
    """Characters between 【 and the next 】 of the same document."""
    marks = np.flatnonzero((code_V == ord("【")) | (code_V == ord("】")))
    if marks.size < 2:
        return np.zeros(num_documents)
    opens = (code_V[marks[:-1]] == ord("【")) & (code_V[marks[1:]] == ord("】"))
    opens &= document_V[marks[:-1]] == document_V[marks[1:]]
    inside = (marks[1:] - marks[:-1] - 1)[opens].astype(np.float64)
    return np.bincount(document_V[marks[:-1]][opens], inside, minlength=num_documents)


def _line_shares(batch: TextBatch) -> dict[str, Array]:
    words = words_of(batch)
    text_L = words.length_L > 0
    num_lines = words.sum_lines_D(text_L)
    cut_L = np.zeros(text_L.size, bool)
    for ending in _CUT:
        cut_L |= pc.ends_with(words.lines, ending).to_numpy(zero_copy_only=False)
    first = pc.utf8_slice_codeunits(words.lines, 0, 1)
    bullet_L = pc.is_in(first, pa.array(_BULLETS, pa.large_string())).to_numpy(zero_copy_only=False)
    return {
        "map_neo_cut_lines": share(words.sum_lines_D(cut_L), num_lines),
        "map_neo_bullet_lines": share(words.sum_lines_D(bullet_L), num_lines),
    }
