"""How wide the tokens of a text will be, before there is a tokenizer."""

import math


def expected_bytes_per_token(kind: str, vocab_size: int, han_share: float) -> float:
    """UTF-8 bytes of one token of a vocabulary trained on such text; `han_share`: bytes of Han characters, 0 to 1."""
    if kind == "byte":
        return 1.0
    if kind == "char":
        return 1.0 + 2.0 * han_share / (3 - 2 * han_share)
    # measured on English and Chinese manuals (docs/log, cutting text into words)
    doublings = math.log2(max(512, vocab_size) / 1024)
    latin, han = 2.54 + 0.45 * doublings, 2.15 + 0.52 * doublings
    return 1 / (han_share / han + (1 - han_share) / latin)
