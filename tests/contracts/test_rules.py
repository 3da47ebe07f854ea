"""What holds for every row of RULES, MEASURES and PRESETS."""

from typing import Any

import numpy as np
import pytest

from danlu.corpus import CLEANERS, MEASURES, PRESETS, RULES
from danlu.corpus.measures.batch import TextBatch
from danlu.corpus.presets import Preset
from danlu.corpus.rules.judge import judge
from danlu.corpus.rules.rule import Limits, Rule

TEXTS = [
    "",
    " \n",
    "一句话。",
    "A sentence of some words.",
    "混合 mixed 文本 text 12 … #\n- 项目\n\n" * 3,
    "\U0001f600\ufffd",
]


def measures(texts: list[str]) -> dict[str, Any]:
    batch = TextBatch(texts)
    return {name: values for group in MEASURES.names() for name, values in MEASURES.load(group)(batch).items()}


@pytest.mark.parametrize("name", RULES.names())
def test_a_rule_says_what_it_measures_and_who_says_so(name: str) -> None:
    rule: Rule = RULES.load(name)
    known = measures(["text"])
    assert rule.name == name
    assert rule.measure in known
    assert rule.of in known
    assert rule.source
    assert rule.meaning.en
    assert rule.meaning.zh


@pytest.mark.parametrize("name", RULES.names())
def test_a_rule_drops_outside_its_limits_and_shows_them(name: str) -> None:
    rule: Rule = RULES.load(name)
    columns: dict[str, Any] = {key: np.zeros(3) for key in measures(["text"])}
    columns["language"] = np.array([(*rule.languages, "zh")[0]] * 3, dtype=object)
    columns[rule.of] = np.full(3, 1000.0)
    columns[rule.measure] = np.array([1000.0, 2000.0, 3000.0])
    verdicts = judge(columns, {name: Limits(least=1500, most=2500)})
    assert verdicts.reason_D.tolist() == [name, None, name]
    assert verdicts.value_D[[0, 2]].tolist() == [1000.0, 3000.0]
    assert verdicts.limit_D[[0, 2]].tolist() == [1500.0, 2500.0]


@pytest.mark.parametrize("name", PRESETS.names())
def test_a_preset_names_rows_that_exist(name: str) -> None:
    preset: Preset = PRESETS.load(name)
    computed = {key for group in preset.measures for key in MEASURES.load(group)(TextBatch(["x"]))}
    assert {"size", "language"} <= set(preset.measures)
    assert set(preset.cleaners) <= set(CLEANERS.names())
    for rule_name, limits in preset.limits.items():
        rule: Rule = RULES.load(rule_name)
        assert {rule.measure, rule.of} <= computed
        assert limits.least is not None or limits.most is not None


@pytest.mark.parametrize("group", MEASURES.names())
def test_a_measure_does_not_depend_on_its_neighbours(group: str) -> None:
    measure = MEASURES.load(group)
    together = measure(TextBatch(TEXTS))
    for place, text in enumerate(TEXTS):
        alone = measure(TextBatch([text]))
        for name, values in together.items():
            assert len(values) == len(TEXTS)
            assert values[place] == alone[name][0], (name, text)
            assert values.dtype == alone[name].dtype


@pytest.mark.parametrize("group", MEASURES.names())
def test_a_measure_takes_no_texts(group: str) -> None:
    filled = MEASURES.load(group)(TextBatch(["x"]))
    for name, values in MEASURES.load(group)(TextBatch([])).items():
        assert len(values) == 0
        assert values.dtype == filled[name].dtype
