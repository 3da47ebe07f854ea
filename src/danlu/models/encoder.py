"""What encoders share: they read both ways, learn from hidden tokens, and have no memory for decoding."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from torch import nn

from danlu.core.settings import Settings, setting
from danlu.models.layers.start import EMBEDDING_DEVIATION, fan_in_deviation, fill_normal
from danlu.models.model import LanguageModel
from danlu.models.plan import ParameterCount
from danlu.models.sizing import depth_for, head_width_for, nearest, widths_for

HEAD_SHARE = 0.3
"""Share of positions on which the head works in training: those that the masked objective hides."""


class EncoderSettings(Settings):
    """The shape of an encoder. `sized` picks all of it from one number."""

    width: int = setting(256, "Width of the stream, 8 to 16384", "数据流的宽度，8 到 16384", ge=8, le=16384)
    depth: int = setting(6, "Number of layers, 1 to 256", "层数，1 到 256", ge=1, le=256)
    num_heads: int = setting(4, "Heads in each layer; divides width", "每层的头数；须整除 width", ge=1)
    inner_width: int = setting(1024, "Inner width of the feed-forward part", "前馈部分的内部宽度", ge=8)
    context_length: int = setting(256, "Tokens of one window", "一个窗口的词元数", ge=2)
    epsilon: float = setting(1e-12, "Added to the variance in norms", "归一化中加到方差上的小量", gt=0.0, lt=0.1)
    dropout: float = setting(
        0.0,
        "Share of elements dropped from embedding and residual branches, 0 to 1",
        "嵌入与残差分支的丢弃比例，0 到 1",
        ge=0.0,
        lt=1.0,
    )

    def model_post_init(self, context: object, /) -> None:
        """Heads of equal width."""
        del context
        if self.width % self.num_heads:
            raise ValueError(f"num_heads ({self.num_heads}) must divide width ({self.width})")


S = TypeVar("S", bound=EncoderSettings)


def fill(model: LanguageModel, depth: int, *, seed: int) -> LanguageModel:
    """Initial weights, a pure function of `seed` (see layers/start.py)."""
    for name, weight in model.named_parameters():
        if weight.ndim == 1:
            (nn.init.zeros_ if name.endswith("bias") else nn.init.ones_)(weight)
        elif name.startswith("embed."):
            fill_normal(weight, EMBEDDING_DEVIATION, seed=seed, name=name)
        else:
            residual = depth if name.endswith((".output", ".down")) else None
            fill_normal(weight, fan_in_deviation(weight, residual_depth=residual), seed=seed, name=name)
    return model


def counted(
    settings: EncoderSettings, vocab_size: int, *, embedding: int, layer: int, vectors: int, kept: int
) -> ParameterCount:
    """Parameters and arithmetic: `layer` are those of a layer's matrices, `vectors` all gains and biases."""
    width, body = settings.width, settings.depth * layer
    # Every row sees all keys: two products of [T, D] with [D, T] for each head.
    attention = 4.0 * settings.depth * width * settings.context_length
    head = width * width + vocab_size * width
    return ParameterCount(
        total=embedding + body + width * width + vectors,
        embedding=embedding,
        matrices=body + width * width,
        flops_per_token_forward=2.0 * (body + HEAD_SHARE * head) + attention,
        kept_per_token=settings.depth * kept + 4 * width,
    )


def shapes(kind: type[S], num_parameters: int, vocab_size: int, context: int, inner_shares: Iterable[float]) -> list[S]:
    """Settings of the depth that fits `num_parameters`, for all widths in steps of a head."""
    head = head_width_for(num_parameters)
    depth = 1 if head * vocab_size > 2 * num_parameters else depth_for(num_parameters)
    return [
        kind(width=width, depth=depth, num_heads=width // head, inner_width=inner, context_length=context)
        for width in widths_for(num_parameters, vocab_size)
        for inner in sorted({max(32, 32 * round(width * share / 32)) for share in inner_shares})
    ]


def sized(candidates: list[S], count: Callable[[S, int], ParameterCount], num_parameters: int, vocab_size: int) -> S:
    """The one of `candidates` whose total is nearest to `num_parameters`."""
    return nearest(candidates, lambda shape: count(shape, vocab_size).total, num_parameters)
