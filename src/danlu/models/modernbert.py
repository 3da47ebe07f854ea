"""ModernBERT (Warner et al. 2024, arXiv:2412.13663): rotary positions, the norm before each part, GeGLU, no biases.

Every `global_every`th layer sees the whole window, the others `local_reach` positions to each side.
"""

from functools import partial

from torch import nn

from danlu.core.settings import plain, setting
from danlu.models.architecture import Architecture
from danlu.models.encoder import EncoderSettings, counted, fill, shapes
from danlu.models.encoder import sized as nearest_size
from danlu.models.heads import TransformHead
from danlu.models.layers.attention import RotaryAttention
from danlu.models.layers.block import PreNormBlock
from danlu.models.layers.embedding import NormedEmbedding
from danlu.models.layers.feedforward import GeluGatedFeedForward
from danlu.models.layers.layer_norm import GainLayerNorm
from danlu.models.layers.mixing import Full, Local
from danlu.models.layers.position import Rotary
from danlu.models.model import Blueprint, LanguageModel
from danlu.models.modernbert_layout import layout
from danlu.models.plan import ParameterCount
from danlu.models.stack import Stack


class ModernBertSettings(EncoderSettings):
    """The shape of a ModernBERT. `sized` picks all of it from one number."""

    epsilon: float = setting(1e-5, "Added to the variance in norms", "归一化中加到方差上的小量", gt=0.0, lt=0.1)
    global_every: int = setting(3, "Each how manieth layer sees the whole window", "每隔多少层使用全局注意力", ge=1)
    local_reach: int = setting(64, "Positions to each side that the other layers see", "局部层向两侧可见的位置数", ge=1)
    rotary_base: float = setting(160_000.0, "Base of the angles, whole window", "全局层旋转位置的底数", gt=1.0)
    local_rotary_base: float = setting(10_000.0, "Base of the angles, local layers", "局部层旋转位置的底数", gt=1.0)


def assemble(settings: ModernBertSettings, vocab_size: int) -> LanguageModel:
    """The network of `settings` with weights unset."""
    embed = NormedEmbedding(vocab_size=vocab_size, width=settings.width, norm=_norm(settings), dropout=settings.dropout)
    return LanguageModel(
        embed=embed,
        body=Stack([_block(settings, layer) for layer in range(settings.depth)], _norm(settings)),
        head=TransformHead(embed, width=settings.width, norm=_norm(settings), biased=False),
        direction="bidirectional",
        context_length=settings.context_length,
        blueprint=Blueprint(architecture="modernbert", settings=plain(settings), vocab_size=vocab_size),
    )


def build(settings: ModernBertSettings, vocab_size: int, *, seed: int = 0) -> LanguageModel:
    """The network of `settings` with initial weights, a pure function of `seed` (see layers/start.py)."""
    return fill(assemble(settings, vocab_size), settings.depth, seed=seed)


def count(settings: ModernBertSettings, vocab_size: int) -> ParameterCount:
    """Parameters and arithmetic of the model that `build` makes; local layers count as if they saw the whole window."""
    width, inner = settings.width, settings.inner_width
    return counted(
        settings,
        vocab_size,
        embedding=vocab_size * width,
        layer=4 * width * width + 3 * width * inner,
        # the first layer reads the normed embedding as it is
        vectors=(2 * settings.depth - 1) * width + 3 * width + vocab_size,
        kept=9 * width + 4 * inner,
    )


def sized(num_parameters: int, vocab_size: int, context: int) -> ModernBertSettings:
    """Settings whose total is as near to `num_parameters` as widths in steps of a head allow."""
    candidates = shapes(ModernBertSettings, num_parameters, vocab_size, context, (1.5, 2.0, 2.5))
    return nearest_size(candidates, count, num_parameters, vocab_size)


def _norm(settings: ModernBertSettings) -> GainLayerNorm:
    return GainLayerNorm(settings.width, epsilon=settings.epsilon)


def _block(settings: ModernBertSettings, layer: int) -> PreNormBlock:
    whole = layer % settings.global_every == 0
    head_width = settings.width // settings.num_heads
    attention = partial(
        RotaryAttention,
        width=settings.width,
        num_heads=settings.num_heads,
        num_key_heads=settings.num_heads,
        head_width=head_width,
    )
    return PreNormBlock(
        attention=attention(turning=Rotary(head_width, settings.rotary_base), mixing=Full())
        if whole
        else attention(turning=Rotary(head_width, settings.local_rotary_base), mixing=Local(settings.local_reach)),
        feedforward=GeluGatedFeedForward(width=settings.width, inner_width=settings.inner_width),
        attention_norm=_norm(settings) if layer else nn.Identity(),
        feedforward_norm=_norm(settings),
        dropout=settings.dropout,
    )


ARCHITECTURE = Architecture(
    name="modernbert",
    settings=ModernBertSettings,
    assemble=assemble,
    build=build,
    direction="bidirectional",
    default_objective="masked",
    sized=sized,
    count=count,
    layout=layout(ModernBertSettings),
)
