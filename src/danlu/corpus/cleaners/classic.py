"""What classic classifiers (counts of words) like and language models do not: lower case, no signs, no stop words, stems."""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

import rjieba

from danlu.corpus.cleaners.cleaner import Cleaned, Cleaner
from danlu.corpus.cleaners.settings import StopWordSettings

_LATIN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LOWER_WORD = re.compile(r"(?<![^\W_])[a-z]{3,}(?![^\W_])")
_HAN_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
_BLANKS = re.compile(r"[ \t\u3000]{2,}")


def lower_case(text: str, settings: None = None) -> Cleaned:
    """Letters in lower case."""
    lowered = text.lower()
    # The lower case of U+0130 is two characters, of which the second stays as it is.
    num_changes = sum(1 for sign in text if sign.lower() != sign) if lowered != text else 0
    return Cleaned(text=lowered, num_changes=num_changes)


@cache
def _is_sign(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "PS"


def punctuation(text: str, settings: None = None) -> Cleaned:
    """Each punctuation mark and symbol, Chinese ones too, becomes a space; spaces in a row become one."""
    marks = {sign for sign in set(text) if _is_sign(sign)}
    if not marks:
        return Cleaned(text=text, num_changes=0)
    num_changes = sum(text.count(sign) for sign in marks)
    return Cleaned(text=_BLANKS.sub(" ", text.translate({ord(sign): " " for sign in marks})), num_changes=num_changes)


def stop_words(text: str, settings: StopWordSettings) -> Cleaned:
    """English words of the list go, and Chinese ones where rjieba cuts them out."""
    english, chinese = frozenset(settings.english), frozenset(settings.chinese)
    total = 0
    while True:
        # Again, since words that stood around a stop word may now make another.
        text, count = _without(text, english, chinese)
        if not count:
            return Cleaned(text=text, num_changes=total)
        total += count


def _without(text: str, english: frozenset[str], chinese: frozenset[str]) -> tuple[str, int]:
    count = 0

    def latin(found: re.Match[str]) -> str:
        nonlocal count
        if found.group().lower().replace("’", "'") not in english:
            return found.group()
        count += 1
        return ""

    def han(found: re.Match[str]) -> str:
        nonlocal count
        words = rjieba.cut(found.group())
        kept = [word for word in words if word not in chinese]
        count += len(words) - len(kept)
        return "".join(kept)

    after = _HAN_RUN.sub(han, _LATIN.sub(latin, text))
    return (_BLANKS.sub(" ", after), count) if count else (text, 0)


def stems(text: str, settings: None = None) -> Cleaned:
    """Each English word of lower-case ASCII letters becomes its stem (Snowball's English, "Porter2"), and that its own until
    nothing changes; Chinese has no endings and stays. Words in capitals stay: lower them first."""
    num_changes = 0

    def stem(found: re.Match[str]) -> str:
        nonlocal num_changes
        word = found.group()
        shorter = _stem(word)
        num_changes += shorter != word
        return shorter

    return Cleaned(text=_LOWER_WORD.sub(stem, text), num_changes=num_changes)


@lru_cache(maxsize=1 << 16)
def _stem(word: str) -> str:
    while (shorter := _snowball().stemWord(word)) != word:
        word = shorter
    return word


@cache
def _snowball() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


LOWER_CASE = Cleaner(clean=lower_case, rewrites=True)
PUNCTUATION = Cleaner(clean=punctuation, rewrites=True)
STOP_WORDS = Cleaner(clean=stop_words, settings="stop_words", rewrites=True)
STEMS = Cleaner(clean=stems, rewrites=True)
