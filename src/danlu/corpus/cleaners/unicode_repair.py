"""Characters that stand for others: terminal codes, Windows signs, ligatures, invisible marks, radicals of PDF files.

Only what has one right answer is mended. Width, quotation marks and Chinese signs stay; so does the space U+3000.
"""

import re
import unicodedata
from collections.abc import Callable

from ftfy.chardata import LIGATURES
from ftfy.fixes import fix_c1_controls, remove_terminal_escapes, unescape_html

from danlu.corpus.cleaners.cleaner import Cleaned, Cleaner
from danlu.corpus.cleaners.settings import UnicodeSettings

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
# Web pages take C1 controls for Windows-1252; five of them mean nothing there, and are left to `control_characters`. So
# are those in a row or beside a Han character: they are the remains of bytes, and no quotation marks.
_C1 = "\x80-\x9f"
_WINDOWS = re.compile(f"(?<![{_C1}{_HAN}])[\x80\x82-\x8c\x8e\x91-\x9c\x9e\x9f](?![{_C1}{_HAN}])")
# U+202F joins the endings of Mongolian words.
_SPACES = re.compile("[\xa0\u2000-\u200a\u205f]|(?<![\u1800-\u18af])\u202f(?![\u1800-\u18af])")
_INVISIBLE = "\xad\u200b\u2060\u2028\u2029"
_LIGATURES = re.compile(f"[{''.join(map(chr, LIGATURES))}]")
_RADICALS = "\u2e80-\u2fd5"
_TROUBLE = re.compile(f"[\x1b\x80-\xa0{_INVISIBLE}\u2000-\u200a\u202f\u205f{''.join(map(chr, LIGATURES))}{_RADICALS}]")

# Within writing: beside a character, or two beside the end of a phrase. One after a colon or a comma of lists is meant.
_RADICAL_RUNS = re.compile(
    f"(?<=[{_HAN}])[{_RADICALS}]+|[{_RADICALS}]+(?=[{_HAN}])|(?<=[，。！？；])[{_RADICALS}]{{2,}}|[{_RADICALS}]{{2,}}(?=[，。！？；])"
)
# U+200B parts words in scripts that write none apart: Thai, Lao, Burmese, Khmer.
_UNPARTED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_MARKS = re.compile(f"[\xad\u2060]|(?<![{_UNPARTED}])\u200b(?![{_UNPARTED}])")
# Unicode 15, EquivalentUnifiedIdeograph.txt: the radicals that are characters of modern text by themselves.
_RADICAL_FORMS = dict(
    zip(
        "⻋⻚⻅⻔⻓⻩⻢⻰⻛⻜⻝⻄⻘⻆⻉⻥⻦⻬⻮⻨⻙⺠⻣⻤⻁⻑",
        "车页见门长黄马龙风飞食西青角贝鱼鸟齐齿麦韦民骨鬼虎長",
        strict=True,
    )
)


def repair(text: str, settings: UnicodeSettings) -> Cleaned:
    """`text` with each kind of damage mended that the settings name; the counts are kept by kind."""
    # Few texts need anything, and ASCII ones are searched ten times as quickly without a pattern.
    suspect = "\x1b" in text if text.isascii() else _TROUBLE.search(text)
    if not suspect and not (settings.html_entities and "&" in text):
        return Cleaned(text=text, num_changes=0)
    kinds = []
    for kind, mend in _steps(settings):
        text, count = mend(text)
        if count:
            kinds.append((kind, count))
    return Cleaned(text=text, num_changes=sum(count for _, count in kinds), kinds=tuple(kinds))


_Step = Callable[[str], tuple[str, int]]


def _steps(settings: UnicodeSettings) -> list[tuple[str, _Step]]:
    steps: list[tuple[str, _Step]] = [("entities", _entities)] if settings.html_entities else []
    steps += [("invisible", _marks), ("lines", _lines), ("terminal", _terminal), ("windows", _windows)]
    if settings.spaces:
        steps.append(("spaces", lambda text: _SPACES.subn(" ", text)))
    if settings.ligatures:
        steps.append(("ligatures", _ligatures))
    if settings.radicals:
        steps.append(("radicals", _radicals))
    return steps


def _entities(text: str) -> tuple[str, int]:
    # A text with tags is source code or about it: there an entity is meant.
    if "&" not in text or "<" in text:
        return text, 0
    count = 0
    while (mended := unescape_html(text)) != text:
        text, count = mended, count + max(1, text.count("&") - mended.count("&"))
    return text, count


def _marks(text: str) -> tuple[str, int]:
    return _MARKS.subn("", text)


def _lines(text: str) -> tuple[str, int]:
    return re.subn("[\u2028\u2029]", "\n", text)


def _terminal(text: str) -> tuple[str, int]:
    count = 0
    # Again, since what a code stood in may have become one.
    while (mended := remove_terminal_escapes(text)) != text:
        count += text.count("\x1b") - mended.count("\x1b")
        text = mended
    return text, count


def _windows(text: str) -> tuple[str, int]:
    return _WINDOWS.subn(lambda found: fix_c1_controls(found.group()), text)


def _ligatures(text: str) -> tuple[str, int]:
    return _LIGATURES.subn(lambda found: LIGATURES[ord(found.group())], text)


def _radicals(text: str) -> tuple[str, int]:
    count = 0

    def written(found: re.Match[str]) -> str:
        nonlocal count
        run = found.group()
        mended = "".join(_RADICAL_FORMS.get(sign) or unicodedata.normalize("NFKC", sign) for sign in run)
        count += sum(1 for before, after in zip(run, mended, strict=True) if before != after)
        return mended

    return _RADICAL_RUNS.sub(written, text), count


CLEANER = Cleaner(clean=repair, settings="unicode")
