"""Rules on lines."""

from danlu.core.language import Text
from danlu.corpus.rules.length import GOPHER
from danlu.corpus.rules.rule import Rule

BULLET_LINES = Rule(
    name="bullet_lines",
    measure="bullet_lines",
    meaning=Text("share of lines that begin with a bullet", "以项目符号开头的行的比例"),
    source=GOPHER + ": 0.9",
)
ELLIPSIS_LINES = Rule(
    name="ellipsis_lines",
    measure="ellipsis_lines",
    meaning=Text("share of lines that end in an ellipsis", "以省略号结尾的行的比例"),
    source=GOPHER + ": 0.3",
)
PUNCTUATED_LINES = Rule(
    name="punctuated_lines",
    measure="punctuated_lines",
    meaning=Text("share of lines that end in closing punctuation", "以结束标点结尾的行的比例"),
    source="FineWeb: 0.12; FineWeb-2 cmn_Hani: 0.106; poems are printed without",
    at_least=200,
)
