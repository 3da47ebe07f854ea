"""Limits as a question changes them: `rule=least:most`, `rule=off`, `limits.rule.most=0.2`, or those of another preset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.corpus.quality.needed import refuse_unscored
from danlu.corpus.rules.judge import limits_of, rule
from danlu.corpus.rules.rule import Limits
from danlu.corpus.settings import CorpusSettings

OPEN = Limits()


@dataclass(frozen=True, kw_only=True)
class LimitChange:
    """One rule whose limits are asked about, before and after; both sides open means that the rule is off."""

    rule: str
    meaning: Text
    before: Limits
    after: Limits


def asked_limits(
    settings: CorpusSettings, *, preset: str | None = None, changes: Sequence[str] = ()
) -> Mapping[str, Limits]:
    """The limits that apply after `changes` to those of `settings`, or of `preset` with the settings' own over it.

    Raises UsageError for an unknown rule or preset (with the nearest name) and for limits that cannot be read.
    """
    base = settings if preset is None else settings.model_copy(update={"preset": preset})
    limits = limits_of(base)
    for change in changes:
        name, _, text = change.partition("=")
        name = name.strip().removeprefix("corpus.").removeprefix("limits.")
        name, _, side = name.partition(".")
        rule(name)
        limits[name] = _changed(limits.get(name, OPEN), side, text.strip().lower(), change)
    asked = {name: found for name, found in limits.items() if found != OPEN}
    refuse_unscored(settings, asked)
    return asked


def limit_changes(before: Mapping[str, Limits], after: Mapping[str, Limits]) -> tuple[LimitChange, ...]:
    """The rules whose limits differ, in the order of `after`."""
    names = [*after, *(name for name in before if name not in after)]
    return tuple(
        LimitChange(rule=name, meaning=rule(name).meaning, before=before.get(name, OPEN), after=after.get(name, OPEN))
        for name in names
        if before.get(name, OPEN) != after.get(name, OPEN)
    )


def _changed(limits: Limits, side: str, text: str, change: str) -> Limits:
    if side == "" and text == "off":
        return OPEN
    if side == "" and ":" in text:
        low, _, high = text.partition(":")
        found = Limits(least=_number(low, change), most=_number(high, change))
    elif side == "least":
        found = Limits(least=_number(text, change), most=limits.most)
    elif side == "most":
        found = Limits(least=limits.least, most=_number(text, change))
    else:
        raise _unreadable(change)
    if found.least is not None and found.most is not None and found.least > found.most:
        raise _unreadable(change)
    return found


def _number(text: str, change: str) -> float | None:
    """None for an open side."""
    if text in ("", "none", "off"):
        return None
    try:
        value = float(text)
    except ValueError:
        raise _unreadable(change) from None
    if value != value or value in (float("inf"), float("-inf")):
        raise _unreadable(change)
    return value


def _unreadable(change: str) -> UsageError:
    return UsageError(
        Text("limits cannot be read", "无法读取界限"),
        got=change,
        allowed=Text(
            "RULE=LEAST:MOST with either side empty, RULE=off, or limits.RULE.most=NUMBER",
            "规则=下限:上限（可留空一侧）、规则=off，或 limits.规则.most=数值",
        ),
        fix=Text("write for example num_units=20: or digits=:0.5", "例如写 num_units=20: 或 digits=:0.5"),
    )
