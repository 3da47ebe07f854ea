"""The cleaner `privacy`: personal data is replaced by made-up values, by its kind, or only counted.

A made-up value is of the same form and belongs to nobody: a reserved range, or one that is never given out. It is drawn
from the seed and from what is left of the document without the personal data, so it tells nothing of the real one.
"""

from collections import Counter
from collections.abc import Sequence

from danlu.corpus.cleaners.cleaner import Cleaned, Cleaner
from danlu.corpus.privacy.finding import KINDS, Finding, find_personal_data
from danlu.corpus.privacy.kind import draw
from danlu.corpus.privacy.settings import PrivacySettings

MOST_DRAWS = 64  # of one value until no other value of the document has it; 762 addresses are for documents


def protect(text: str, settings: PrivacySettings) -> Cleaned:
    """`text` without personal data, and how much of each kind there was."""
    if settings.action == "off":
        return Cleaned(text=text, num_changes=0)
    findings = find_personal_data(text, settings.kinds)
    if not findings:
        return Cleaned(text=text, num_changes=0)
    counts = Counter(finding.kind for finding in findings)
    kinds = tuple((name, counts[name]) for name in KINDS if counts[name])
    if settings.action == "surrogate":
        text = replace(text, findings, _surrogates(text, findings, settings.seed))
    elif settings.action == "tag":
        text = replace(text, findings, [f"[{finding.kind}]" for finding in findings])
    return Cleaned(text=text, num_changes=len(findings), kinds=kinds)


def replace(text: str, findings: Sequence[Finding], replacements: Sequence[str]) -> str:
    """`text` with each finding replaced; findings are in order and do not overlap."""
    pieces, end = [], 0
    for finding, replacement in zip(findings, replacements, strict=True):
        pieces += [text[end : finding.start], replacement]
        end = finding.end
    return "".join([*pieces, text[end:]])


def _surrogates(text: str, findings: Sequence[Finding], seed: int) -> list[str]:
    key = replace(text, findings, [finding.kind for finding in findings])
    numbers: dict[tuple[str, str], int] = {}
    given: dict[str, tuple[str, str]] = {}
    made = []
    for finding in findings:
        name = (finding.kind, finding.value)
        kind = KINDS[finding.kind]
        number = numbers.setdefault(name, len(numbers))
        for attempt in range(MOST_DRAWS):
            drawn = draw(seed, "privacy", finding.kind, number, attempt, key)
            surrogate = kind.invent(finding.text, drawn)
            if given.setdefault(kind.value(surrogate), name) == name:
                break
        made.append(surrogate)
    return made


CLEANER = Cleaner(clean=protect, settings="privacy")
