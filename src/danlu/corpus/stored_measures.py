"""Measures of stored documents: read from their columns, and taken from the stored text where the build did not."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
import pyarrow as pa

from danlu.corpus import MEASURES
from danlu.corpus.measures.batch import Array, Measure, TextBatch
from danlu.corpus.rules.judge import rule

ALWAYS = ("num_bytes", "num_units", "language")  # what every rule may ask for


def needed_measures(rules: Iterable[str]) -> tuple[str, ...]:
    """The measures that judging by `rules` reads."""
    names = dict.fromkeys(ALWAYS)
    for name in rules:
        names |= dict.fromkeys((rule(name).measure, rule(name).of))
    return tuple(names)


def measured_columns(table: pa.Table, names: Sequence[str]) -> Mapping[str, Array]:
    """The measures `names` of the rows of `table`, whose column `text` is needed where one of them is not stored."""
    stored = {name: table.column(name).to_numpy(zero_copy_only=False) for name in names if name in table.column_names}
    missing = [name for name in names if name not in stored]
    if not missing:
        return stored
    return stored | measure_texts(TextBatch(table.column("text").to_pylist()), missing)


def measure_texts(batch: TextBatch, names: Sequence[str]) -> dict[str, Array]:
    """The measures `names` of some texts."""
    columns: dict[str, Array] = {}
    for group in groups_of(names):
        found = _measure(group)(batch)
        columns |= {name: np.asarray(found[name]) for name in names if name in found}
    return columns


def groups_of(measures: Sequence[str]) -> list[str]:
    """The groups of MEASURES that take these measures, in the order of the table."""
    wanted = set(measures)
    return [group for group in MEASURES.names() if wanted & _names(group)]


@cache
def _names(group: str) -> frozenset[str]:
    """A group tells its measures by measuring."""
    return frozenset(_measure(group)(TextBatch(["a word"])))


@cache
def _measure(group: str) -> Measure:
    found: Measure = MEASURES.load(group)
    return found
