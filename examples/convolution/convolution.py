"""A language model of causal convolutions: an architecture that lives outside danlu, as a package of its own.

B batch, T positions, C width, K taps of a convolution, L layers.
"""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from danlu.core.settings import Settings, plain, setting
from danlu.models.architecture import Architecture
from danlu.models.heads import TiedHead
from danlu.models.layers.cache import DecodingState
from danlu.models.layers.embedding import TokenEmbedding
from danlu.models.layers.norm import RMSNorm
from danlu.models.layers.start import EMBEDDING_DEVIATION, fan_in_deviation, fill_normal
from danlu.models.model import Blueprint, Body, LanguageModel
from danlu.models.plan import ParameterCount


class ConvolutionSettings(Settings):
    """The shape of the network."""

    width: int = setting(128, "Width of the residual stream, 8 to 4096", "残差流的宽度，8 到 4096", ge=8, le=4096)
    depth: int = setting(4, "Number of layers, 1 to 64", "层数，1 到 64", ge=1, le=64)
    num_taps: int = setting(
        8, "Positions that one convolution sees, 2 to 64", "一次卷积看到的位置数，2 到 64", ge=2, le=64
    )
    context_length: int = setting(256, "Tokens of one window in training", "训练时一个窗口的词元数", ge=2)
    dropout: float = setting(0.0, "Share of elements dropped, 0 to 1", "丢弃比例，0 到 1", ge=0.0, lt=1.0)


@final
class RecentInputs(DecodingState):
    """The last K - 1 inputs of each layer: all that a convolution needs of the past."""

    def __init__(self, inputs: list[Tensor]) -> None:
        self.inputs = inputs
        self._length = 0

    @property
    def length(self) -> int:
        """Positions read so far."""
        return self._length

    @property
    def capacity(self) -> None:
        """No limit: what is too old is forgotten."""

    def clear(self) -> None:
        """Forgets every position."""
        self._length = 0
        for past_BKC in self.inputs:
            past_BKC.zero_()

    def advance(self, num_positions: int) -> None:
        """Counts `num_positions` more, after every layer has read them."""
        self._length += num_positions


@final
class Layer(nn.Module):
    """Norm, a convolution of each channel over the past, a gate, and the way back into the stream."""

    def __init__(self, *, width: int, num_taps: int, dropout: float) -> None:
        super().__init__()
        self.norm = RMSNorm(width)
        self.taps = nn.Parameter(torch.empty(width, num_taps))
        self.inner = nn.Parameter(torch.empty(2 * width, width))
        self.output = nn.Parameter(torch.empty(width, width))
        self.dropout = dropout

    def forward(self, x_BTC: Tensor, read_BTC: Tensor) -> Tensor:
        """The new stream; `read_BTC` are the normed inputs, K - 1 older positions in front."""
        windows_BTCK = read_BTC.unfold(1, self.taps.shape[1], 1)
        mixed_BTC = (windows_BTCK * self.taps).sum(-1)
        gate_BTC, value_BTC = functional.linear(mixed_BTC, self.inner).chunk(2, dim=-1)
        y_BTC = functional.linear(functional.silu(gate_BTC) * value_BTC, self.output)
        return x_BTC + functional.dropout(y_BTC, self.dropout, self.training)


@final
class Convolutions(Body):
    """Layers in a row and a final norm."""

    def __init__(self, layers: list[Layer], norm: RMSNorm) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.norm = norm

    def stack(self) -> list[Layer]:
        """The layers in order, as what they are."""
        return [layer for layer in self.layers.children() if isinstance(layer, Layer)]

    def forward(self, x_BTC: Tensor, state: DecodingState | None = None, lengths_B: Tensor | None = None) -> Tensor:
        """[B, T, C] to [B, T, C] after the final norm; padding stands behind a text, where no tap of it reaches."""
        del lengths_B
        recent = state if isinstance(state, RecentInputs) else self.start_state(x_BTC.shape[0], x_BTC.shape[1])
        for number, layer in enumerate(self.stack()):
            read_BTC = torch.cat([recent.inputs[number], layer.norm(x_BTC)], dim=1)
            recent.inputs[number] = read_BTC[:, x_BTC.shape[1] :]
            x_BTC = layer(x_BTC, read_BTC)
        recent.advance(x_BTC.shape[1])
        hidden_BTC: Tensor = self.norm(x_BTC)
        return hidden_BTC

    def start_state(self, batch_size: int, length: int) -> RecentInputs:
        """Zeros: before a text there is nothing."""
        width, num_taps = self.stack()[0].taps.shape
        zeros = self.norm.weight.new_zeros(batch_size, num_taps - 1, width)
        return RecentInputs([zeros.clone() for _ in self.stack()])


def assemble(settings: ConvolutionSettings, vocab_size: int) -> LanguageModel:
    """The network of `settings` with weights unset."""
    embed = TokenEmbedding(vocab_size=vocab_size, width=settings.width, dropout=settings.dropout)
    layers = [
        Layer(width=settings.width, num_taps=settings.num_taps, dropout=settings.dropout) for _ in range(settings.depth)
    ]
    return LanguageModel(
        embed=embed,
        body=Convolutions(layers, RMSNorm(settings.width)),
        head=TiedHead(embed),
        direction="left-to-right",
        context_length=settings.context_length,
        blueprint=Blueprint(architecture="convolution", settings=plain(settings), vocab_size=vocab_size),
    )


def build(settings: ConvolutionSettings, vocab_size: int, *, seed: int = 0) -> LanguageModel:
    """The network with initial weights, each from its own random stream."""
    model = assemble(settings, vocab_size)
    for name, weight in model.named_parameters():
        if weight.ndim == 1:
            nn.init.ones_(weight)
        elif name == "embed.weight":
            fill_normal(weight, EMBEDDING_DEVIATION, seed=seed, name=name)
        else:
            residual = settings.depth if name.endswith("output") else None
            fill_normal(weight, fan_in_deviation(weight, residual_depth=residual), seed=seed, name=name)
    return model


def count(settings: ConvolutionSettings, vocab_size: int) -> ParameterCount:
    """Parameters and arithmetic; equals the built model exactly."""
    width = settings.width
    matrices = settings.depth * (3 * width * width + settings.num_taps * width)
    return ParameterCount(
        total=vocab_size * width + matrices + (settings.depth + 1) * width,
        embedding=vocab_size * width,
        matrices=matrices,
        flops_per_token_forward=2.0 * (matrices + vocab_size * width),
        kept_per_token=settings.depth * (7 + settings.num_taps) * width + 3 * width,
    )


def sized(num_parameters: int, vocab_size: int, context: int) -> ConvolutionSettings:
    """Six layers, and the width that comes nearest to `num_parameters`."""
    shapes = [ConvolutionSettings(width=width, depth=6, context_length=context) for width in range(32, 4097, 32)]
    return min(shapes, key=lambda shape: abs(count(shape, vocab_size).total - num_parameters))


ARCHITECTURE = Architecture(
    name="convolution",
    settings=ConvolutionSettings,
    assemble=assemble,
    build=build,
    direction="left-to-right",
    default_objective="causal",
    sized=sized,
    count=count,
)
