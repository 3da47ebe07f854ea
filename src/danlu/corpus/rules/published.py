"""Rules of published pipelines for web text, on measures counted as their programs count: one row for each limit."""

from danlu.core.language import Text
from danlu.corpus.rules.length import GOPHER
from danlu.corpus.rules.rule import Rule

_C4 = "C4 (Raffel et al. 2020, section 2.2)"
_FINEWEB = "FineWeb (Penedo et al. 2024, section 3.6)"
_ZH = "FineWeb-2 cmn_Hani"


def _rule(name: str, measure: str, meaning: Text, source: str) -> Rule:
    return Rule(name=name, measure=measure, meaning=meaning, source=source)


WORDS = _rule(
    "gopher_words",
    "num_published_words",
    Text("words of both scripts, signs left out", "两种文字的词数（不含标点）"),
    GOPHER + ": 50 to 100,000",
)
LATIN_WORD_LENGTH = Rule(
    name="latin_word_length",
    measure="latin_word_length",
    meaning=Text("mean length of the words that are not Chinese", "非汉语词的平均长度"),
    source=GOPHER + ": 3 to 10",
    at_least=50,
    of="num_latin_words",
)
HAN_WORD_LENGTH = Rule(
    name="han_word_length",
    measure="han_word_length",
    meaning=Text("mean length of the Chinese words", "汉语词的平均长度"),
    source=_ZH + ": 1 to 5; MAP-NEO: 1.3 to 10",
    at_least=50,
    of="num_han_words",
)
HASHES = _rule("gopher_hashes", "hashes_per_word", Text("'#' for each word", "每词的 # 数"), GOPHER + ": 0.1")
ELLIPSES = _rule(
    "gopher_ellipses", "ellipses_per_word", Text("ellipses for each word", "每词的省略号数"), GOPHER + ": 0.1"
)
BULLETS = _rule(
    "gopher_bullet_lines",
    "gopher_bullet_lines",
    Text("share of lines that begin with a bullet", "以项目符号开头的行的比例"),
    GOPHER + ": 0.9",
)
ELLIPSIS_LINES = _rule(
    "gopher_ellipsis_lines",
    "gopher_ellipsis_lines",
    Text("share of lines that end in an ellipsis", "以省略号结尾的行的比例"),
    GOPHER + ": 0.3",
)
ALPHABETIC = _rule(
    "gopher_alphabetic_words",
    "alphabetic_words",
    Text("share of words and signs that hold a letter", "含有字母或汉字的词的比例"),
    GOPHER + ": 0.8; " + _ZH + ": 0.735",
)
STOP_WORDS = _rule(
    "gopher_stop_words",
    "num_published_stop_words",
    Text("different stop words, English and Chinese", "不同停用词（中英文）的个数"),
    GOPHER + " and " + _ZH + ": 2",
)
SENTENCES = _rule("c4_sentences", "num_sentences", Text("sentences", "句数"), _C4 + ": 5; MAP-NEO: 2")
CURLY = _rule("c4_curly", "curly_lines", Text("lines with a curly bracket", "含花括号的行数"), _C4 + ": 0")
LOREM = _rule("c4_lorem_ipsum", "lorem_lines", Text("lines with 'lorem ipsum'", "含 lorem ipsum 的行数"), _C4 + ": 0")
TERMINAL = _rule(
    "fineweb_terminal_lines",
    "terminal_lines",
    Text("share of lines that end a sentence", "以句末标点结尾的行的比例"),
    _FINEWEB + ": 0.12; " + _ZH + ": 0.106",
)
SHORT_LINES = _rule(
    "fineweb_short_lines",
    "fineweb_short_lines",
    Text("share of lines of at most 30 characters", "不超过 30 字符的行的比例"),
    _FINEWEB + ": 0.67",
)
DUPLICATE_CHARACTERS = _rule(
    "fineweb_duplicate_characters",
    "fineweb_duplicate_characters",
    Text("share of characters in lines that stood before", "重复行所占字符比例"),
    _FINEWEB + ": 0.01; " + _ZH + ": 0.1",
)
LINE_ENDS = _rule(
    "fineweb_line_ends",
    "line_ends_per_word",
    Text("line ends for each word", "每词的换行数"),
    _FINEWEB + ": 0.3; " + _ZH + ": 0.178",
)

_TOP = Text(
    "share of characters in the most frequent n-gram of words (n in the rule's name)",
    "最常见 n 元词组所占字符比例（n 见规则名）",
)
_DUPLICATE = Text(
    "share of characters in n-grams of words that stood before (n in the rule's name)",
    "重复 n 元词组所占字符比例（n 见规则名）",
)
DUPLICATE_PARAGRAPHS = _rule(
    "gopher_duplicate_paragraphs",
    "gopher_duplicate_paragraphs",
    Text("share of repeated paragraphs", "重复段落的比例"),
    GOPHER + ": 0.30",
)
DUPLICATE_PARAGRAPH_CHARACTERS = _rule(
    "gopher_duplicate_paragraph_characters",
    "gopher_duplicate_paragraph_characters",
    Text("share of characters in repeated paragraphs", "重复段落所占字符比例"),
    GOPHER + ": 0.20",
)
DUPLICATE_LINES = _rule(
    "gopher_duplicate_lines",
    "gopher_duplicate_lines",
    Text("share of repeated lines", "重复行的比例"),
    GOPHER + ": 0.30",
)
DUPLICATE_LINE_CHARACTERS = _rule(
    "gopher_duplicate_line_characters",
    "gopher_duplicate_line_characters",
    Text("share of characters in repeated lines", "重复行所占字符比例"),
    GOPHER + ": 0.20",
)
TOP_2 = _rule("gopher_top_2_grams", "gopher_top_2_gram", _TOP, GOPHER + ": 0.20; " + _ZH + ": 0.256")
TOP_3 = _rule("gopher_top_3_grams", "gopher_top_3_gram", _TOP, GOPHER + ": 0.18; " + _ZH + ": 0.201")
TOP_4 = _rule("gopher_top_4_grams", "gopher_top_4_gram", _TOP, GOPHER + ": 0.16; " + _ZH + ": 0.171")
DUPLICATE_5 = _rule(
    "gopher_duplicate_5_grams", "gopher_duplicate_5_gram", _DUPLICATE, GOPHER + ": 0.15; " + _ZH + ": 0.198"
)
DUPLICATE_6 = _rule(
    "gopher_duplicate_6_grams", "gopher_duplicate_6_gram", _DUPLICATE, GOPHER + ": 0.14; " + _ZH + ": 0.182"
)
DUPLICATE_7 = _rule(
    "gopher_duplicate_7_grams", "gopher_duplicate_7_gram", _DUPLICATE, GOPHER + ": 0.13; " + _ZH + ": 0.167"
)
DUPLICATE_8 = _rule(
    "gopher_duplicate_8_grams", "gopher_duplicate_8_gram", _DUPLICATE, GOPHER + ": 0.12; " + _ZH + ": 0.154"
)
DUPLICATE_9 = _rule(
    "gopher_duplicate_9_grams", "gopher_duplicate_9_gram", _DUPLICATE, GOPHER + ": 0.11; " + _ZH + ": 0.14"
)
DUPLICATE_10 = _rule(
    "gopher_duplicate_10_grams", "gopher_duplicate_10_gram", _DUPLICATE, GOPHER + ": 0.10; " + _ZH + ": 0.127"
)
