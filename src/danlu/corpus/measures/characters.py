"""What the characters and words are: letters, digits, symbols, their lengths, and frequent function words."""

from collections.abc import Mapping
from functools import cache

import numpy as np

from danlu.corpus.measures.batch import (
    ALONE,
    CONTROL,
    DIGIT,
    HAN,
    HANGUL,
    KANA,
    LETTER,
    OTHER,
    PUNCTUATION,
    SPACE,
    Array,
    TextBatch,
    share,
)

# English: the eight of Gopher (Rae et al. 2021, table A1). Chinese: the most frequent function characters, simplified and
# traditional, after the list of FineWeb-2 (cmn_Hani) without its words for dates.
STOP_WORDS = (
    *("the", "be", "to", "of", "and", "that", "have", "with"),
    *"的是和了在有不也而由为為于於被与與他人中之其以者",
)
ELLIPSIS = ord("…")


def measure(batch: TextBatch) -> Mapping[str, Array]:
    """Shares of characters (spaces left out), mean length of words, symbols for each unit, distinct stop words.

    `symbols_per_unit` counts `#` and ellipses as Gopher does; `letter_units` is the share of units with a letter;
    `unique_units` the share of distinct ones.
    """
    classes_C, codes_C = batch.classes_C, batch.codes_C
    visible = batch.count_D(classes_C != SPACE)
    letters = batch.count_D(_IS_LETTER[classes_C])
    num_units = batch.count_units_D()
    word_U = ~ALONE[classes_C[batch.unit_starts_U]]
    num_words = batch.count_units_D(word_U.astype(np.float64))
    word_characters = batch.count_units_D(word_U * batch.unit_lengths_U.astype(np.float64))
    digit_first_U = classes_C[batch.unit_starts_U] == DIGIT
    dots_C = codes_C == ord(".")
    triple_C = dots_C.copy()
    triple_C[:2] = False
    triple_C[2:] &= dots_C[1:-1] & dots_C[:-2]
    symbols = batch.count_D((codes_C == ord("#")) | (codes_C == ELLIPSIS)) + batch.count_D(triple_C)
    return {
        "num_words": num_words.astype(np.int64),
        "mean_word_length": share(word_characters, num_words),
        "letter_share": share(letters, visible),
        "digit_share": share(batch.count_D(classes_C == DIGIT), visible),
        "punctuation_share": share(batch.count_D(classes_C == PUNCTUATION), visible),
        "other_share": share(batch.count_D((classes_C == OTHER) | (classes_C == CONTROL)), visible),
        "repaired_share": share(batch.count_D(codes_C == 0xFFFD), visible),
        "space_share": share(batch.count_D(classes_C == SPACE), batch.num_characters_D),
        "symbols_per_unit": share(symbols, num_units),
        "letter_units": share(batch.count_units_D((~digit_first_U).astype(np.float64)), num_units),
        "num_stop_words": _distinct_stop_words(batch),
    }


def _distinct_stop_words(batch: TextBatch) -> Array:
    """How many different stop words each text has (int64)."""
    known = _stop_hashes()
    place_U = np.minimum(np.searchsorted(known, batch.unit_hashes_U), known.size - 1)
    hit_U = known[place_U] == batch.unit_hashes_U
    pairs = np.unique(batch.unit_documents_U[hit_U] * known.size + place_U[hit_U])
    return np.bincount(pairs // known.size, minlength=len(batch.texts))


@cache
def _stop_hashes() -> Array:
    return np.sort(TextBatch(STOP_WORDS).unit_hashes_U)


_IS_LETTER = np.zeros(9, bool)
_IS_LETTER[[LETTER, HAN, KANA, HANGUL]] = True
