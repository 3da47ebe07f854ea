"""What the quality score looks at: hashed runs of units, alike for Latin words and Han characters.

A word counts alone and with the next one (the two orders of the fastText filter of DCLM, Li et al. 2024, section 4.4); a
Han, kana or Hangul character alone, with the next one and with the next two, since about two of them make a word. Signs
and spaces are left out, so that neither layout nor the kind of file is mistaken for quality. `_G` runs over grams.
"""

from dataclasses import dataclass

import numpy as np

from danlu.corpus.measures.batch import ALONE, HAN, Array, TextBatch, mix

_STEP = np.uint64(0xD1342543DE82EF95)


@dataclass(frozen=True, kw_only=True, eq=False)
class Grams:
    """The grams of some texts: bucket, text, and first unit of each, in order of the order (1, 2, 3) and then of place."""

    buckets_G: Array
    documents_G: Array
    firsts_G: Array
    orders_G: Array


def hashed_grams(batch: TextBatch, bits: int) -> Grams:
    """Every gram of every text, hashed into 2 ** `bits` buckets."""
    hashes_U, documents_U = batch.unit_hashes_U, batch.unit_documents_U
    alone_U = ALONE[batch.classes_C[batch.unit_starts_U]] if hashes_U.size else np.zeros(0, bool)
    buckets, firsts, orders = [], [], []
    grams_U, valid_U = np.zeros(hashes_U.size, np.uint64), np.ones(hashes_U.size, bool)
    for order in (1, 2, 3):
        size = max(0, hashes_U.size - order + 1)
        grams_U = mix(grams_U[:size] * _STEP + hashes_U[order - 1 : order - 1 + size])
        valid_U = valid_U[:size] & (documents_U[:size] == documents_U[order - 1 : order - 1 + size])
        if order == 3:
            valid_U = valid_U & alone_U[:size] & alone_U[1 : 1 + size] & alone_U[2 : 2 + size]
        first = np.flatnonzero(valid_U)
        buckets.append((grams_U[first] >> np.uint64(64 - bits)).astype(np.int32))
        firsts.append(first)
        orders.append(np.full(first.size, order, np.int8))
    firsts_G = np.concatenate(firsts)
    return Grams(
        buckets_G=np.concatenate(buckets),
        documents_G=documents_U[firsts_G],
        firsts_G=firsts_G,
        orders_G=np.concatenate(orders),
    )


def is_han_D(batch: TextBatch) -> Array:
    """Whether most units of each text are Han characters, so that it is compared with text in Han characters."""
    return 2 * batch.count_D(batch.classes_C == HAN) > batch.count_units_D()
