"""Simplified or traditional Chinese by OpenCC; the edit tells which script the text had.

OpenCC converts by its phrase tables, longest match first, so one character may become several (U+540E: queen, after).
Text with kana is Japanese, whose characters look like either script, and stays.
"""

import re
from functools import cache

import opencc

from danlu.corpus.cleaners.cleaner import Cleaned, Cleaner
from danlu.corpus.cleaners.settings import ChineseScriptSettings

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3041-\u30fa]")
MOST_KANA = 0.05  # share of kana in kana and Han from which a text is Japanese; real Japanese has 0.4 and more
MOST_ROUNDS = 4  # a second conversion changes few phrases, and the third none in the sample corpora


def convert(text: str, settings: ChineseScriptSettings) -> Cleaned:
    """`text` in the script of `settings.conversion`; `kinds` names the script it had: hans, hant or mixed."""
    if text.isascii() or not (num_han := len(_HAN.findall(text))) or _is_japanese(text, num_han):
        return Cleaned(text=text, num_changes=0)
    lines = text.split("\n")
    mended = [line if line.isascii() else _converted(line, settings.conversion) for line in lines]
    after = "\n".join(mended)
    if after == text:
        return Cleaned(text=text, num_changes=0)
    num_changes = sum(
        sum(1 for a, b in zip(old, new, strict=False) if a != b) + abs(len(old) - len(new))
        for old, new in zip(lines, mended, strict=True)
        if old != new
    )
    return Cleaned(text=after, num_changes=num_changes, kinds=((script_of(text), num_changes),))


def script_of(text: str) -> str:
    """`hant` or `hans` by the characters that only one script has; `mixed` where the rarer one has a tenth of them."""
    num_hant, num_hans = (
        sum(1 for a, b in zip(text, _once(text, to), strict=False) if a != b) for to in ("t2s", "s2t")
    )
    if min(num_hant, num_hans) >= 0.1 * (num_hant + num_hans):
        return "mixed"
    return "hant" if num_hant > num_hans else "hans"


def _is_japanese(text: str, num_han: int) -> bool:
    num_kana = len(_KANA.findall(text))
    return num_kana > MOST_KANA * (num_kana + num_han)


def _converted(line: str, conversion: str) -> str:
    first = line
    for _ in range(MOST_ROUNDS):
        after = _once(line, conversion)
        if after == line:
            return line
        line = after
    return first  # two phrases that turn into each other: left as it was


def _once(text: str, conversion: str) -> str:
    return str(_converter(conversion).convert(text))


@cache
def _converter(conversion: str) -> opencc.OpenCC:
    return opencc.OpenCC(conversion)


CLEANER = Cleaner(clean=convert, settings="chinese_script", rewrites=True)
