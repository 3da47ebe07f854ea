"""From scores to the next token.

The order of operations is that of transformers: repetition penalty, temperature, top-k, top-p, min-p, then one draw.
V vocabulary.
"""

import torch
from torch import Tensor

from danlu.core.settings import Settings, setting


class SamplingSettings(Settings):
    """How the next token is drawn, and when to stop."""

    temperature: float = setting(
        0.8,
        "Divides the scores: below 1 bolder in the likely, above 1 wilder; 0 is always the likeliest",
        "分数除以该值：小于 1 更保守，大于 1 更随机；0 表示总取最可能的",
        ge=0.0,
        le=100.0,
    )
    top_k: int = setting(
        0, "Keep this many of the likeliest tokens; 0 keeps all", "只保留最可能的若干词元；0 表示全部", ge=0
    )
    top_p: float = setting(
        1.0,
        "Keep the likeliest tokens up to this share of probability, above 0 to 1",
        "只保留累计概率达到该值的最可能词元，0（不含）到 1",
        gt=0.0,
        le=1.0,
    )
    min_p: float = setting(
        0.0,
        "Keep tokens with at least this share of the likeliest one's probability, 0 to 1",
        "只保留概率不低于最可能词元该比例的词元，0 到 1",
        ge=0.0,
        le=1.0,
    )
    repetition_penalty: float = setting(
        1.0,
        "Makes tokens of the text so far less likely; 1 is none, 1.1 is mild",
        "降低已出现词元的概率；1 表示不降低，1.1 为轻微",
        ge=0.1,
        le=10.0,
    )
    max_tokens: int = setting(200, "Most tokens to generate", "最多生成的词元数", ge=0)
    stop: tuple[str, ...] = setting((), "The text ends before any of these strings", "遇到其中任一字符串即在其之前结束")
    seed: int = setting(0, "Seed of the draw: equal seeds, equal texts", "随机种子：相同种子得到相同文本", ge=0)


def pick(logits_V: Tensor, settings: SamplingSettings, generator: torch.Generator, seen: Tensor | None = None) -> int:
    """The next token id for scores [V]; `seen`: ids of the text so far, for the repetition penalty.

    A score of -inf excludes its token. The draw is made on the CPU in float32, so that a device does not change it.
    """
    scores_V = logits_V.detach().float().cpu()
    if settings.repetition_penalty != 1.0 and seen is not None and seen.numel():
        scores_V = penalize(scores_V, seen, settings.repetition_penalty)
    if settings.temperature == 0.0:
        return int(scores_V.argmax())
    probabilities_V = keep_likely(scores_V / settings.temperature, settings).softmax(-1)
    return int(torch.multinomial(probabilities_V, 1, generator=generator))


def penalize(scores_V: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """Divides positive scores of the ids in `seen` by `penalty` and multiplies negative ones.

    Keskar et al. 2019 (CTRL, arXiv:1909.05858), section 4.1, as transformers does it.
    """
    ids = torch.unique(seen)
    chosen = scores_V[ids]
    return scores_V.index_put((ids,), torch.where(chosen > 0, chosen / penalty, chosen * penalty))


def keep_likely(scores_V: Tensor, settings: SamplingSettings) -> Tensor:
    """Scores with those outside top-k, top-p and min-p set to -inf; at least one stays.

    Top-k: Fan et al. 2018 (arXiv:1805.04833). Top-p: Holtzman et al. 2020 (arXiv:1904.09751). Min-p: Nguyen et al. 2024
    (arXiv:2407.01082).
    """
    if 0 < settings.top_k < scores_V.numel():
        least = scores_V.topk(settings.top_k).values[-1]
        scores_V = scores_V.masked_fill(scores_V < least, -torch.inf)
    if settings.top_p < 1.0:
        # by score: two scores may differ where their probabilities do not any more
        order_V = scores_V.sort(descending=True, stable=True).indices
        ordered_V = scores_V.softmax(-1)[order_V]
        # A token goes when those before it already hold top_p; the first always stays.
        beyond_V = ordered_V.cumsum(-1) - ordered_V >= settings.top_p
        scores_V = scores_V.masked_fill(torch.zeros_like(beyond_V).scatter(0, order_V, beyond_V), -torch.inf)
    if settings.min_p > 0.0:
        probabilities_V = scores_V.softmax(-1)
        scores_V = scores_V.masked_fill(probabilities_V < settings.min_p * probabilities_V.max(), -torch.inf)
    return scores_V
