"""MinHash signatures: for each document the smallest of many hashes over its n-grams.

Words make n-grams of words, Han characters longer n-grams of characters, so that Chinese without spaces is compared as
finely as English. A text shorter than one n-gram is one n-gram by itself: short documents have twins too.
"""

from typing import Any

import numpy as np
import pyarrow as pa

from danlu.core.streams import numpy_stream
from danlu.corpus.measures.batch import ALONE, Array, TextBatch, mix, prefix_powers
from danlu.corpus.settings import DuplicateSettings

BLOCK = 1 << 14  # shingles hashed at a time: 64 kB stay in the cache, which is 3 times as quick as whole arrays


def signatures(batch: TextBatch, settings: DuplicateSettings) -> Array:
    """One signature of `num_bands * band_rows` hashes for each document (uint32 [D, H]); zeros for one without units.

    Two signatures agree in a share of places that estimates the Jaccard similarity of the n-gram sets (Broder 1997).
    """
    shingles, documents = _shingles(batch, settings)
    num_hashes = settings.num_bands * settings.band_rows
    result_DH = np.zeros((len(batch.texts), num_hashes), np.uint32)
    if not shingles.size:
        return result_DH
    stream = numpy_stream(0, "minhash")
    factors = stream.integers(0, 2**32, num_hashes, dtype=np.uint32) | np.uint32(1)
    offsets = stream.integers(0, 2**32, num_hashes, dtype=np.uint32)
    result_DH[documents] = 0xFFFFFFFF
    for start in range(0, shingles.size, BLOCK):
        block, owners = shingles[start : start + BLOCK], documents[start : start + BLOCK]
        starts = np.flatnonzero(np.append(True, owners[1:] != owners[:-1]))
        rows = owners[starts]
        scratch = np.empty_like(block)
        for place in range(num_hashes):
            np.multiply(block, factors[place], out=scratch)
            scratch += offsets[place]
            smallest = np.minimum.reduceat(scratch, starts)
            result_DH[rows, place] = np.minimum(result_DH[rows, place], smallest)
    return result_DH


def signature_column(signatures_DH: Array) -> pa.Array:
    """Signatures as fixed-size binary, for the scratch file."""
    width = 4 * signatures_DH.shape[1]
    data: Any = pa.py_buffer(np.ascontiguousarray(signatures_DH).tobytes())
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(signatures_DH), [None, data])


def _shingles(batch: TextBatch, settings: DuplicateSettings) -> "tuple[Array, Array]":
    """32-bit hashes of the n-grams and the document of each, in order."""
    hashes_U, documents_U = batch.unit_hashes_U, batch.unit_documents_U
    counts_D = batch.count_units_D()
    ends_D = np.cumsum(counts_D)
    left_U = np.repeat(ends_D, counts_D) - np.arange(hashes_U.size)
    # The n-gram that begins at a Han character is longer: a character says less than a word.
    han_U = ALONE[batch.classes_C[batch.unit_starts_U]]
    lengths_U = np.where(han_U, settings.han_ngram, settings.word_ngram)
    whole_U = left_U >= lengths_U
    firsts_U = (ends_D - counts_D)[counts_D > 0]
    whole_U[firsts_U] = True
    places = np.flatnonzero(whole_U)
    up_U, down_U = prefix_powers(hashes_U.size)
    sums = np.zeros(hashes_U.size + 1, np.uint64)
    np.cumsum(hashes_U * up_U, out=sums[1:])
    grams = (sums[places + np.minimum(lengths_U, left_U)[places]] - sums[places]) * down_U[places]
    return (mix(grams) >> np.uint64(32)).astype(np.uint32), documents_U[places]
