"""What is learnt from raw text: one file and one row for each objective."""

from danlu.core.language import Text
from danlu.core.registry import Registry

OBJECTIVES = Registry(
    "danlu.objectives",
    Text("objective", "训练目标"),
    {
        "causal": "danlu.objectives.causal:Causal",
        "masked": "danlu.objectives.masked:Masked",
        "masked+next_sentence": "danlu.objectives.sentence_pairs:MaskedNextSentence",
        "masked+sentence_order": "danlu.objectives.sentence_pairs:MaskedSentenceOrder",
        "fill_in_the_middle": "danlu.objectives.fill_in_the_middle:FillInTheMiddle",
        "prefix_lm": "danlu.objectives.prefix_lm:PrefixLM",
        "masked_next_token": "danlu.objectives.masked_next_token:MaskedNextToken",
        "hybrid": "danlu.objectives.hybrid:Hybrid",
        "denoising": "danlu.objectives.denoising:Denoising",
        "infilling": "danlu.objectives.infilling:Infilling",
        "prefix": "danlu.objectives.prefix:Prefix",
    },
)
