r"""`-{zh-hans:...; zh-hant:...}-` in Chinese wikis: one page for all scripts, resolved here for one of them.

The syntax is that of MediaWiki's language converter (mediawiki.org, Writing systems/Syntax): `-{text}-` stands as it is,
`-{R|...}-` too, `-{A|rules}-` is shown and holds for the rest of the page, `-{H|rules}-` holds without being shown,
`-{-|rules}-` takes rules back, `-{T|...}-` is the title, `-{D|...}-` and `-{N|...}-` describe; these show nothing here.
"""

import re
from typing import NamedTuple

# Which text stands in where the wanted variant has none: the order of MediaWiki's fallbacks for Chinese.
FALLBACKS = {
    "zh-hans": ("zh-hans", "zh-cn", "zh-sg", "zh-my", "zh"),
    "zh-hant": ("zh-hant", "zh-tw", "zh-hk", "zh-mo", "zh"),
    "zh-cn": ("zh-cn", "zh-hans", "zh-sg", "zh-my", "zh"),
    "zh-tw": ("zh-tw", "zh-hant", "zh-hk", "zh-mo", "zh"),
    "zh-hk": ("zh-hk", "zh-hant", "zh-mo", "zh-tw", "zh"),
}
VARIANTS = ("zh-hans", "zh-hant", "zh-cn", "zh-tw", "zh-hk", "zh-mo", "zh-sg", "zh-my", "zh")
MAX_DEPTH = 10
MAX_RULES = 2000
_MARK = re.compile(r"-\{(?!\{)|\}-")
_CODES = "|".join(VARIANTS)
_SPLIT = re.compile(rf";\s*(?=(?:{_CODES})\s*:|[^;:]*?=>\s*(?:{_CODES})\s*:|\s*$)", re.IGNORECASE)
_ONE_WAY = re.compile(rf"^\s*(.*?)\s*=>\s*({_CODES})\s*:(.*)$", re.IGNORECASE | re.DOTALL)
_TWO_WAY = re.compile(rf"^\s*({_CODES})\s*:(.*)$", re.IGNORECASE | re.DOTALL)


class _Rules(NamedTuple):
    """What one mark says: texts of the variants, and what it replaces in the rest of the page."""

    shown: dict[str, str]
    replaced: dict[str, str]


def resolve(text: str, variant: str) -> str:
    """`text` with every mark resolved for `variant`; marks that never end stay as they are."""
    if "-{" not in text:
        return text
    pieces: list[str] = []
    rules: dict[str, str] = {}
    end = 0
    for start, stop in _marks(text):
        pieces.append(_replace(text[end:start], rules))
        pieces.append(_resolved(text[start + 2 : stop - 2], variant, rules))
        end = stop
    pieces.append(_replace(text[end:], rules))
    return "".join(pieces)


def _marks(text: str) -> list[tuple[int, int]]:
    """Start and end of each outermost mark."""
    found: list[tuple[int, int]] = []
    open_at: list[int] = []
    for match in _MARK.finditer(text):
        if match[0] != "}-":
            if len(open_at) < MAX_DEPTH:
                open_at.append(match.start())
        elif open_at:
            start = open_at.pop()
            while found and found[-1][0] > start:
                found.pop()
            found.append((start, match.end()))
    return found


def _resolved(inner: str, variant: str, rules: dict[str, str]) -> str:
    flags, body = _flags(inner)
    body = resolve(body, variant)
    if "R" in flags:
        return body
    found = _parse(body, variant)
    if found is None:
        return "" if flags & {"T", "H", "-", "D", "N"} else body
    if flags & {"A", "H"} and len(rules) < MAX_RULES:
        rules.update(found.replaced)
    if "-" in flags:
        for word in found.replaced:
            rules.pop(word, None)
    if flags & {"T", "H", "-", "D", "N"}:
        return ""
    return next((found.shown[name] for name in FALLBACKS[variant] if name in found.shown), "") or next(
        iter(found.shown.values()), ""
    )


def _flags(inner: str) -> tuple[set[str], str]:
    """The flags before the bar and what follows; a bar that follows no flags is part of the text."""
    head, bar, body = inner.partition("|")
    names = {name.strip() for name in head.split(";")}
    if bar and all(name in {"A", "T", "R", "D", "-", "H", "N", "S", ""} or name.lower() in VARIANTS for name in names):
        return names, body
    return set(), inner


def _parse(body: str, variant: str) -> _Rules | None:
    """The rules of a mark, or None when it is plain text."""
    shown: dict[str, str] = {}
    replaced: dict[str, str] = {}
    for piece in _SPLIT.split(body):
        one_way, two_way = _ONE_WAY.match(piece), _TWO_WAY.match(piece)
        if one_way:
            if one_way[2].lower() == variant:
                replaced[one_way[1]] = one_way[3].strip()
            shown.setdefault(one_way[2].lower(), one_way[3].strip())
        elif two_way:
            shown[two_way[1].lower()] = two_way[2].strip()
        elif piece.strip():
            return None
    if not shown:
        return None
    wanted = next((shown[name] for name in FALLBACKS[variant] if name in shown), None)
    if wanted is not None and not replaced:
        replaced = {word: wanted for word in shown.values() if word and word != wanted}
    replaced.pop("", None)
    return _Rules(shown, replaced)


def _replace(text: str, rules: dict[str, str]) -> str:
    if not rules or not text:
        return text
    words = sorted(rules, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, words)), lambda match: rules[match[0]], text)
