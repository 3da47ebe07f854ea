"""Pages that need no network: one template, one style sheet and one script in one file, in both languages.

Everything is escaped, and the page's own policy lets no script and no style run but the two that are part of it (by
hash), and nothing be loaded.
"""

import base64
import hashlib
import os
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from danlu.core.language import Text, language
from danlu.core.quantities import format_bytes, format_count, format_duration
from danlu.evaluation.report_tables import clean, fill

STYLE, SCRIPT = "report.css", "report.js"


def render_page(template: str, **contents: Any) -> str:
    """The page `template` (a file of `evaluation/page`) as text. Equal contents give equal pages.

    The language shown first is DANLU_LANG where that is set, else the one the reader's browser asks for.
    """
    page = {
        name: files("danlu.evaluation").joinpath("page", name).read_text("utf-8") for name in (template, STYLE, SCRIPT)
    }
    environment = Environment(
        loader=DictLoader(page), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "both": both,
        "bytes": format_bytes,
        "count": format_count,
        "duration": format_duration,
        "clean": clean,
    }
    return environment.get_template(template).render(
        style=Markup(page[STYLE]),
        script=Markup(page[SCRIPT]),
        policy=_policy(page),
        first_language=language(),
        is_fixed=bool(os.environ.get("DANLU_LANG")),
        **contents,
    )


def both(text: Text, **values: object) -> Markup:
    """`text` in both languages, escaped; the page hides one of them."""
    filled = fill(text, **values) if values else text
    if filled.en == filled.zh:
        return escape(filled.en)
    english, chinese = escape(filled.en), escape(filled.zh)
    return Markup('<span class="en" lang="en">{}</span><span class="zh" lang="zh-Hans">{}</span>').format(
        english, chinese
    )


def _policy(page: dict[str, str]) -> str:
    hashes = {name: base64.b64encode(hashlib.sha256(page[name].encode()).digest()).decode() for name in (STYLE, SCRIPT)}
    return (
        f"default-src 'none'; style-src 'sha256-{hashes[STYLE]}'; script-src 'sha256-{hashes[SCRIPT]}'; "
        "base-uri 'none'; form-action 'none'"
    )
