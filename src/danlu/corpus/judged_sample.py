"""How much of some texts the preset `standard` would drop: a look at quality that does not depend on the build's preset."""

from collections.abc import Sequence

import numpy as np

from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.rules.judge import judge, limits_of
from danlu.corpus.settings import CorpusSettings
from danlu.corpus.stored_measures import measure_texts, needed_measures

BATCH_TEXTS = 256


def doubtful_share(texts: Sequence[str]) -> float | None:
    """The share of bytes in texts that break a limit of `standard`; None without text."""
    limits = limits_of(CorpusSettings(preset="standard"))
    total = doubtful = 0
    for start in range(0, len(texts), BATCH_TEXTS):
        columns = measure_texts(TextBatch(texts[start : start + BATCH_TEXTS]), needed_measures(limits))
        broken_D = np.array([why is not None for why in judge(columns, limits).reason_D], bool)
        total += int(columns["num_bytes"].sum())
        doubtful += int(columns["num_bytes"][broken_D].sum())
    return doubtful / total if total else None
