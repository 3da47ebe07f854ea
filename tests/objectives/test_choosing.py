"""Names and mixtures as they are written on the command line."""

from danlu.objectives.choosing import classes_of, controls_of, made, problems_of, weights_of
from danlu.objectives.mixture import Mixture
from danlu.objectives.objective import Vocabulary
from danlu.objectives.settings import ObjectiveSettings

MIDDLES = ("<|prefix|>", "<|middle|>", "<|suffix|>")
VOCABULARY = Vocabulary(size=40, num_control=4, controls={name: n for n, name in enumerate(("<|bos|>", *MIDDLES))})


def test_names_and_weights_are_read() -> None:
    assert weights_of("causal") == {"causal": 1.0}
    assert weights_of("causal:0.7, fill_in_the_middle:0.3") == {"causal": 0.7, "fill_in_the_middle": 0.3}
    assert controls_of("causal:7,fill_in_the_middle:3") == MIDDLES
    assert [objective.name for objective in classes_of("masked,causal")] == ["masked", "causal"]


def test_every_problem_has_its_line() -> None:
    assert problems_of("causal:0.7,fill_in_the_middle:3") == []
    found = problems_of("casual,masked:0,masked:x,causal:inf,causal:1")
    assert len(found) == 6
    assert "Did you mean 'causal'" in found[0]
    assert sum("number above 0" in line for line in found) == 3
    assert sum("named twice" in line for line in found) == 2


def test_one_name_is_no_mixture() -> None:
    assert made("causal:3", VOCABULARY, ObjectiveSettings()).name == "causal"
    assert isinstance(made("causal,fill_in_the_middle", VOCABULARY, ObjectiveSettings()), Mixture)
