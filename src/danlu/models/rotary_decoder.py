"""What the rows with rotary positions, RMSNorm and a gated feed-forward share: gpt, llama, mistral, qwen2.

They differ in how attention makes its heads, and in the name that others know them by.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

from pydantic import model_validator
from torch import nn

from danlu.core.settings import Settings, plain, setting
from danlu.models.architecture import Architecture, HuggingFaceLayout
from danlu.models.heads import FreeHead, TiedHead
from danlu.models.layers.attention import SelfAttention
from danlu.models.layers.block import Block, PreNormBlock
from danlu.models.layers.embedding import TokenEmbedding
from danlu.models.layers.feedforward import GatedFeedForward
from danlu.models.layers.norm import RMSNorm
from danlu.models.layers.start import EMBEDDING_DEVIATION, fan_in_deviation, fill_normal
from danlu.models.model import Blueprint, LanguageModel
from danlu.models.plan import ParameterCount
from danlu.models.sizing import depth_for, head_width_for, nearest, widths_for
from danlu.models.stack import Stack


class GPTSettings(Settings):
    """The shape of a GPT. `sized` picks all of it from one number."""

    width: int = setting(256, "Width of the residual stream, 8 to 16384", "残差流的宽度，8 到 16384", ge=8, le=16384)
    depth: int = setting(6, "Number of layers, 1 to 256", "层数，1 到 256", ge=1, le=256)
    num_heads: int = setting(4, "Query heads in each layer", "每层的查询头数", ge=1)
    num_key_heads: int = setting(
        4, "Key and value heads in each layer; divides num_heads", "每层的键值头数；须整除 num_heads", ge=1
    )
    head_width: int = setting(
        64, "Width of one head, even, 8 to 256", "每个头的宽度，偶数，8 到 256", ge=8, le=256, multiple_of=2
    )
    inner_width: int = setting(704, "Inner width of the feed-forward part", "前馈部分的内部宽度", ge=8)
    context_length: int = setting(256, "Tokens of one window", "一个窗口的词元数", ge=2)
    rotary_base: float = setting(10000.0, "Base of the rotary angles, above 1", "旋转位置的底数，大于 1", gt=1.0)
    epsilon: float = setting(1e-6, "Added to the mean square in norms", "归一化中加到均方上的小量", gt=0.0, lt=0.1)
    dropout: float = setting(
        0.0,
        "Share of elements dropped from embedding and residual branches, 0 to 1",
        "嵌入与残差分支的丢弃比例，0 到 1",
        ge=0.0,
        lt=1.0,
    )
    tied: bool = setting(True, "Whether the head shares the embedding's matrix", "输出头是否与嵌入共享矩阵")

    @model_validator(mode="after")
    def _groups_are_equal(self) -> Self:
        if self.num_heads % self.num_key_heads:
            raise ValueError(f"num_key_heads ({self.num_key_heads}) must divide num_heads ({self.num_heads})")
        return self


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What sets one row apart: its attention, and how many gains and biases that has in each layer."""

    name: str
    attention: Callable[[GPTSettings], SelfAttention]
    num_vectors: Callable[[GPTSettings], int]


def rotary_decoder(kind: Kind, layout: HuggingFaceLayout) -> Architecture:
    """The row of ARCHITECTURES for `kind`."""
    return Architecture(
        name=kind.name,
        settings=GPTSettings,
        assemble=partial(_assemble, kind),
        build=partial(_build, kind),
        direction="left-to-right",
        default_objective="causal",
        sized=partial(_sized, kind),
        count=partial(_count, kind),
        layout=layout,
        compiles=True,
    )


def _assemble(kind: Kind, settings: GPTSettings, vocab_size: int) -> LanguageModel:
    """The network of `settings` with weights unset."""
    embed = TokenEmbedding(vocab_size=vocab_size, width=settings.width, dropout=settings.dropout)
    body = Stack([_block(kind, settings) for _ in range(settings.depth)], _norm(settings))
    return LanguageModel(
        embed=embed,
        body=body,
        head=TiedHead(embed) if settings.tied else FreeHead(vocab_size, settings.width),
        direction="left-to-right",
        context_length=settings.context_length,
        blueprint=Blueprint(architecture=kind.name, settings=plain(settings), vocab_size=vocab_size),
    )


def _build(kind: Kind, settings: GPTSettings, vocab_size: int, *, seed: int = 0) -> LanguageModel:
    """The network of `settings` with initial weights, a pure function of `seed` (see layers/start.py)."""
    model = _assemble(kind, settings, vocab_size)
    for name, weight in model.named_parameters():
        if weight.ndim == 1:
            (nn.init.zeros_ if name.endswith("bias") else nn.init.ones_)(weight)
        elif name in ("embed.weight", "head.matrix"):
            fill_normal(weight, EMBEDDING_DEVIATION, seed=seed, name=name)
        else:
            residual = settings.depth if name.endswith((".output", ".down")) else None
            fill_normal(weight, fan_in_deviation(weight, residual_depth=residual), seed=seed, name=name)
    return model


def _count(kind: Kind, settings: GPTSettings, vocab_size: int) -> ParameterCount:
    """Parameters and arithmetic of the model that `build` makes."""
    queries = settings.num_heads * settings.head_width
    keys = settings.num_key_heads * settings.head_width
    layer = settings.width * (2 * queries + 2 * keys + 3 * settings.inner_width)
    vectors = settings.depth * (2 * settings.width + kind.num_vectors(settings)) + settings.width
    embedding = vocab_size * settings.width * (1 if settings.tied else 2)
    matrices = settings.depth * layer
    # Scores and mixing: two products of [T, D] with [D, T] for each head; a causal window uses half of them.
    attention = 2.0 * settings.depth * queries * (settings.context_length + 1)
    # Two normed inputs, the joined products, turned queries and keys, mixed values; gate, up and their product.
    kept = 2 * settings.width + 3 * queries + 3 * keys + 3 * settings.inner_width
    return ParameterCount(
        total=embedding + matrices + vectors,
        embedding=embedding,
        matrices=matrices,
        flops_per_token_forward=2.0 * (matrices + vocab_size * settings.width) + attention,
        kept_per_token=settings.depth * kept + 3 * settings.width,
    )


def _sized(kind: Kind, num_parameters: int, vocab_size: int, context: int) -> GPTSettings:
    """Settings whose total is as near to `num_parameters` as widths in steps of a head allow."""
    head_width, depth = head_width_for(num_parameters), depth_for(num_parameters)
    shapes = [
        _shape(width, depth, head_width, inner, context)
        for width in widths_for(num_parameters, vocab_size)
        for inner in _inner_widths(width)
    ]
    if head_width * vocab_size > 2 * num_parameters:
        shapes = [_shape(head_width, 1, head_width, head_width * 2, context)]
    return nearest(shapes, lambda shape: _count(kind, shape, vocab_size).total, num_parameters)


def _inner_widths(width: int) -> list[int]:
    """Multiples of 32 around 8/3 of the width, the ratio at which three matrices cost as much as two of 4 (Shazeer 2020)."""
    middle = round(width * 8 / 3 / 32)
    spread = max(1, middle // 8)
    return [32 * step for step in range(max(1, middle - spread), middle + spread + 1)]


def _shape(width: int, depth: int, head_width: int, inner: int, context: int) -> GPTSettings:
    heads = width // head_width
    return GPTSettings(
        width=width,
        depth=depth,
        num_heads=heads,
        num_key_heads=heads,
        head_width=head_width,
        inner_width=inner,
        context_length=context,
    )


def _norm(settings: GPTSettings) -> RMSNorm:
    return RMSNorm(settings.width, epsilon=settings.epsilon)


def _block(kind: Kind, settings: GPTSettings) -> Block:
    return PreNormBlock(
        attention=kind.attention(settings),
        feedforward=GatedFeedForward(width=settings.width, inner_width=settings.inner_width),
        attention_norm=_norm(settings),
        feedforward_norm=_norm(settings),
        dropout=settings.dropout,
    )
