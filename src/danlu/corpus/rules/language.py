"""The rule on language."""

from danlu.core.language import Text
from danlu.corpus.rules.rule import Rule

LANGUAGE = Rule(
    name="language",
    measure="language_score",
    meaning=Text("how sure the language is", "语言判断的置信度"),
    source="FineWeb: 0.65; FineWeb-2 cmn_Hani: 0.692; MAP-NEO: 0.4",
    at_least=20,
)
