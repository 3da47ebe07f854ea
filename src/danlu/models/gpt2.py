"""GPT-2 (Radford et al. 2019): learnt positions, LayerNorm before each part, GELU, biases everywhere, tied head."""

from typing import Any

from torch import nn

from danlu.core.settings import Settings, plain, setting
from danlu.models.architecture import Architecture
from danlu.models.gpt2_layout import LAYOUT
from danlu.models.heads import FreeHead, TiedHead
from danlu.models.layers.attention import BiasedAttention
from danlu.models.layers.block import PreNormBlock
from danlu.models.layers.embedding import PositionEmbedding
from danlu.models.layers.feedforward import DenseFeedForward, tanh_gelu
from danlu.models.layers.layer_norm import LayerNorm
from danlu.models.layers.mixing import Causal
from danlu.models.layers.start import EMBEDDING_DEVIATION, fan_in_deviation, fill_normal
from danlu.models.model import Blueprint, LanguageModel
from danlu.models.plan import ParameterCount
from danlu.models.sizing import depth_for, head_width_for, nearest, widths_for
from danlu.models.stack import Stack


class GPT2Settings(Settings):
    """The shape of a GPT-2. `sized` picks all of it from one number."""

    width: int = setting(256, "Width of the residual stream, 8 to 16384", "残差流的宽度，8 到 16384", ge=8, le=16384)
    depth: int = setting(6, "Number of layers, 1 to 256", "层数，1 到 256", ge=1, le=256)
    num_heads: int = setting(4, "Heads in each layer; divides width", "每层的头数；须整除 width", ge=1)
    inner_width: int = setting(1024, "Inner width of the feed-forward part", "前馈部分的内部宽度", ge=8)
    context_length: int = setting(256, "Tokens of one window", "一个窗口的词元数", ge=2)
    epsilon: float = setting(1e-5, "Added to the variance in norms", "归一化中加到方差上的小量", gt=0.0, lt=0.1)
    dropout: float = setting(
        0.0,
        "Share of elements dropped from embedding and residual branches, 0 to 1",
        "嵌入与残差分支的丢弃比例，0 到 1",
        ge=0.0,
        lt=1.0,
    )
    tied: bool = setting(True, "Whether the head shares the embedding's matrix", "输出头是否与嵌入共享矩阵")

    def model_post_init(self, context: Any, /) -> None:
        """Heads of equal width."""
        del context
        if self.width % self.num_heads:
            raise ValueError(f"num_heads ({self.num_heads}) must divide width ({self.width})")


def assemble(settings: GPT2Settings, vocab_size: int) -> LanguageModel:
    """The network of `settings` with weights unset."""
    embed = PositionEmbedding(
        vocab_size=vocab_size,
        width=settings.width,
        context_length=settings.context_length,
        dropout=settings.dropout,
    )
    body = Stack([_block(settings) for _ in range(settings.depth)], _norm(settings))
    return LanguageModel(
        embed=embed,
        body=body,
        head=TiedHead(embed) if settings.tied else FreeHead(vocab_size, settings.width),
        direction="left-to-right",
        context_length=settings.context_length,
        blueprint=Blueprint(architecture="gpt2", settings=plain(settings), vocab_size=vocab_size),
    )


def build(settings: GPT2Settings, vocab_size: int, *, seed: int = 0) -> LanguageModel:
    """The network of `settings` with initial weights, a pure function of `seed` (see layers/start.py)."""
    model = assemble(settings, vocab_size)
    for name, weight in model.named_parameters():
        if weight.ndim == 1:
            (nn.init.zeros_ if name.endswith("bias") else nn.init.ones_)(weight)
        elif name.startswith(("embed.", "head.")):
            fill_normal(weight, EMBEDDING_DEVIATION, seed=seed, name=name)
        else:
            residual = settings.depth if name.endswith((".output", ".down")) else None
            fill_normal(weight, fan_in_deviation(weight, residual_depth=residual), seed=seed, name=name)
    return model


def count(settings: GPT2Settings, vocab_size: int) -> ParameterCount:
    """Parameters and arithmetic of the model that `build` makes."""
    width, inner = settings.width, settings.inner_width
    matrices = settings.depth * (4 * width * width + 2 * width * inner)
    vectors = settings.depth * (4 * width + width + inner + 4 * width) + 2 * width
    embedding = vocab_size * width * (1 if settings.tied else 2) + settings.context_length * width
    attention = 2.0 * settings.depth * width * (settings.context_length + 1)
    # Two normed inputs and the streams before them, three products, their mix; the inner part before and after GELU.
    kept = 8 * width + 2 * inner
    return ParameterCount(
        total=embedding + matrices + vectors,
        embedding=embedding,
        matrices=matrices,
        flops_per_token_forward=2.0 * (matrices + vocab_size * width) + attention,
        kept_per_token=settings.depth * kept + 3 * width,
    )


def sized(num_parameters: int, vocab_size: int, context: int) -> GPT2Settings:
    """Settings whose total is as near to `num_parameters` as widths in steps of a head allow."""
    depth = 1 if head_width_for(num_parameters) * vocab_size > 2 * num_parameters else depth_for(num_parameters)
    shapes = [
        GPT2Settings(
            width=width,
            depth=depth,
            num_heads=width // head_width_for(num_parameters),
            inner_width=inner,
            context_length=context,
        )
        for width in widths_for(num_parameters, vocab_size)
        for inner in (3 * width, 4 * width)
    ]
    return nearest(shapes, lambda shape: count(shape, vocab_size).total, num_parameters)


def _norm(settings: GPT2Settings) -> LayerNorm:
    return LayerNorm(settings.width, epsilon=settings.epsilon)


def _block(settings: GPT2Settings) -> PreNormBlock:
    return PreNormBlock(
        attention=BiasedAttention(
            width=settings.width,
            num_heads=settings.num_heads,
            head_width=settings.width // settings.num_heads,
            mixing=Causal(),
        ),
        feedforward=DenseFeedForward(width=settings.width, inner_width=settings.inner_width, activation=tanh_gelu),
        attention_norm=_norm(settings),
        feedforward_norm=_norm(settings),
        dropout=settings.dropout,
    )


ARCHITECTURE = Architecture(
    name="gpt2",
    settings=GPT2Settings,
    assemble=assemble,
    build=build,
    direction="left-to-right",
    default_objective="causal",
    sized=sized,
    count=count,
    layout=LAYOUT,
    compiles=True,
)
