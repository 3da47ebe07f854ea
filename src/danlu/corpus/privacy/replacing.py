"""The cleaner `privacy`: personal data is replaced by made-up values, by its kind, or only counted.

A made-up value is of the same form and belongs to nobody: a reserved range, or one that is never given out. It is drawn
from the seed and from what is left of the document without the personal data, so it tells nothing of the real one.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence

from danlu.corpus.cleaners.cleaner import Cleaned, Cleaner
from danlu.corpus.privacy.finding import KINDS, Finding, find_personal_data
from danlu.corpus.privacy.kind import draw
from danlu.corpus.privacy.settings import PrivacySettings

# A value that was replaced may bring a word of context nearer to another one; four rounds left none in 40,000
# texts of nothing but values and such words, one round left 36.
MOST_ROUNDS = 4
MOST_DRAWS = 64  # of one value until no other value of the document has it; 762 addresses are for documents


def protect(text: str, settings: PrivacySettings) -> Cleaned:
    """`text` without personal data, and how much of each kind there was."""
    counts: Counter[str] = Counter()
    for _ in range(0 if settings.action == "off" else MOST_ROUNDS):
        findings = find_personal_data(text, settings.kinds)
        counts.update(finding.kind for finding in findings)
        if not findings or settings.action == "count":
            break
        text = replace(text, findings, _replacements(text, findings, settings))
    kinds = tuple((name, counts[name]) for name in KINDS if counts[name])
    return Cleaned(text=text, num_changes=counts.total(), kinds=kinds)


def _replacements(text: str, findings: Sequence[Finding], settings: PrivacySettings) -> list[str]:
    if settings.action == "tag":
        return [f"[{finding.kind}]" for finding in findings]
    return _surrogates(text, findings, settings.seed)


def replace(text: str, findings: Sequence[Finding], replacements: Sequence[str]) -> str:
    """`text` with each finding replaced; findings are in order and do not overlap."""
    pieces, end = [], 0
    for finding, replacement in zip(findings, replacements, strict=True):
        pieces += [text[end : finding.start], replacement]
        end = finding.end
    return "".join([*pieces, text[end:]])


def _surrogates(text: str, findings: Sequence[Finding], seed: int) -> list[str]:
    rest = replace(text, findings, [finding.kind for finding in findings])
    key = hashlib.sha256(rest.encode()).hexdigest()
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
