"""BART (Lewis et al. 2020, arXiv:1910.13461): learnt positions, the norm after each part and after embedding, GELU."""

from torch import nn
from torch.nn import functional

from danlu.core.settings import plain, setting
from danlu.models.architecture import Architecture
from danlu.models.bart_layout import LAYOUT
from danlu.models.encoder_decoder import EncoderDecoder, LearntBy, fill
from danlu.models.encoder_decoder import sized as nearest_size
from danlu.models.heads import TiedHead
from danlu.models.layers.layer_norm import LayerNorm
from danlu.models.layers.pair_embedding import NormedPairEmbedding
from danlu.models.layers.start import EMBEDDING_DEVIATION
from danlu.models.model import Blueprint, LanguageModel
from danlu.models.plan import ParameterCount
from danlu.models.post_norm_pair import PostNormSettings, counted_post_norm, decoder_block, encoder_block
from danlu.models.stack import Stack

FIRST_POSITION = 2
"""Rows 0 and 1 of the positions are unused, as in the files of its authors."""


class BartSettings(PostNormSettings):
    """The shape of a BART."""

    objective: LearntBy = setting(
        "infilling",
        "What the decoder is taught to write; follows the run's objective and decides how the model is asked",
        "解码器学习写出的内容；由训练目标决定，并决定评分与生成的方式",
    )


def assemble(settings: BartSettings, vocab_size: int) -> LanguageModel:
    """The network of `settings` with weights unset."""
    embed = NormedPairEmbedding(
        vocab_size=vocab_size,
        width=settings.width,
        num_positions=settings.context_length + FIRST_POSITION,
        first_position=FIRST_POSITION,
        source_norm=LayerNorm(settings.width, epsilon=settings.epsilon),
        norm=LayerNorm(settings.width, epsilon=settings.epsilon),
        dropout=settings.dropout,
    )
    encoder = Stack([encoder_block(settings, functional.gelu) for _ in range(settings.depth)], nn.Identity())
    decoder = [decoder_block(settings, functional.gelu) for _ in range(settings.decoder_depth)]
    return LanguageModel(
        embed=embed,
        body=EncoderDecoder(encoder, decoder, nn.Identity()),
        head=TiedHead(embed),
        direction="encoder-decoder",
        context_length=settings.context_length,
        blueprint=Blueprint(architecture="bart", settings=plain(settings), vocab_size=vocab_size),
    )


def build(settings: BartSettings, vocab_size: int, *, seed: int = 0) -> LanguageModel:
    """The network of `settings` with initial weights, a pure function of `seed`."""
    return fill(
        assemble(settings, vocab_size),
        lambda name: EMBEDDING_DEVIATION if name.startswith("embed.") else None,
        depth=settings.depth + settings.decoder_depth,
        seed=seed,
    )


def count(settings: BartSettings, vocab_size: int) -> ParameterCount:
    """Parameters and arithmetic of the model that `build` makes."""
    return counted_post_norm(
        settings,
        vocab_size,
        position_rows=2 * (settings.context_length + FIRST_POSITION),
        more_vectors=4 * settings.width,
    )


def sized(num_parameters: int, vocab_size: int, context: int) -> BartSettings:
    """Settings whose total is near `num_parameters`."""
    return nearest_size(BartSettings.model_validate, count, num_parameters, vocab_size, context)


ARCHITECTURE = Architecture(
    name="bart",
    settings=BartSettings,
    assemble=assemble,
    build=build,
    direction="encoder-decoder",
    default_objective="infilling",
    sized=sized,
    count=count,
    layout=LAYOUT,
)
