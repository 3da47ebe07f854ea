"""The rule on the learned quality score."""

from danlu.core.language import Text
from danlu.corpus.rules.rule import Rule

QUALITY = Rule(
    name="quality",
    measure="quality",
    meaning=Text("share of your good text that scores lower", "评分低于它的好文本所占比例"),
    source="as DCLM's filter (Li et al. 2024, section 4.4), with the user's own text; no limit is published for it",
    at_least=20,
)
