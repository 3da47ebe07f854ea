"""T5 (Raffel et al. 2020, arXiv:1910.10683): distances instead of positions, RMSNorm before each part, no biases.

`gated-gelu` is the form of T5 1.1 (Shazeer 2020, arXiv:2002.05202); with `tied` the head is the embedding's matrix and its
input is scaled, as in T5 1.0.
"""

from typing import Any, Literal

from torch import nn
from torch.nn import functional

from danlu.core.settings import plain, setting
from danlu.models.architecture import Architecture
from danlu.models.encoder_decoder import EncoderDecoder, LearntBy, PairSettings, Parts, counted, fill
from danlu.models.encoder_decoder import sized as nearest_size
from danlu.models.heads import FreeHead, ScaledTiedHead
from danlu.models.layers.block import PreNormBlock
from danlu.models.layers.cross_attention import UnscaledCrossAttention
from danlu.models.layers.decoder_block import PreNormDecoderBlock
from danlu.models.layers.feedforward import GeluGatedFeedForward, UnbiasedFeedForward, tanh_gelu
from danlu.models.layers.mixing import Mixing
from danlu.models.layers.norm import RMSNorm
from danlu.models.layers.pair_embedding import DistanceEmbedding
from danlu.models.layers.position import Unturned
from danlu.models.layers.relative import PlainAttention, RelativeCausal, RelativeFull, RelativePositions
from danlu.models.layers.start import EMBEDDING_DEVIATION
from danlu.models.model import Blueprint, LanguageModel
from danlu.models.plan import ParameterCount
from danlu.models.stack import Stack
from danlu.models.t5_layout import LAYOUT


class T5Settings(PairSettings):
    """The shape of a T5."""

    head_width: int = setting(64, "Width of one head, 8 to 256", "每个头的宽度，8 到 256", ge=8, le=256)
    activation: Literal["relu", "gated-gelu"] = setting(
        "gated-gelu",
        "Feed-forward part: relu as in T5 1.0, gated-gelu as in 1.1",
        "前馈部分：relu 为 T5 1.0，gated-gelu 为 1.1",
    )
    num_buckets: int = setting(32, "Buckets of distances, even", "相对距离的分桶数，偶数", ge=4, multiple_of=2)
    most_distance: int = setting(128, "Distance from which on all share a bucket", "超过该距离的位置共用一个桶", ge=8)
    tied: bool = setting(True, "Whether the head shares the embedding's matrix", "输出头是否与嵌入共享矩阵")
    epsilon: float = setting(1e-6, "Added to the mean square in norms", "归一化中加到均方上的小量", gt=0.0, lt=0.1)
    objective: LearntBy = setting(
        "denoising",
        "What the decoder is taught to write; follows the run's objective and decides how the model is asked",
        "解码器学习写出的内容；由训练目标决定，并决定评分与生成的方式",
    )


def assemble(settings: T5Settings, vocab_size: int) -> LanguageModel:
    """The network of `settings` with weights unset."""
    embed = DistanceEmbedding(
        vocab_size=vocab_size,
        width=settings.width,
        source_distances=_distances(settings, both_ways=True),
        distances=_distances(settings, both_ways=False),
        dropout=settings.dropout,
    )
    read, written = RelativeFull(embed.source_distances), RelativeCausal(embed.distances)
    encoder = Stack([_block(settings, read) for _ in range(settings.depth)], _norm(settings))
    decoder = [_decoder_block(settings, written) for _ in range(settings.decoder_depth)]
    scaled = ScaledTiedHead(embed, settings.width**-0.5) if settings.tied else None
    return LanguageModel(
        embed=embed,
        body=EncoderDecoder(encoder, decoder, _norm(settings)),
        head=scaled or FreeHead(vocab_size, settings.width),
        direction="encoder-decoder",
        context_length=settings.context_length,
        blueprint=Blueprint(architecture="t5", settings=plain(settings), vocab_size=vocab_size),
    )


def build(settings: T5Settings, vocab_size: int, *, seed: int = 0) -> LanguageModel:
    """The network of `settings` with initial weights, a pure function of `seed`.

    Queries begin smaller by sqrt(head width), as scores are not divided by it, and a scaled head calls for an embedding
    of deviation 1 (both as in T5's own code).
    """
    query = (settings.width * settings.head_width) ** -0.5

    def deviation(name: str) -> float | None:
        if name == "embed.weight":
            return 1.0 if settings.tied else EMBEDDING_DEVIATION
        if name.startswith(("embed.", "head.")):
            return EMBEDDING_DEVIATION
        return query if name.endswith(".query") else None

    depth = settings.depth + settings.decoder_depth
    return fill(assemble(settings, vocab_size), deviation, depth=depth, seed=seed)


def count(settings: T5Settings, vocab_size: int) -> ParameterCount:
    """Parameters and arithmetic of the model that `build` makes."""
    width, heads = settings.width, settings.num_heads * settings.head_width
    num_inner = 3 if settings.activation == "gated-gelu" else 2
    feedforward = num_inner * width * settings.inner_width
    rows = vocab_size * width * (1 if settings.tied else 2)
    # Both parts keep the stream and its normed form; scores with distances are kept for each key of a row.
    scores = 2 * settings.num_heads * settings.context_length
    parts = Parts(
        embedding=rows + 2 * settings.num_buckets * settings.num_heads,
        layer=4 * width * heads + feedforward,
        decoder_layer=8 * width * heads + feedforward,
        vectors=(2 * settings.depth + 3 * settings.decoder_depth + 2) * width,
        heads=heads,
        kept=4 * width + 4 * heads + (num_inner + 1) * settings.inner_width + scores,
    )
    return counted(settings, vocab_size, parts)


def sized(num_parameters: int, vocab_size: int, context: int) -> T5Settings:
    """Settings whose total is near `num_parameters`."""

    def make(shape: dict[str, Any]) -> T5Settings:
        return T5Settings.model_validate({**shape, "head_width": shape["width"] // shape["num_heads"]})

    return nearest_size(make, count, num_parameters, vocab_size, context)


def _norm(settings: T5Settings) -> RMSNorm:
    return RMSNorm(settings.width, epsilon=settings.epsilon)


def _distances(settings: T5Settings, *, both_ways: bool) -> RelativePositions:
    return RelativePositions(
        num_buckets=settings.num_buckets,
        num_heads=settings.num_heads,
        most_distance=settings.most_distance,
        both_ways=both_ways,
    )


def _attention(settings: T5Settings, mixing: Mixing) -> PlainAttention:
    return PlainAttention(
        width=settings.width,
        num_heads=settings.num_heads,
        num_key_heads=settings.num_heads,
        head_width=settings.head_width,
        turning=Unturned(),
        mixing=mixing,
    )


def _feedforward(settings: T5Settings) -> nn.Module:
    width, inner_width = settings.width, settings.inner_width
    if settings.activation == "gated-gelu":
        return GeluGatedFeedForward(width=width, inner_width=inner_width, activation=tanh_gelu)
    return UnbiasedFeedForward(width=width, inner_width=inner_width, activation=functional.relu)


def _block(settings: T5Settings, mixing: Mixing) -> PreNormBlock:
    return PreNormBlock(
        attention=_attention(settings, mixing),
        feedforward=_feedforward(settings),
        attention_norm=_norm(settings),
        feedforward_norm=_norm(settings),
        dropout=settings.dropout,
    )


def _decoder_block(settings: T5Settings, mixing: Mixing) -> PreNormDecoderBlock:
    return PreNormDecoderBlock(
        attention=_attention(settings, mixing),
        cross=UnscaledCrossAttention(
            width=settings.width, num_heads=settings.num_heads, head_width=settings.head_width
        ),
        feedforward=_feedforward(settings),
        attention_norm=_norm(settings),
        cross_norm=_norm(settings),
        feedforward_norm=_norm(settings),
        dropout=settings.dropout,
    )


ARCHITECTURE = Architecture(
    name="t5",
    settings=T5Settings,
    assemble=assemble,
    build=build,
    direction="encoder-decoder",
    default_objective="denoising",
    sized=sized,
    count=count,
    layout=LAYOUT,
)
