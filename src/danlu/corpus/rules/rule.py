"""What a rule is: a document stays while the rule's measure lies within the limits that the preset sets."""

from dataclasses import dataclass

from danlu.core.language import Text


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Drops a document whose `measure` lies outside [least, most]; the limits stand in the preset.

    `source` names where the rule and its usual limits were published.
    """

    name: str
    measure: str
    meaning: Text
    source: str
    at_least: int = 0  # documents with fewer of `of` are not judged: shares of a few words say nothing
    of: str = "num_units"
    languages: tuple[str, ...] = ()  # only documents in these are judged; empty: all


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The least and the most that a measure may be; None leaves that side open."""

    least: float | None = None
    most: float | None = None
