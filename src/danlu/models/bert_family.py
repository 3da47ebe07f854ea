"""What `bert` and `roberta` share: learnt positions, segments, the norm after each part, GELU, a head with a transform.

Devlin et al. 2019 (arXiv:1810.04805); Liu et al. 2019 (arXiv:1907.11692).
"""

from dataclasses import dataclass
from functools import partial

from torch import nn
from torch.nn import functional

from danlu.core.settings import plain
from danlu.models.architecture import Architecture, HuggingFaceLayout
from danlu.models.encoder import EncoderSettings, counted, fill, shapes
from danlu.models.encoder import sized as nearest_size
from danlu.models.heads import TransformHead
from danlu.models.layers.attention import BiasedAttention
from danlu.models.layers.block import PostNormBlock
from danlu.models.layers.embedding import SegmentEmbedding
from danlu.models.layers.feedforward import DenseFeedForward
from danlu.models.layers.layer_norm import LayerNorm
from danlu.models.layers.mixing import Full
from danlu.models.layers.start import EMBEDDING_DEVIATION, fill_neighbour_heads, fill_sines, sine_periods
from danlu.models.model import Blueprint, LanguageModel
from danlu.models.plan import ParameterCount
from danlu.models.stack import Stack

POSITION_DEVIATION = 0.04
"""Twice that of tokens, so that heads which look at neighbours find them among the noise of the tokens."""
NEIGHBOUR_GAIN = 1.5
"""Length of the rows that make half of the first layer's heads look at neighbours; the other half sees the whole window."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What sets one row apart: its name, how many segments it tells apart, and the row of its first position."""

    name: str
    num_segments: int
    first_position: int


def bert_like(kind: Kind, layout: HuggingFaceLayout) -> Architecture:
    """The row of ARCHITECTURES for `kind`."""
    return Architecture(
        name=kind.name,
        settings=EncoderSettings,
        assemble=partial(_assemble, kind),
        build=partial(_build, kind),
        direction="bidirectional",
        default_objective="masked",
        sized=partial(_sized, kind),
        count=partial(_count, kind),
        layout=layout,
        compiles=True,
        whole_windows=True,
    )


def _assemble(kind: Kind, settings: EncoderSettings, vocab_size: int) -> LanguageModel:
    embed = SegmentEmbedding(
        vocab_size=vocab_size,
        width=settings.width,
        num_positions=settings.context_length + kind.first_position,
        first_position=kind.first_position,
        num_segments=kind.num_segments,
        norm=_norm(settings),
        dropout=settings.dropout,
    )
    return LanguageModel(
        embed=embed,
        body=Stack([_block(settings) for _ in range(settings.depth)], nn.Identity()),
        head=TransformHead(embed, width=settings.width, norm=_norm(settings), biased=True),
        direction="bidirectional",
        context_length=settings.context_length,
        blueprint=Blueprint(architecture=kind.name, settings=plain(settings), vocab_size=vocab_size),
    )


def _build(kind: Kind, settings: EncoderSettings, vocab_size: int, *, seed: int = 0) -> LanguageModel:
    model = fill(_assemble(kind, settings, vocab_size), settings.depth, seed=seed)
    weights = dict(model.named_parameters())
    head_width, neighbours = settings.width // settings.num_heads, settings.num_heads // 2
    fill_sines(weights["embed.positions"], POSITION_DEVIATION if neighbours else EMBEDDING_DEVIATION)
    fill_neighbour_heads(
        weights["body.blocks.0.attention.query"][: neighbours * head_width],
        weights["body.blocks.0.attention.key"][: neighbours * head_width],
        head_width=head_width,
        periods_E=sine_periods(len(weights["embed.positions"]), settings.width),
        gain=NEIGHBOUR_GAIN,
    )
    return model


def _count(kind: Kind, settings: EncoderSettings, vocab_size: int) -> ParameterCount:
    width, inner = settings.width, settings.inner_width
    num_rows = vocab_size + settings.context_length + kind.first_position + kind.num_segments
    return counted(
        settings,
        vocab_size,
        embedding=num_rows * width,
        layer=4 * width * width + 2 * width * inner,
        vectors=settings.depth * (9 * width + inner) + 2 * width + 3 * width + vocab_size,
        kept=8 * width + 2 * inner,
    )


def _sized(kind: Kind, num_parameters: int, vocab_size: int, context: int) -> EncoderSettings:
    candidates = shapes(EncoderSettings, num_parameters, vocab_size, context, (3.0, 4.0))
    return nearest_size(candidates, partial(_count, kind), num_parameters, vocab_size)


def _norm(settings: EncoderSettings) -> LayerNorm:
    return LayerNorm(settings.width, epsilon=settings.epsilon)


def _block(settings: EncoderSettings) -> PostNormBlock:
    return PostNormBlock(
        attention=BiasedAttention(
            width=settings.width,
            num_heads=settings.num_heads,
            head_width=settings.width // settings.num_heads,
            mixing=Full(),
        ),
        feedforward=DenseFeedForward(
            width=settings.width, inner_width=settings.inner_width, activation=functional.gelu
        ),
        attention_norm=_norm(settings),
        feedforward_norm=_norm(settings),
        dropout=settings.dropout,
    )
