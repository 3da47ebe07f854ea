"""Rules of MAP-NEO for Chinese pages (Matrix, chinese_data_clean_pipeline/filter/filter.py), in characters."""

from danlu.core.language import Text
from danlu.corpus.rules.rule import Rule

MAP_NEO = "MAP-NEO zh (Zhang et al. 2024, Matrix, filter.py)"


def _rule(name: str, meaning: Text, limit: str) -> Rule:
    return Rule(name=f"map_neo_{name}", measure=f"map_neo_{name}", meaning=meaning, source=f"{MAP_NEO}: {limit}")


CHARACTERS = _rule("characters", Text("characters that are no space", "非空白字符数"), "50 to 10,000")
BRACKETS = _rule("brackets", Text("share of characters between 【 and 】", "【】内字符的比例"), "0.1")
HASHES = _rule("hashes", Text("'#' for each character", "每字符的 # 数"), "0.1")
ELLIPSES = _rule("ellipses", Text("ellipses for each character", "每字符的省略号数"), "0.1")
DIGITS = _rule("digits", Text("share of digits, punctuation left out", "数字比例（不计标点）"), "0.3")
CUT_LINES = _rule(
    "cut_lines", Text("share of lines that end in 'more' or 。。。", "以“展开、更多、。。。”结尾的行的比例"), "0.3"
)
BULLET_LINES = _rule("bullet_lines", Text("share of lines that begin with a bullet", "以项目符号开头的行的比例"), "0.9")
PUNCTUATION = _rule("punctuation", Text("share of punctuation", "标点的比例"), "above 0")
UNIQUE = _rule("unique", Text("share of distinct characters", "不同字符的比例"), "0.1")
ENTROPY = _rule("entropy", Text("entropy of the characters, nats", "字符的熵（奈特）"), "3")
_TOP = Text("share of the most frequent n characters (n in the rule's name)", "最常见 n 字组所占比例（n 见规则名）")
_DUPLICATE = Text("share of characters in n-grams that stand twice", "重复 n 字组所占字符比例")
TOP_2 = _rule("top_2_gram", _TOP, "0.20")
TOP_3 = _rule("top_3_gram", _TOP, "0.18")
TOP_4 = _rule("top_4_gram", _TOP, "0.16")
DUPLICATE_5 = _rule("duplicate_5_gram", _DUPLICATE, "0.60")
DUPLICATE_6 = _rule("duplicate_6_gram", _DUPLICATE, "0.60")
DUPLICATE_7 = _rule("duplicate_7_gram", _DUPLICATE, "0.60")
DUPLICATE_8 = _rule("duplicate_8_gram", _DUPLICATE, "0.60")
DUPLICATE_9 = _rule("duplicate_9_gram", _DUPLICATE, "0.60")
DUPLICATE_10 = _rule("duplicate_10_gram", _DUPLICATE, "0.60")
