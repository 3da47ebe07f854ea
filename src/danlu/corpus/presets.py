"""Presets: which cleaners, measures and rules a build uses, with the limits of each rule."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from danlu.corpus.rules.rule import Limits


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One row of PRESETS. `near` drops near duplicates too."""

    cleaners: tuple[str, ...]
    measures: tuple[str, ...]
    limits: Mapping[str, Limits] = field(default_factory=dict)
    near: bool = False


# What a person names as training text is theirs: only what cannot teach anything goes (empty, undecodable, twice there).
MINIMAL = Preset(cleaners=("line_ends",), measures=("size", "language"))

# Published limits that hold for Chinese and English alike, counted in units; where the two differ, the wider one.
STANDARD = Preset(
    cleaners=("line_ends", "control_characters", "nfc", "trailing_space"),
    measures=("size", "language", "characters", "lines", "repetition"),
    limits={
        "num_units": Limits(least=50, most=100_000),
        "repaired": Limits(most=0.01),
        "language": Limits(least=0.4),
        "word_length": Limits(most=10),
        "symbols": Limits(most=0.1),
        "digits": Limits(most=0.3),
        "letters": Limits(least=0.735),
        "stop_words": Limits(least=2),
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
        "duplicate_5_grams": Limits(most=0.198),
        "duplicate_6_grams": Limits(most=0.182),
        "duplicate_7_grams": Limits(most=0.167),
        "duplicate_8_grams": Limits(most=0.154),
        "duplicate_9_grams": Limits(most=0.14),
        "duplicate_10_grams": Limits(most=0.127),
    },
    near=True,
)
