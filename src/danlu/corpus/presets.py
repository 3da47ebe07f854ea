"""Presets: which cleaners, measures and rules a build uses, with the limits of each rule.

Published limits are given with their sources in the rows of RULES. The presets of others judge both scripts in their own
units, so a document of both is judged twice; none of them measures Chinese in English words or signs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from danlu.corpus.rules.rule import Limits


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One row of PRESETS. `line_rules` take lines out of documents before these are kept; `near` drops near duplicates.

    `most_characters` cuts longer documents at their pauses, where a rule would drop what is only long; None leaves that
    to the settings.
    """

    cleaners: tuple[str, ...]
    measures: tuple[str, ...]
    limits: Mapping[str, Limits] = field(default_factory=dict)
    line_rules: tuple[str, ...] = ()
    near: bool = False
    most_characters: int | None = None


def _at_most(**limits: float) -> dict[str, Limits]:
    return {name: Limits(most=limit) for name, limit in limits.items()}


# What a person names as training text is theirs: only what cannot teach anything goes (empty, undecodable, twice there).
MINIMAL = Preset(cleaners=("line_ends",), measures=("size", "language"))

_CLEANERS = ("line_ends", "control_characters", "nfc", "trailing_space")

# Published limits that hold for Chinese and English alike, counted in units; where two differ, the wider one. Wider than
# all published: the least length (a Tang quatrain has 20 characters) and the language (a page of code in Chinese words).
STANDARD = Preset(
    cleaners=(
        "line_ends",
        "mojibake",
        "unicode_repair",
        "control_characters",
        "nfc",
        "width",
        "trailing_space",
        "privacy",
    ),
    measures=("size", "language", "characters", "lines", "repetition"),
    limits={
        "num_units": Limits(least=20, most=100_000),
        "repaired": Limits(most=0.01),
        "language": Limits(least=0.1),
        "word_length": Limits(most=10),
        "symbols": Limits(most=0.1),
        "digits": Limits(most=0.3),
        "letters": Limits(least=0.735),
        "stop_words": Limits(least=2),
        "han_stop_words": Limits(least=2),
        "bullet_lines": Limits(most=0.9),
        "ellipsis_lines": Limits(most=0.3),
        "punctuated_lines": Limits(least=0.106),
        "duplicate_lines": Limits(most=0.30),
        "duplicate_paragraphs": Limits(most=0.30),
        "duplicate_line_characters": Limits(most=0.20),
        "duplicate_paragraph_characters": Limits(most=0.20),
        "top_2_grams": Limits(most=0.256),
        "top_3_grams": Limits(most=0.201),
        "top_4_grams": Limits(most=0.171),
        "duplicate_5_grams": Limits(most=0.60),
        "duplicate_6_grams": Limits(most=0.60),
        "duplicate_7_grams": Limits(most=0.60),
        "duplicate_8_grams": Limits(most=0.60),
        "duplicate_9_grams": Limits(most=0.60),
        "duplicate_10_grams": Limits(most=0.60),
    },
    near=True,
)

_GOPHER_REPETITION = _at_most(
    gopher_duplicate_paragraphs=0.30,
    gopher_duplicate_paragraph_characters=0.20,
    gopher_duplicate_lines=0.30,
    gopher_duplicate_line_characters=0.20,
    gopher_top_2_grams=0.20,
    gopher_top_3_grams=0.18,
    gopher_top_4_grams=0.16,
    gopher_duplicate_5_grams=0.15,
    gopher_duplicate_6_grams=0.14,
    gopher_duplicate_7_grams=0.13,
    gopher_duplicate_8_grams=0.12,
    gopher_duplicate_9_grams=0.11,
    gopher_duplicate_10_grams=0.10,
)
_GOPHER_QUALITY = {
    "gopher_words": Limits(least=50, most=100_000),
    "latin_word_length": Limits(least=3, most=10),
    "han_word_length": Limits(least=1, most=5),  # Gopher has none for Chinese; this is FineWeb-2's
    "gopher_hashes": Limits(most=0.1),
    "gopher_ellipses": Limits(most=0.1),
    "gopher_bullet_lines": Limits(most=0.9),
    "gopher_ellipsis_lines": Limits(most=0.3),
    "gopher_alphabetic_words": Limits(least=0.8),
    "gopher_stop_words": Limits(least=2),
}
_C4 = {"c4_lorem_ipsum": Limits(most=0), "c4_curly": Limits(most=0), "c4_sentences": Limits(least=5)}
_FINEWEB = {
    "fineweb_terminal_lines": Limits(least=0.12),
    "fineweb_short_lines": Limits(most=0.67),
    "fineweb_duplicate_characters": Limits(most=0.01),
    "fineweb_line_ends": Limits(most=0.3),
}
_WORD_MEASURES = ("size", "language", "published_repetition", "published_words", "web_lines")

GOPHER = Preset(
    cleaners=_CLEANERS, measures=_WORD_MEASURES[:-1], limits={**_GOPHER_REPETITION, **_GOPHER_QUALITY}, near=True
)
# The paper's line rule on closing signs is in; FineWeb leaves it out, since it takes two thirds of all lines.
C4 = Preset(
    cleaners=(*_CLEANERS, "citations"),
    measures=("size", "language", "web_lines"),
    limits=_C4,
    line_rules=("long_word", "unpunctuated", "few_words", "javascript", "policy"),
)
# The order of datatrove's examples/fineweb.py, from the language on.
FINEWEB = Preset(
    cleaners=(*_CLEANERS, "citations"),
    measures=_WORD_MEASURES,
    limits={"language": Limits(least=0.65), **_GOPHER_REPETITION, **_GOPHER_QUALITY, **_C4, **_FINEWEB},
    line_rules=("long_word", "few_words", "javascript", "policy"),
    near=True,
)
# fineweb-2 configs/cmn_Hani.yml; its rules on paragraphs, short lines and characters in lines are off.
FINEWEB2_ZH = Preset(
    cleaners=_CLEANERS,
    measures=_WORD_MEASURES,
    limits={
        "language": Limits(least=0.692),
        "gopher_duplicate_lines": Limits(most=0.287),
        "gopher_top_2_grams": Limits(most=0.256),
        "gopher_top_3_grams": Limits(most=0.201),
        "gopher_top_4_grams": Limits(most=0.171),
        "gopher_duplicate_5_grams": Limits(most=0.198),
        "gopher_duplicate_6_grams": Limits(most=0.182),
        "gopher_duplicate_7_grams": Limits(most=0.167),
        "gopher_duplicate_8_grams": Limits(most=0.154),
        "gopher_duplicate_9_grams": Limits(most=0.14),
        "gopher_duplicate_10_grams": Limits(most=0.127),
        **_GOPHER_QUALITY,
        "gopher_alphabetic_words": Limits(least=0.735),
        "fineweb_terminal_lines": Limits(least=0.106),
        "fineweb_duplicate_characters": Limits(most=0.1),
        "fineweb_line_ends": Limits(most=0.178),
    },
    near=True,
)
# Matrix, chinese_data_clean_pipeline/filter/filter.py. Documents above 10,000 characters are cut, not dropped: chapters
# and laws are longer. Its lists of addresses are not part of this.
MAP_NEO_ZH = Preset(
    cleaners=_CLEANERS,
    measures=("size", "language", "published_words", "web_lines", "map_neo"),
    limits={
        "language": Limits(least=0.4),
        "map_neo_brackets": Limits(most=0.1),
        "c4_sentences": Limits(least=2),
        "map_neo_characters": Limits(least=50, most=10_000),
        "han_word_length": Limits(least=1.3, most=10),
        "latin_word_length": Limits(most=10),
        "map_neo_hashes": Limits(most=0.1),
        "map_neo_ellipses": Limits(most=0.1),
        "map_neo_digits": Limits(most=0.3),
        "map_neo_cut_lines": Limits(most=0.3),
        "map_neo_bullet_lines": Limits(most=0.9),
        "map_neo_punctuation": Limits(least=1e-6),
        "map_neo_unique": Limits(least=0.1),
        "map_neo_entropy": Limits(least=3),
        **_at_most(map_neo_top_2_gram=0.20, map_neo_top_3_gram=0.18, map_neo_top_4_gram=0.16),
        **{f"map_neo_duplicate_{n}_gram": Limits(most=0.60) for n in range(5, 11)},
    },
    near=True,
    most_characters=10_000,
)
