"""Layers with the norm after each part and biases everywhere: those of the Transformer of 2017 and of BART."""

from collections.abc import Callable

from torch import Tensor

from danlu.models.encoder_decoder import PairSettings, Parts, counted
from danlu.models.layers.attention import BiasedAttention
from danlu.models.layers.block import PostNormBlock
from danlu.models.layers.cross_attention import BiasedCrossAttention
from danlu.models.layers.decoder_block import PostNormDecoderBlock
from danlu.models.layers.feedforward import DenseFeedForward
from danlu.models.layers.layer_norm import LayerNorm
from danlu.models.layers.mixing import Causal, Full, Mixing
from danlu.models.plan import ParameterCount

Activation = Callable[[Tensor], Tensor]


class PostNormSettings(PairSettings):
    """The shape of such a network: heads share the width equally."""

    def model_post_init(self, context: object, /) -> None:
        """Heads of equal width."""
        del context
        if self.width % self.num_heads:
            raise ValueError(f"num_heads ({self.num_heads}) must divide width ({self.width})")


def counted_post_norm(
    settings: PostNormSettings, vocab_size: int, *, position_rows: int, more_vectors: int
) -> ParameterCount:
    """Parameters and arithmetic: `position_rows` of C numbers are learnt for positions, `more_vectors` numbers stand in
    norms outside of the layers."""
    width, inner = settings.width, settings.inner_width
    feedforward = 2 * width * inner
    # Biases of four products (eight with the text that is read) and of the feed-forward part, two numbers for each norm.
    vectors = settings.depth * (9 * width + inner) + settings.decoder_depth * (15 * width + inner)
    parts = Parts(
        embedding=(vocab_size + position_rows) * width,
        layer=4 * width * width + feedforward,
        decoder_layer=8 * width * width + feedforward,
        vectors=vectors + more_vectors,
        heads=width,
        kept=8 * width + 2 * inner,
    )
    return counted(settings, vocab_size, parts)


def encoder_block(settings: PairSettings, activation: Activation) -> PostNormBlock:
    """A layer that reads both ways."""
    return PostNormBlock(
        attention=_attention(settings, Full()),
        feedforward=_feedforward(settings, activation),
        attention_norm=_norm(settings),
        feedforward_norm=_norm(settings),
        dropout=settings.dropout,
    )


def decoder_block(settings: PairSettings, activation: Activation) -> PostNormDecoderBlock:
    """A layer that writes, and reads what the encoder made of a text."""
    return PostNormDecoderBlock(
        attention=_attention(settings, Causal()),
        cross=BiasedCrossAttention(
            width=settings.width,
            num_heads=settings.num_heads,
            head_width=settings.width // settings.num_heads,
        ),
        feedforward=_feedforward(settings, activation),
        attention_norm=_norm(settings),
        cross_norm=_norm(settings),
        feedforward_norm=_norm(settings),
        dropout=settings.dropout,
    )


def _norm(settings: PairSettings) -> LayerNorm:
    return LayerNorm(settings.width, epsilon=settings.epsilon)


def _attention(settings: PairSettings, mixing: Mixing) -> BiasedAttention:
    head_width = settings.width // settings.num_heads
    return BiasedAttention(width=settings.width, num_heads=settings.num_heads, head_width=head_width, mixing=mixing)


def _feedforward(settings: PairSettings, activation: Activation) -> DenseFeedForward:
    return DenseFeedForward(width=settings.width, inner_width=settings.inner_width, activation=activation)
