"""Rules on length."""

from danlu.core.language import Text
from danlu.corpus.rules.rule import Rule

GOPHER = "Gopher (Rae et al. 2021, table A1)"

NUM_UNITS = Rule(
    name="num_units",
    measure="num_units",
    meaning=Text("Han characters and words", "汉字与单词数"),
    source=GOPHER + ": 50 to 100,000 words; MAP-NEO: 50 characters",
)
WORD_LENGTH = Rule(
    name="word_length",
    measure="mean_word_length",
    meaning=Text("mean length of the words that are no Han characters", "非汉字单词的平均长度"),
    source=GOPHER + ": 3 to 10; only the upper side holds for Latin words between Han characters",
    at_least=50,
    of="num_words",
)
