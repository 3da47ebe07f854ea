"""From scores to the next token.

The order of operations is that of transformers: repetition penalty, temperature, top-k, top-p, min-p, then one draw.
B texts, V vocabulary.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from danlu.core.settings import Settings, setting


class SamplingSettings(Settings):
    """How the next token is drawn, when to stop, and how exactly scores are computed."""

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
    dtype: Literal["float32", "bfloat16", "int8"] = setting(
        "float32",
        "Numbers in which matrices are read: fewer bits are faster and round scores, int8 for gpt and its like on a CPU",
        "读取矩阵所用的数值类型：位数越少越快，分数舍入也越多；int8 用于 CPU 上的 gpt 一类模型",
    )
    seed: int = setting(0, "Seed of the draw: equal seeds, equal texts", "随机种子：相同种子得到相同文本", ge=0)


def pick(logits_V: Tensor, settings: SamplingSettings, generator: torch.Generator, seen: Sequence[int] = ()) -> int:
    """The next token id for scores [V]; `seen`: ids of the text so far, for the repetition penalty.

    A score of -inf excludes its token. The draw is made on the CPU in float32, so that a device does not change it.
    """
    return pick_each(logits_V[None], settings, [generator], [seen])[0]


def pick_each(
    logits_BV: Tensor, settings: SamplingSettings, generators: Sequence[torch.Generator], seen: Sequence[Sequence[int]]
) -> list[int]:
    """As `pick` for each of B texts, each with a generator of its own and the ids of its text so far."""
    scores_BV = logits_BV.detach().float().cpu()
    if settings.repetition_penalty != 1.0:
        rows = zip(scores_BV, seen, strict=True)
        scores_BV = torch.stack(
            [penalize(row_V, torch.tensor(ids), settings.repetition_penalty) for row_V, ids in rows]
        )
    if settings.temperature == 0.0:
        found: list[int] = scores_BV.argmax(-1).tolist()
        return found
    return _draw(keep_likely(scores_BV / settings.temperature, settings).softmax(-1), generators)


def _draw(probabilities_BV: Tensor, generators: Sequence[torch.Generator]) -> list[int]:
    """One id for each row by inverting its distribution: one number of its generator instead of one for each token, which
    is what torch.multinomial takes."""
    sums_BV = probabilities_BV.double().cumsum(-1)
    shares_B1 = torch.stack([torch.rand(1, generator=each, dtype=torch.float64) for each in generators])
    # Behind every id whose sum is not above the share: an id without probability is never met.
    found_B1 = torch.searchsorted(sums_BV, shares_B1 * sums_BV[:, -1:], right=True)
    # A share of all but one part in 2^53 may be rounded to the whole.
    found_B1 = torch.where(found_B1 == sums_BV.shape[1], probabilities_BV.argmax(-1, keepdim=True), found_B1)
    ids: list[int] = found_B1[:, 0].tolist()
    return ids


def penalize(scores_V: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """Divides positive scores of the ids in `seen` by `penalty` and multiplies negative ones.

    Keskar et al. 2019 (CTRL, arXiv:1909.05858), section 4.1, as transformers does it.
    """
    ids = torch.unique(seen).long()
    chosen = scores_V[ids]
    return scores_V.index_put((ids,), torch.where(chosen > 0, chosen / penalty, chosen * penalty))


def keep_likely(scores: Tensor, settings: SamplingSettings) -> Tensor:
    """Scores [..., V] with those outside top-k, top-p and min-p set to -inf; at least one of each row stays.

    Top-k: Fan et al. 2018 (arXiv:1805.04833). Top-p: Holtzman et al. 2020 (arXiv:1904.09751). Min-p: Nguyen et al. 2024
    (arXiv:2407.01082).
    """
    if 0 < settings.top_k < scores.shape[-1]:
        least = scores.topk(settings.top_k).values[..., -1:]
        scores = scores.masked_fill(scores < least, -torch.inf)
    if settings.top_p < 1.0:
        # by score: two scores may differ where their probabilities do not any more
        order = scores.sort(dim=-1, descending=True, stable=True).indices
        ordered = scores.softmax(-1).gather(-1, order)
        # A token goes when those before it already hold top_p; the first always stays.
        beyond = ordered.cumsum(-1) - ordered >= settings.top_p
        scores = scores.masked_fill(torch.zeros_like(beyond).scatter(-1, order, beyond), -torch.inf)
    if settings.min_p > 0.0:
        probabilities = scores.softmax(-1)
        scores = scores.masked_fill(probabilities < settings.min_p * probabilities.amax(-1, keepdim=True), -torch.inf)
    return scores
