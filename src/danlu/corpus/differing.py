"""Where two texts differ, in a form that two columns can show."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate

# Words and signs of each text that are aligned behind the common beginning: two unrelated texts of this length take 0.5 s.
COMPARED = 2_000
AROUND = 40  # characters of common text shown before and after a difference
MOST = 5
SHOWN = 400
TOGETHER = 4  # differences with fewer equal words between them read as one
_WINDOW = 32_000
_LAST_WORD = re.compile(r"[^\W\u3400-\u9fff]+$")
_TOKEN = re.compile(r"[^\W\u3400-\u9fff]+|\s+|.", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One stretch that differs, `here` in the text and `there` in its twin, with what stands around each.

    `at` and `twin_at` count characters.
    """

    at: int
    twin_at: int
    before: str
    here: str
    after: str
    twin_before: str
    there: str
    twin_after: str


def differences(text: str, twin: str) -> tuple[Difference, ...]:
    """The first stretches in which `text` and `twin` differ, at most MOST; none for equal texts.

    The common beginning is skipped, however long; behind it COMPARED words (Han characters) of each are aligned, so a
    later difference of long texts may be missing from the list.
    """
    if text == twin:
        return ()
    start = _common(text, twin)
    found = []
    for a, b, c, d in _stretches(text[start:], twin[start:]):
        found.append(
            Difference(
                at=start + a,
                twin_at=start + c,
                before=text[max(0, start + a - AROUND) : start + a],
                here=text[start + a : start + b][:SHOWN],
                after=text[start + b : start + b + AROUND],
                twin_before=twin[max(0, start + c - AROUND) : start + c],
                there=twin[start + c : start + d][:SHOWN],
                twin_after=twin[start + d : start + d + AROUND],
            )
        )
    return tuple(found)


def _stretches(text: str, twin: str) -> Iterator[tuple[int, int, int, int]]:
    """Where they differ: [a, b) of one, [c, d) of the other, in characters."""
    here, there = _TOKEN.findall(text[:_WINDOW])[:COMPARED], _TOKEN.findall(twin[:_WINDOW])[:COMPARED]
    places, twin_places = ([0, *accumulate(map(len, tokens))] for tokens in (here, there))
    blocks = SequenceMatcher(None, here, there, autojunk=False).get_opcodes()
    changed = [list(block[1:]) for block in blocks if block[0] != "equal"]
    joined: list[list[int]] = []
    for a, b, c, d in changed:
        if joined and a - joined[-1][1] < TOGETHER:
            joined[-1][1], joined[-1][3] = b, d
        else:
            joined.append([a, b, c, d])
    for a, b, c, d in joined[:MOST]:
        yield places[a], places[b], twin_places[c], twin_places[d]


def _common(text: str, twin: str) -> int:
    """Length of the common beginning, by halving: comparing slices is quick. A Latin word is never cut in two."""
    low, high = 0, min(len(text), len(twin))
    while low < high:
        middle = (low + high + 1) // 2
        if text[low:middle] == twin[low:middle]:
            low = middle
        else:
            high = middle - 1
    word = _LAST_WORD.search(text, max(0, low - AROUND), low)
    return word.start() if word else low
