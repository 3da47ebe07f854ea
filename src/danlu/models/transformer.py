"""The Transformer (Vaswani et al. 2017, arXiv:1706.03762): an encoder and a decoder with sines for positions, the norm
after each part, ReLU, and the embedding's matrix as head (section 3.4)."""

from torch import nn
from torch.nn import functional

from danlu.core.settings import plain
from danlu.models.architecture import Architecture
from danlu.models.encoder_decoder import EncoderDecoder, fill
from danlu.models.encoder_decoder import sized as nearest_size
from danlu.models.heads import TiedHead
from danlu.models.layers.pair_embedding import SinusoidEmbedding
from danlu.models.model import Blueprint, LanguageModel
from danlu.models.plan import ParameterCount
from danlu.models.post_norm_pair import PostNormSettings, counted_post_norm, decoder_block, encoder_block
from danlu.models.stack import Stack


class TransformerSettings(PostNormSettings):
    """The shape of a Transformer."""


def assemble(settings: TransformerSettings, vocab_size: int) -> LanguageModel:
    """The network of `settings` with weights unset."""
    embed = SinusoidEmbedding(vocab_size=vocab_size, width=settings.width, dropout=settings.dropout)
    encoder = Stack([encoder_block(settings, functional.relu) for _ in range(settings.depth)], nn.Identity())
    decoder = [decoder_block(settings, functional.relu) for _ in range(settings.decoder_depth)]
    return LanguageModel(
        embed=embed,
        body=EncoderDecoder(encoder, decoder, nn.Identity()),
        head=TiedHead(embed),
        direction="encoder-decoder",
        context_length=settings.context_length,
        blueprint=Blueprint(architecture="transformer", settings=plain(settings), vocab_size=vocab_size),
    )


def build(settings: TransformerSettings, vocab_size: int, *, seed: int = 0) -> LanguageModel:
    """The network of `settings` with initial weights, a pure function of `seed`; embedded tokens have deviation 1."""
    depth = settings.depth + settings.decoder_depth
    rows = settings.width**-0.5
    return fill(
        assemble(settings, vocab_size),
        lambda name: rows if name.startswith("embed.") else None,
        depth=depth,
        seed=seed,
    )


def count(settings: TransformerSettings, vocab_size: int) -> ParameterCount:
    """Parameters and arithmetic of the model that `build` makes."""
    return counted_post_norm(settings, vocab_size, position_rows=0, more_vectors=0)


def sized(num_parameters: int, vocab_size: int, context: int) -> TransformerSettings:
    """Settings whose total is near `num_parameters`."""
    return nearest_size(TransformerSettings.model_validate, count, num_parameters, vocab_size, context)


ARCHITECTURE = Architecture(
    name="transformer",
    settings=TransformerSettings,
    assemble=assemble,
    build=build,
    direction="encoder-decoder",
    default_objective="prefix",
    sized=sized,
    count=count,
)
