"""Rules on what the characters and words are."""

from danlu.core.language import Text
from danlu.corpus.rules.length import GOPHER
from danlu.corpus.rules.rule import Rule

LETTERS = Rule(
    name="letters",
    measure="letter_units",
    meaning=Text("share of units that are no numbers", "非数字单元的比例"),
    source=GOPHER + ": 0.8 of the words; FineWeb-2 cmn_Hani: 0.735",
)
SYMBOLS = Rule(
    name="symbols",
    measure="symbols_per_unit",
    meaning=Text("'#' and ellipses for each unit", "每个单元的 # 与省略号数"),
    source=GOPHER + ": 0.1",
)
DIGITS = Rule(
    name="digits",
    measure="digit_share",
    meaning=Text("share of digits among the visible characters", "可见字符中数字的比例"),
    source="MAP-NEO zh: 0.3 of the characters that are no punctuation",
)
REPAIRED = Rule(
    name="repaired",
    measure="repaired_share",
    meaning=Text("share of characters lost in decoding", "解码时丢失的字符比例"),
    source="danlu: a lost character in a hundred makes a text hard to read",
)
STOP_WORDS = Rule(
    name="stop_words",
    measure="num_stop_words",
    meaning=Text("different stop words, English and Chinese", "不同停用词（中英文）的个数"),
    source=GOPHER + " and FineWeb-2 cmn_Hani: 2",
    at_least=50,
    languages=("en",),
)
HAN_STOP_WORDS = Rule(
    name="han_stop_words",
    measure="num_stop_words",
    meaning=Text(
        "different stop words of Chinese text, English ones too", "中文文本中不同停用词的个数（含英文停用词）"
    ),
    source="FineWeb-2 cmn_Hani: 2; poems do without them, so shorter texts are not asked",
    at_least=400,
    languages=("zh", "yue"),
)
