"""The learned quality score of each document, where the settings name one (`corpus.quality_model`)."""

from collections.abc import Mapping

import numpy as np

from danlu.corpus.measures.batch import Array, TextBatch

MODEL = "quality_model"  # in `TextBatch.shared`: the folder of the score


def measure(batch: TextBatch) -> Mapping[str, Array]:
    """`quality`: the share of good text that scores lower, 0 to 1; `quality_raw`: the score behind it.

    Without a score nothing speaks against a text: 1 and 0.
    """
    path = batch.shared.get(MODEL)
    if not path:
        count = len(batch.texts)
        return {"quality": np.ones(count, np.float32), "quality_raw": np.zeros(count, np.float32)}
    from danlu.corpus.quality.model import open_quality

    scores = open_quality(str(path)).score(batch)
    return {"quality": scores.quality_D, "quality_raw": scores.raw_D}
