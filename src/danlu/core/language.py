"""Messages in English and Chinese: each is declared in both languages beside the place that says it."""

import locale
import os
from typing import Literal, NamedTuple

Language = Literal["en", "zh"]


class Text(NamedTuple):
    """One message in both languages, with the same `{placeholders}` in each."""

    en: str
    zh: str


def language() -> Language:
    """The reader's language: `DANLU_LANG` (en or zh), else the locale, else English."""
    chosen = os.environ.get("DANLU_LANG", "").lower()
    if not chosen:
        for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
            chosen = os.environ.get(name, "").lower()
            if chosen:
                break
        else:
            chosen = (locale.getlocale()[0] or "").lower()
    return "zh" if chosen.startswith(("zh", "chinese")) else "en"


def say(text: Text, /, **values: object) -> str:
    """`text` in the reader's language with its placeholders filled."""
    return say_in(language(), text, **values)


def say_in(chosen: Language, text: Text, /, **values: object) -> str:
    """`text` in the language `chosen` with its placeholders filled."""
    template = text.zh if chosen == "zh" else text.en
    return template.format(**values) if values else template
