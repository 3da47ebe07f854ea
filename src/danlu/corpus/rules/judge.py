"""Applies rules to measures: for each document the first rule it breaks, with the value and the limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from danlu.corpus import MEASURES, PRESETS, RULES
from danlu.corpus.measures.batch import Array, Measure, TextBatch
from danlu.corpus.presets import Preset
from danlu.corpus.rules.rule import Limits, Rule
from danlu.corpus.settings import CorpusSettings

QUALITY = "quality"  # the group that needs a learned score: never computed without one


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """For each document the rule it broke (None: none), the value measured and the limit broken (NaN: none)."""

    reason_D: Array
    value_D: Array
    limit_D: Array


@cache
def rule(name: str) -> Rule:
    """A row of RULES; raises UsageError with the nearest name when there is none."""
    found: Rule = RULES.load(name)
    return found


def preset_of(settings: CorpusSettings) -> Preset:
    """The preset that the settings name; raises UsageError with the nearest name when there is none."""
    return _preset(settings.preset)


@cache
def _preset(name: str) -> Preset:
    # Looking at the entry points costs 30 ms, and every document asks.
    found: Preset = PRESETS.load(name)
    return found


def limits_of(settings: CorpusSettings) -> dict[str, Limits]:
    """The limits of each rule that applies: those of the preset, under those of the settings."""
    limits = dict(preset_of(settings).limits)
    limits.update({name: Limits(least=pair[0], most=pair[1]) for name, pair in settings.limits.items()})
    return limits


def measure_groups(settings: CorpusSettings) -> tuple[str, ...]:
    """The groups of measures that the preset computes, the learned score where there is one, and what limits ask for."""
    groups = (*preset_of(settings).measures, *((QUALITY,) if settings.quality_model else ()))
    return _with_measures_of(groups, frozenset(settings.limits)) if settings.limits else groups


@cache
def _with_measures_of(groups: tuple[str, ...], names: frozenset[str]) -> tuple[str, ...]:
    """`groups` and those that the rules `names` need beside them."""
    needed = {measure for name in names for measure in (rule(name).measure, rule(name).of)}
    missing = needed.difference(*(_columns_of(group) for group in groups))
    more = [group for group in MEASURES.names() if group != QUALITY and missing & _columns_of(group)] if missing else []
    return (*groups, *more)


@cache
def _columns_of(group: str) -> frozenset[str]:
    measure: Measure = MEASURES.load(group)
    return frozenset(measure(TextBatch(["x"])))


def judge(columns: Mapping[str, Array], limits: Mapping[str, Limits]) -> Verdicts:
    """The first rule, in the order of `limits`, that each document breaks."""
    count = len(columns["num_units"])
    reason_D = np.full(count, None, dtype=object)
    value_D, limit_D = np.full(count, np.nan), np.full(count, np.nan)
    for name, bounds in limits.items():
        found = rule(name)
        values_D = np.asarray(columns[found.measure], dtype=np.float64)
        judged_D = (reason_D == None) & (np.asarray(columns[found.of]) >= found.at_least)  # noqa: E711 (objects)
        if found.languages:
            judged_D &= np.isin(columns["language"].astype(str), found.languages)
        for bound, broken_D in (
            (bounds.least, values_D < (-np.inf if bounds.least is None else bounds.least)),
            (bounds.most, values_D > (np.inf if bounds.most is None else bounds.most)),
        ):
            hit_D = judged_D & broken_D
            if bound is not None and hit_D.any():
                reason_D[hit_D], limit_D[hit_D] = name, bound
                value_D[hit_D] = values_D[hit_D]
    return Verdicts(reason_D=reason_D, value_D=value_D, limit_D=limit_D)
