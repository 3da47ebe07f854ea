"""How much there is: bytes, characters, lines, units, and Han characters apart."""

from collections.abc import Mapping

import numpy as np

from danlu.corpus.measures.batch import HAN, NEWLINE, Array, TextBatch


def measure(batch: TextBatch) -> Mapping[str, Array]:
    """`num_bytes` of UTF-8, `num_characters`, `num_lines` (line ends), `num_units` (Han characters and words), `num_han`."""
    codes_C = batch.codes_C
    return {
        "num_bytes": np.array([len(text.encode()) for text in batch.texts], np.int64),
        "num_characters": batch.num_characters_D,
        "num_lines": batch.count_D(codes_C == NEWLINE),
        "num_units": batch.count_units_D(),
        "num_han": batch.count_D(batch.classes_C == HAN),
    }
