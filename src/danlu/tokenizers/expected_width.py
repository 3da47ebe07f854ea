"""How wide the tokens of a text will be, before there is a tokenizer."""

import math
from typing import NamedTuple


class _Width(NamedTuple):
    """Bytes of a token at 1,024 entries, and what each doubling adds; Han tokens no wider than `most_han`."""

    latin: float
    more_latin: float
    han: float
    more_han: float
    most_han: float = math.inf


# Measured on held-out manuals in English and Chinese (learnt from 4 MB): bpe in docs/log, cutting text into words; the
# others at 1,024, 4,096 and 16,384 entries, bytes per token in English and in Chinese (59 % Han): wordpiece 2.15 3.24
# 3.94 and 2.00 2.75 2.98, word 1.93 3.00 3.73 and 2.15 3.18 3.72, unigram 2.37 3.33 3.90 and 2.28 3.54 4.27. Formulaic
# text is wider: Chinese laws 3.0, 4.9 and 5.4 at 4,096 entries. Wordpiece keeps Han characters apart: three bytes, fewer with rare ones.
_WIDTHS = {
    "bpe": _Width(2.54, 0.45, 2.15, 0.52),
    "unigram": _Width(2.45, 0.41, 2.30, 0.60),
    "word": _Width(2.03, 0.47, 2.30, 0.45),
    "wordpiece": _Width(2.22, 0.44, 1.90, 0.40, 2.75),
}


def expected_bytes_per_token(kind: str, vocab_size: int, han_share: float) -> float:
    """UTF-8 bytes of one token of a vocabulary trained on such text; `han_share`: bytes of Han characters, 0 to 1.

    Within 8 % of what was measured on manuals. A kind that is not known here is taken for bpe.
    """
    if kind == "byte":
        return 1.0
    if kind == "char":
        return 1.0 + 2.0 * han_share / (3 - 2 * han_share)
    width = _WIDTHS.get(kind, _WIDTHS["bpe"])
    doublings = math.log2(max(512, vocab_size) / 1024)
    latin = width.latin + width.more_latin * doublings
    han = min(width.most_han, width.han + width.more_han * doublings)
    return 1 / (han_share / han + (1 - han_share) / latin)
