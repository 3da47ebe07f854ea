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


def _rule(name: str, meaning: Text, limit: str, measure: str = "") -> Rule:
    source = f"{GOPHER_REPETITION}: {limit}"
    return Rule(name=name, measure=measure or name, meaning=meaning, source=source, at_least=50)


DUPLICATE_LINES = _rule("duplicate_lines", Text("share of repeated lines", "重复行的比例"), "0.30")
DUPLICATE_PARAGRAPHS = _rule("duplicate_paragraphs", Text("share of repeated paragraphs", "重复段落的比例"), "0.30")
DUPLICATE_LINE_CHARACTERS = _rule(
    "duplicate_line_characters", Text("share of characters in repeated lines", "重复行所占字符比例"), "0.20"
)
DUPLICATE_PARAGRAPH_CHARACTERS = _rule(
    "duplicate_paragraph_characters",
    Text("share of characters in repeated paragraphs", "重复段落所占字符比例"),
    "0.20",
)
TOP_2_GRAMS = _rule("top_2_grams", _TOP, "0.20; FineWeb-2 cmn_Hani: 0.256", "top_2_gram")
TOP_3_GRAMS = _rule("top_3_grams", _TOP, "0.18; FineWeb-2 cmn_Hani: 0.201", "top_3_gram")
TOP_4_GRAMS = _rule("top_4_grams", _TOP, "0.16; FineWeb-2 cmn_Hani: 0.171", "top_4_gram")
DUPLICATE_5_GRAMS = _rule("duplicate_5_grams", _DUPLICATE, "0.15; FineWeb-2 cmn_Hani: 0.198", "duplicate_5_gram")
DUPLICATE_6_GRAMS = _rule("duplicate_6_grams", _DUPLICATE, "0.14; FineWeb-2 cmn_Hani: 0.182", "duplicate_6_gram")
DUPLICATE_7_GRAMS = _rule("duplicate_7_grams", _DUPLICATE, "0.13; FineWeb-2 cmn_Hani: 0.167", "duplicate_7_gram")
DUPLICATE_8_GRAMS = _rule("duplicate_8_grams", _DUPLICATE, "0.12; FineWeb-2 cmn_Hani: 0.154", "duplicate_8_gram")
DUPLICATE_9_GRAMS = _rule("duplicate_9_grams", _DUPLICATE, "0.11; FineWeb-2 cmn_Hani: 0.14", "duplicate_9_gram")
DUPLICATE_10_GRAMS = _rule("duplicate_10_grams", _DUPLICATE, "0.10; FineWeb-2 cmn_Hani: 0.127", "duplicate_10_gram")
