"""What is learnt from raw text: one file and one row for each objective."""

from danlu.core.language import Text
from danlu.core.registry import Registry

OBJECTIVES = Registry(
    "danlu.objectives",
    Text("objective", "训练目标"),
    {
        "causal": "danlu.objectives.causal:Causal",
        "masked": "danlu.objectives.masked:Masked",
        "denoising": "danlu.objectives.denoising:Denoising",
        "infilling": "danlu.objectives.infilling:Infilling",
        "prefix": "danlu.objectives.prefix:Prefix",
    },
)
