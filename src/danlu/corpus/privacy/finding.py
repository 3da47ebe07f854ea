"""Personal data in a text: candidates by form and checksum, then the words around them.

Most texts have none: four quick searches say so before any pattern of a kind is tried.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from danlu.corpus.privacy.cards import BANK_CARD, CARD
from danlu.corpus.privacy.chinese import CREDIT_CODE, IDENTITY_NUMBER, PLATE, PROVINCE_SIGNS
from danlu.corpus.privacy.kind import Certainty, Kind
from danlu.corpus.privacy.network import EMAIL, IP
from danlu.corpus.privacy.phones import MOBILE, PHONE

# In this order: what a kind has taken is no candidate of the later ones.
KINDS = {kind.name: kind for kind in (EMAIL, IDENTITY_NUMBER, CREDIT_CODE, CARD, BANK_CARD, IP, MOBILE, PHONE, PLATE)}

LIFT_BEFORE, LIFT_AFTER, LOWER_BEFORE = 28, 10, 16  # characters


@dataclass(frozen=True, kw_only=True)
class _Trigger:
    """What a kind cannot be without, and how many characters around it may belong to a match.

    The pattern begins with a small set of signs, which is searched 10 times as quickly as one that looks back first.
    """

    pattern: re.Pattern[str]
    before: int
    after: int


_TRIGGERS = {
    "at": _Trigger(pattern=re.compile("[@\uff20]"), before=66, after=200),
    "digits": _Trigger(pattern=re.compile(r"[0-9](?:[ ().\-\u2014\uff08\uff09]{0,2}[0-9A-Z]){6,}"), before=4, after=12),
    "dotted": _Trigger(
        pattern=re.compile(
            r"[0-9](?:[0-9]{0,2}\.[0-9]{1,3}\.[0-9.]+|[0-9A-Fa-f]{3}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*)", re.ASCII
        ),
        before=1,
        after=10,
    ),
    "plate": _Trigger(pattern=re.compile(f"[{PROVINCE_SIGNS}][A-Z][·•・∙]?[0-9A-Z]{{4}}"), before=1, after=4),
}
_IN_ADDRESS = re.compile(r"(?:://|www\.)[!-~]*$")
_LONGEST_ADDRESS = 200


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One place with personal data: `kind` is a key of KINDS, `value` is what equal ones share."""

    kind: str
    start: int
    end: int
    text: str
    value: str


def find_personal_data(text: str, kinds: Sequence[str] = tuple(KINDS)) -> list[Finding]:
    """Every place in `text`, in order and without overlap."""
    windows = {name: _windows(text, trigger) for name, trigger in _TRIGGERS.items()}
    if not any(windows.values()):
        return []
    taken = bytearray(len(text))
    findings: list[Finding] = []
    for name, kind in KINDS.items():
        if name in kinds:
            findings += _find(text, kind, windows[kind.trigger], taken)
    return sorted(findings, key=lambda finding: finding.start)


def _windows(text: str, trigger: _Trigger) -> list[tuple[int, int]]:
    """The parts of `text` around a trigger, in order and apart from each other."""
    found: list[tuple[int, int]] = []
    for match in trigger.pattern.finditer(text):
        start, end = max(0, match.start() - trigger.before), match.end() + trigger.after
        if found and start <= found[-1][1]:
            start = found.pop()[0]
        found.append((start, end))
    return found


def _find(text: str, kind: Kind, windows: Sequence[tuple[int, int]], taken: bytearray) -> list[Finding]:
    """The places of one kind; also marks their characters, and those of reserved values, in `taken`.

    What is certain at one place is certain wherever the document repeats it.
    """
    certain: list[Finding] = []
    doubtful: list[Finding] = []
    group = "plate" if kind is PLATE else 0
    for found in chain.from_iterable(kind.pattern.finditer(text, *window) for window in windows):
        start, end = found.span(group)
        certainty = kind.judge(found)
        if certainty is Certainty.NONE or 1 in taken[start:end]:
            continue
        if certainty is Certainty.RESERVED:
            taken[start:end] = bytes([1]) * (end - start)
            continue
        shown = found.group(group)
        finding = Finding(kind=kind.name, start=start, end=end, text=shown, value=kind.value(shown))
        (certain if _is_certain(text, kind, certainty, start, end) else doubtful).append(finding)
    values = {finding.value for finding in certain}
    certain += [finding for finding in doubtful if finding.value in values]
    for finding in certain:
        taken[finding.start : finding.end] = bytes([1]) * (finding.end - finding.start)
    return certain


def _is_certain(text: str, kind: Kind, certainty: Certainty, start: int, end: int) -> bool:
    if not kind.in_addresses and _IN_ADDRESS.search(text[max(0, start - _LONGEST_ADDRESS) : start]):
        return False
    before = text[max(0, start - LIFT_BEFORE) : start]
    score = int(certainty)
    if kind.lifts and (kind.lifts.search(before) or kind.lifts.search(text[end : end + LIFT_AFTER])):
        score += 1
    if kind.lowers and kind.lowers.search(before[-LOWER_BEFORE:]):
        score -= 1
    return score >= Certainty.PLAIN
