"""Measures documents and judges them: line rules edit, rules on documents decide, and what was measured stays beside.

Rules on documents are asked of all lines or of those that the line rules leave, as each measure says. A kept document
is stored as edited, a dropped one as it was, so that a person sees what went.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from danlu.corpus import MEASURES
from danlu.corpus.measures import quality, size
from danlu.corpus.measures.batch import Array, Measure, TextBatch
from danlu.corpus.measures.web_lines import edited_texts
from danlu.corpus.rules.judge import judge, limits_of, measure_groups, preset_of
from danlu.corpus.settings import CorpusSettings


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Documents after judging. `reason_D` is None for what no rule drops; `num_removed_D` counts lines taken out.

    `batch` holds the texts as they are stored.
    """

    batch: TextBatch
    columns: Mapping[str, Array]
    reason_D: Array
    value_D: Array
    limit_D: Array
    num_removed_D: Array


def measure_batch(batch: TextBatch, settings: CorpusSettings) -> dict[str, Array]:
    """Every measure of the preset for each text: name -> array, in a fixed order."""
    columns: dict[str, Array] = {}
    batch.shared[quality.MODEL] = settings.quality_model
    for group in measure_groups(settings):
        columns.update(_measure(group)(batch))
    return columns


def judge_texts(texts: Sequence[str], settings: CorpusSettings, *, fixed: Sequence[bool]) -> Judged:
    """Measures, judges and edits texts. `fixed` marks those that no rule may drop or change (validation files)."""
    line_rules = preset_of(settings).line_rules
    batch = TextBatch(texts, line_rules)
    columns = measure_batch(batch, settings)
    verdicts = judge(columns, limits_of(settings))
    free_D = ~np.asarray(fixed, bool)
    reason_D = verdicts.reason_D.copy()
    reason_D[~free_D] = None
    num_removed_D = np.zeros(len(texts), np.int64)
    if line_rules:
        edited = edited_texts(batch)
        changed_D = free_D & np.array([not why for why in reason_D], bool)
        changed_D &= np.array([new != old for new, old in zip(edited, texts, strict=True)], bool)
        if changed_D.any():
            kept_lines = columns["num_kept_lines"]
            num_removed_D[changed_D] = np.maximum(1, _num_lines(texts) - kept_lines)[changed_D]
            stored = [new if it else old for new, old, it in zip(edited, texts, changed_D, strict=True)]
            batch = TextBatch(stored)
            for name, values in size.measure(TextBatch([stored[place] for place in np.flatnonzero(changed_D)])).items():
                columns[name] = columns[name].copy()
                columns[name][changed_D] = values
            blank_D = np.array([not text.strip() for text in stored], bool)
            reason_D[changed_D & blank_D] = "empty"
    return Judged(
        batch=batch,
        columns=columns,
        reason_D=reason_D,
        value_D=verdicts.value_D,
        limit_D=verdicts.limit_D,
        num_removed_D=num_removed_D,
    )


def _num_lines(texts: Sequence[str]) -> Array:
    """Lines with something on them: blank ones are no loss."""
    return np.array([sum(1 for line in text.split("\n") if line.strip()) for text in texts], np.int64)


@cache
def _measure(group: str) -> Measure:
    found: Measure = MEASURES.load(group)
    return found
