"""Where words begin in a row of token ids: Latin words as they stand, Chinese ones by the dictionary of jieba.

N ids, L bytes of their text.
"""

import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from danlu.corpus.measures.word_splitting import HAN, split_han
from danlu.tokenizers.tokenizer import Tokenizer

_HAN_CHARACTERS = HAN.pattern.removeprefix("[").removesuffix("]+")
_LETTERS = f"[^\\W_{_HAN_CHARACTERS}]+"
# A run of Han characters; letters and digits, with apostrophes and hyphens inside; a run of spaces; any other sign.
_PIECES = re.compile(f"{HAN.pattern}|{_LETTERS}(?:['’-]{_LETTERS})*|\\s+|.", re.DOTALL)
_PART_OF_CHARACTER = re.compile("[\udc80-\udcff]")


def word_starts(tokenizer: Tokenizer, ids: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """For each of `ids` [N] whether a word begins where it begins; the tokens from one such place to the next are a word.

    A space is part of the word behind it where the tokenizer joins them. Signs are words, control tokens too; behind those,
    and at the first id, a word begins. What the ends of `ids` leave of a character counts as signs. Linear in the text.
    """
    spelling = _spelling(tokenizer)
    lengths_N = spelling.lengths_V[ids]
    begins_N = np.cumsum(lengths_N) - lengths_N
    starts_L = _starts(b"".join([spelling.pieces_V[number] for number in ids.tolist()]))
    control_N = lengths_N == 0
    found_N: npt.NDArray[np.bool_] = control_N | starts_L[begins_N]
    found_N[1:] |= control_N[:-1]
    found_N[:1] = True
    return found_N


class _Spelling(NamedTuple):
    """The bytes of each id, and how many they are."""

    pieces_V: list[bytes]
    lengths_V: npt.NDArray[np.int64]


@lru_cache(maxsize=4)
def _spelling(tokenizer: Tokenizer) -> _Spelling:
    pieces = [tokenizer.token_bytes(number) for number in range(tokenizer.vocab_size)]
    return _Spelling(pieces, np.array([len(piece) for piece in pieces], dtype=np.int64))


def _starts(text: bytes) -> npt.NDArray[np.bool_]:
    """[L + 1]: whether a word begins at this byte."""
    # a byte that is no character becomes a sign of one byte, so that lengths stay
    whole = _PART_OF_CHARACTER.sub("\x00", text.decode("utf-8", errors="surrogateescape"))
    words: list[str] = []
    for piece in _PIECES.findall(whole):
        if piece[0] >= "\u3400" and HAN.match(piece):
            words += split_han(piece)
        else:
            words.append(piece)
    lengths = np.fromiter((len(word.encode()) for word in words), dtype=np.int64, count=len(words))
    starts_L = np.zeros(len(text) + 1, dtype=np.bool_)
    starts_L[np.cumsum(lengths) - lengths] = True
    return starts_L
