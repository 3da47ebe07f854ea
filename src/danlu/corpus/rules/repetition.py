"""Rules on repetition: one row for each published limit."""

from danlu.core.language import Text
from danlu.corpus.rules.rule import Rule

GOPHER_REPETITION = "Gopher (Rae et al. 2021, table A1)"


_TOP = Text(
    "share of characters in the most frequent n-gram (n in the rule's name)",
    "最常见 n 元组所占字符比例（n 见规则名）",
)
_DUPLICATE = Text(
    "share of characters in repeated n-grams (n in the rule's name; longer for Han)",
    "重复 n 元组所占字符比例（n 见规则名，汉字取更长）",
)


# A song with a refrain repeats itself as much as a bad page does; only in longer texts is that a fault.
SONG, SHORT_PAGE = 200, 400  # Han characters and words


def _rule(name: str, meaning: Text, limit: str, measure: str = "", *, at_least: int = 50) -> Rule:
    source = f"{GOPHER_REPETITION}: {limit}"
    return Rule(name=name, measure=measure or name, meaning=meaning, source=source, at_least=at_least)


DUPLICATE_LINES = _rule(
    "duplicate_lines",
    Text("share of repeated lines among those of 5 words or characters", "5 字（词）以上的行中重复行的比例"),
    "0.30",
    at_least=SONG,
)
DUPLICATE_PARAGRAPHS = _rule(
    "duplicate_paragraphs", Text("share of repeated paragraphs", "重复段落的比例"), "0.30", at_least=SONG
)
DUPLICATE_LINE_CHARACTERS = _rule(
    "duplicate_line_characters",
    Text("share of characters in repeated lines", "重复行所占字符比例"),
    "0.20",
    at_least=SONG,
)
DUPLICATE_PARAGRAPH_CHARACTERS = _rule(
    "duplicate_paragraph_characters",
    Text("share of characters in repeated paragraphs", "重复段落所占字符比例"),
    "0.20",
    at_least=SONG,
)
TOP_2_GRAMS = _rule("top_2_grams", _TOP, "0.20; FineWeb-2 cmn_Hani: 0.256", "top_2_gram", at_least=SHORT_PAGE)
TOP_3_GRAMS = _rule("top_3_grams", _TOP, "0.18; FineWeb-2 cmn_Hani: 0.201", "top_3_gram", at_least=SHORT_PAGE)
TOP_4_GRAMS = _rule("top_4_grams", _TOP, "0.16; FineWeb-2 cmn_Hani: 0.171", "top_4_gram", at_least=SHORT_PAGE)
DUPLICATE_5_GRAMS = _rule(
    "duplicate_5_grams", _DUPLICATE, "0.15; FineWeb-2 cmn_Hani: 0.198; MAP-NEO zh: 0.6", "duplicate_5_gram"
)
DUPLICATE_6_GRAMS = _rule(
    "duplicate_6_grams", _DUPLICATE, "0.14; FineWeb-2 cmn_Hani: 0.182; MAP-NEO zh: 0.6", "duplicate_6_gram"
)
DUPLICATE_7_GRAMS = _rule(
    "duplicate_7_grams", _DUPLICATE, "0.13; FineWeb-2 cmn_Hani: 0.167; MAP-NEO zh: 0.6", "duplicate_7_gram"
)
DUPLICATE_8_GRAMS = _rule(
    "duplicate_8_grams", _DUPLICATE, "0.12; FineWeb-2 cmn_Hani: 0.154; MAP-NEO zh: 0.6", "duplicate_8_gram"
)
DUPLICATE_9_GRAMS = _rule(
    "duplicate_9_grams", _DUPLICATE, "0.11; FineWeb-2 cmn_Hani: 0.14; MAP-NEO zh: 0.6", "duplicate_9_gram"
)
DUPLICATE_10_GRAMS = _rule(
    "duplicate_10_grams", _DUPLICATE, "0.10; FineWeb-2 cmn_Hani: 0.127; MAP-NEO zh: 0.6", "duplicate_10_gram"
)
