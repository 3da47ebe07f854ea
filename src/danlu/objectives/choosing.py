"""Names of objectives, and mixtures of them by weight: `causal`, `causal:0.7,fill_in_the_middle:0.3`."""

import math

from danlu.core.errors import nearest
from danlu.core.language import Text, say
from danlu.objectives import OBJECTIVES
from danlu.objectives.mixture import Mixture
from danlu.objectives.objective import Objective, Vocabulary
from danlu.objectives.settings import ObjectiveSettings


def weights_of(text: str) -> dict[str, float]:
    """Name -> weight, in the order of `text`, in which `problems_of` finds nothing; a name alone weighs 1."""
    found = (item.partition(":") for item in text.split(","))
    return {name.strip(): float(weight) if colon else 1.0 for name, colon, weight in found}


def problems_of(text: str) -> list[str]:
    """One line for each thing that is wrong with `text`, in the reader's language."""
    problems: list[str] = []
    seen: set[str] = set()
    for item in text.split(","):
        name, colon, weight = (part.strip() for part in item.partition(":"))
        if name not in OBJECTIVES.names():
            problems.append(_unknown(name))
        elif name in seen:
            problems.append(
                say(Text("objective: '{name}' is named twice", "objective：'{name}' 出现了两次"), name=name)
            )
        if colon and not _is_weight(weight):
            line = Text(
                "objective: the weight of '{name}' is a number above 0, not '{weight}'",
                "objective：'{name}' 的权重须为大于 0 的数，而不是 '{weight}'",
            )
            problems.append(say(line, name=name, weight=weight))
        seen.add(name)
    return problems


def classes_of(text: str) -> list[type[Objective]]:
    """The objectives that `text` names."""
    return [OBJECTIVES.load(name) for name in weights_of(text)]


def heaviest_of(text: str) -> str:
    """The name that weighs most in `text`, the first of equal ones."""
    weights = weights_of(text)
    return max(weights, key=lambda name: weights[name])


def controls_of(text: str) -> tuple[str, ...]:
    """The control tokens that the objectives of `text` need beside the separator, each once."""
    return tuple(dict.fromkeys(control for objective in classes_of(text) for control in objective.controls))


def made(text: str, vocabulary: Vocabulary, settings: ObjectiveSettings) -> Objective:
    """The objective or mixture that `text` names. Raises UsageError when the tokenizer lacks what it needs."""
    members = [objective.of(vocabulary, settings) for objective in classes_of(text)]
    return members[0] if len(members) == 1 else Mixture(members, list(weights_of(text).values()))


def _is_weight(text: str) -> bool:
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False


def _unknown(name: str) -> str:
    known = OBJECTIVES.names()
    close = nearest(name, known)
    line = say(Text("unknown name '{name}' for objective", "objective 的名称 '{name}' 未知"), name=name)
    line += say(Text(". Did you mean '{close}'?", "。是否指 '{close}'?"), close=close) if close else "."
    return line + say(Text(" Known: {known}", " 可用：{known}"), known=", ".join(known))
