"""What encoder-decoders share: two stacks, of which one reads a text and the other writes one, and their size.

B batch, T written positions, S read positions, C width.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, final

from torch import Tensor, nn

from danlu.core.settings import Settings, setting
from danlu.models.layers.cache import DecodingState, empty_cache
from danlu.models.layers.cross_attention import Source
from danlu.models.layers.decoder_block import DecoderBlock
from danlu.models.layers.source_cache import SourceCache
from danlu.models.layers.start import fan_in_deviation, fill_normal
from danlu.models.model import LanguageModel, SourceBody
from danlu.models.plan import ParameterCount
from danlu.models.sizing import depth_for, head_width_for, nearest, widths_for
from danlu.models.stack import Stack

LearntBy = Literal["prefix", "denoising", "infilling"]


class PairSettings(Settings):
    """The shape of an encoder-decoder. `sized` picks all of it from one number."""

    width: int = setting(256, "Width of the stream, 8 to 16384", "数据流的宽度，8 到 16384", ge=8, le=16384)
    depth: int = setting(3, "Layers of the encoder, 1 to 256", "编码器层数，1 到 256", ge=1, le=256)
    decoder_depth: int = setting(3, "Layers of the decoder, 1 to 256", "解码器层数，1 到 256", ge=1, le=256)
    num_heads: int = setting(4, "Heads in each layer", "每层的头数", ge=1)
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
    start_id: int = setting(0, "Id that the decoder reads before all others", "解码器最先读入的词元编号", ge=0)
    pad_id: int = setting(1, "Id that fills up short texts in other programs", "其他程序填充短文本所用的编号", ge=0)
    objective: LearntBy = setting(
        "prefix",
        "What the decoder is taught to write; follows the run's objective and decides how the model is asked",
        "解码器学习写出的内容；由训练目标决定，并决定评分与生成的方式",
    )


@final
class EncoderDecoder(SourceBody):
    """An encoder, and a decoder whose every layer reads what the encoder made of a text; `norm` ends the decoder."""

    def __init__(self, encoder: Stack, blocks: Sequence[DecoderBlock], norm: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.blocks = nn.ModuleList(blocks)
        self.norm = norm

    def encode(self, x_BSC: Tensor, lengths_B: Tensor | None = None) -> Source:
        """What was read, from embedded positions."""
        return Source(hidden_BSC=self.encoder(x_BSC, None, lengths_B), lengths_B=lengths_B)

    def forward(
        self,
        x_BTC: Tensor,
        state: DecodingState | None = None,
        lengths_B: Tensor | None = None,
        source: Source | None = None,
    ) -> Tensor:
        """[B, T, C] to [B, T, C]; positions behind a text's end change nothing that is before it."""
        del lengths_B
        assert state is None or isinstance(state, SourceCache)
        if state is not None and not state.crossed:
            state.crossed = [block.cross.keys(_given(source)) for block in self._decoder()]
        for layer, block in enumerate(self._decoder()):
            keys = block.cross.keys(_given(source)) if state is None else state.crossed[layer]
            x_BTC = block(x_BTC, layer, None if state is None else state.own, keys)
        if state is not None:
            state.own.advance(x_BTC.shape[1])
        normed_BTC: Tensor = self.norm(x_BTC)
        return normed_BTC

    def start_state(self, batch_size: int, length: int) -> SourceCache:
        """Room for the keys and values of `length` written positions; those of a read text come with it."""
        first = self._decoder()[0].attention
        own = empty_cache(
            first.key,
            num_layers=len(self.blocks),
            batch_size=batch_size,
            num_heads=first.num_key_heads,
            length=length,
            head_width=first.head_width,
        )
        return SourceCache(own)

    def _decoder(self) -> list[DecoderBlock]:
        return [block for block in self.blocks if isinstance(block, DecoderBlock)]


def _given(source: Source | None) -> Source:
    assert source is not None, "a decoder writes after something was read"
    return source


def fill(model: LanguageModel, deviation: Callable[[str], float | None], *, depth: int, seed: int) -> LanguageModel:
    """Initial weights, a pure function of `seed` (see layers/start.py). `deviation` of a name, where a row has its own."""
    for name, weight in model.named_parameters():
        if weight.ndim == 1:
            (nn.init.zeros_ if name.endswith("bias") else nn.init.ones_)(weight)
            continue
        residual = depth if name.endswith((".output", ".down")) else None
        own = deviation(name)
        fill_normal(
            weight,
            fan_in_deviation(weight, residual_depth=residual) if own is None else own,
            seed=seed,
            name=name,
        )
    return model


# Tokens that encoder and decoder work on for each token of a window, and what a micro-batch keeps at most: prefixes end at
# the first id half of the time and anywhere else otherwise; the others by their shares of hidden tokens.
WORK = {"prefix": (0.25, 0.75), "denoising": (0.9, 0.2), "infilling": (0.8, 1.0)}
MOST_WORK = {"prefix": (0.0, 1.0), "denoising": (0.9, 0.2), "infilling": (0.8, 1.0)}


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Parameters: `embedding` of all rows, `layer` and `decoder_layer` of a layer's matrices, `vectors` of gains and biases;
    `heads` is the width of all heads together, `kept` the numbers that a layer of the encoder keeps for each token."""

    embedding: int
    layer: int
    decoder_layer: int
    vectors: int
    heads: int
    kept: int


def counted(settings: PairSettings, vocab_size: int, parts: Parts) -> ParameterCount:
    """Parameters and arithmetic of one token of a window under the objective of `settings`."""
    read, written = WORK[settings.objective]
    encoder, decoder = settings.depth * parts.layer, settings.decoder_depth * parts.decoder_layer
    # The encoder's rows see all of what is read, the decoder's half of what is written, and all of what is read.
    seen = settings.context_length * parts.heads
    attention = 4.0 * settings.depth * read * read * seen
    attention += settings.decoder_depth * written * (2.0 * written + 4.0 * read) * seen
    most_read, most_written = MOST_WORK[settings.objective]
    # A layer that reads another text keeps one more normed input, a query and a mix, and keys and values of that text.
    kept_decoder = parts.kept + 3 * settings.width + 2 * parts.heads
    kept = most_read * settings.depth * parts.kept + most_written * settings.decoder_depth * kept_decoder
    return ParameterCount(
        total=parts.embedding + encoder + decoder + parts.vectors,
        embedding=parts.embedding,
        matrices=encoder + decoder,
        flops_per_token_forward=2.0 * (read * encoder + written * (decoder + vocab_size * settings.width)) + attention,
        kept_per_token=int(kept) + 4 * settings.width,
    )


S = TypeVar("S", bound=PairSettings)


def sized(
    make: Callable[[dict[str, Any]], S],
    count: Callable[[S, int], ParameterCount],
    num_parameters: int,
    vocab_size: int,
    context: int,
) -> S:
    """Settings whose total is as near to `num_parameters` as widths in steps of a head allow: half of the layers that one
    stack would have on each side. `make` fills in what is the row's own."""
    head = head_width_for(num_parameters)
    depth = 1 if head * vocab_size > 2 * num_parameters else (depth_for(num_parameters) + 1) // 2
    shapes = [
        make(
            {
                "width": width,
                "depth": depth,
                "decoder_depth": depth,
                "num_heads": width // head,
                "inner_width": max(32, 32 * round(width * share / 32)),
                "context_length": context,
            }
        )
        for width in widths_for(num_parameters, vocab_size)
        for share in (2.0, 2.5, 3.0, 3.5, 4.0)
    ]
    return nearest(shapes, lambda shape: count(shape, vocab_size).total, num_parameters)
