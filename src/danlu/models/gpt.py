"""The default GPT, exactly `Qwen3ForCausalLM`: pre-norm, rotary positions, normed queries and keys, gated MLP, tied head.

B batch, T positions, C width.
"""

from typing import Self, final

import torch
from pydantic import model_validator
from torch import Tensor, nn
from torch.nn import functional

from danlu.core.settings import Settings, plain, setting
from danlu.models.architecture import Architecture
from danlu.models.heads import FreeHead, TiedHead
from danlu.models.layers.attention import Attention
from danlu.models.layers.cache import DecodingState, KeyValueCache, empty_cache
from danlu.models.layers.embedding import TokenEmbedding
from danlu.models.layers.feedforward import GatedFeedForward
from danlu.models.layers.norm import RMSNorm
from danlu.models.layers.position import Heads, row_tables
from danlu.models.layers.start import EMBEDDING_DEVIATION, fan_in_deviation, fill_normal
from danlu.models.model import Blueprint, Body, LanguageModel
from danlu.models.plan import ParameterCount
from danlu.models.qwen3 import LAYOUT


class GPTSettings(Settings):
    """The shape of a GPT. `sized` picks all of it from one number."""

    width: int = setting(256, "Width of the residual stream, 8 to 16384", "残差流的宽度，8 到 16384", ge=8, le=16384)
    depth: int = setting(6, "Number of layers, 1 to 256", "层数，1 到 256", ge=1, le=256)
    num_heads: int = setting(4, "Query heads in each layer", "每层的查询头数", ge=1)
    num_key_heads: int = setting(
        4, "Key and value heads in each layer; divides num_heads", "每层的键值头数；须整除 num_heads", ge=1
    )
    head_width: int = setting(
        64, "Width of one head, even, 8 to 256", "每个头的宽度，偶数，8 到 256", ge=8, le=256, multiple_of=2
    )
    inner_width: int = setting(704, "Inner width of the feed-forward part", "前馈部分的内部宽度", ge=8)
    context_length: int = setting(256, "Tokens of one window", "一个窗口的词元数", ge=2)
    rotary_base: float = setting(10000.0, "Base of the rotary angles, above 1", "旋转位置的底数，大于 1", gt=1.0)
    epsilon: float = setting(1e-6, "Added to the mean square in norms", "归一化中加到均方上的小量", gt=0.0, lt=0.1)
    dropout: float = setting(
        0.0,
        "Share of elements dropped from embedding and residual branches, 0 to 1",
        "嵌入与残差分支的丢弃比例，0 到 1",
        ge=0.0,
        lt=1.0,
    )
    tied: bool = setting(True, "Whether the head shares the embedding's matrix", "输出头是否与嵌入共享矩阵")

    @model_validator(mode="after")
    def _groups_are_equal(self) -> Self:
        if self.num_heads % self.num_key_heads:
            raise ValueError(f"num_key_heads ({self.num_key_heads}) must divide num_heads ({self.num_heads})")
        return self


@final
class Block(nn.Module):
    """One layer: attention and feed-forward, each normed before and added to the stream."""

    def __init__(
        self, *, attention: Attention, feedforward: GatedFeedForward, norms: list[RMSNorm], dropout: float
    ) -> None:
        super().__init__()
        self.attention, self.feedforward = attention, feedforward
        self.attention_norm, self.feedforward_norm = norms
        self.dropout = dropout

    def forward(self, x_BTC: Tensor, layer: int, cache: KeyValueCache | None) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        start = cache.length if cache else 0
        heads = self.enter(x_BTC, self.attention.tables(start, start + x_BTC.shape[1], x_BTC.device))
        return self.leave(x_BTC, self.attention.attend(heads, layer, cache))

    def enter(self, x_BTC: Tensor, tables_2TE: Tensor) -> Heads:
        """What comes before positions meet."""
        return self.attention.heads(x_BTC, self.attention_norm, tables_2TE)

    def leave(self, x_BTC: Tensor, mixed_BTO: Tensor) -> Tensor:
        """What comes after: the way back into the stream, and the feed-forward part."""
        x_BTC = x_BTC + self._drop(self.attention.project(mixed_BTO))
        return x_BTC + self._drop(self.feedforward(x_BTC, self.feedforward_norm))

    def _drop(self, x_BTC: Tensor) -> Tensor:
        # Not inside attention: there it leaves torch's fused kernel, and the layer takes 2.7 times as long on a CPU.
        return functional.dropout(x_BTC, self.dropout, self.training) if self.dropout else x_BTC


@final
class CompiledBlock:
    """The two halves of a block, compiled, around attention as it is: for training on the CPU.

    Rows go through them without regard to windows, so one compilation serves every length of window and every layer.
    """

    def __init__(self) -> None:
        self.enter = torch.compile(Block.enter, dynamic=False)
        self.leave = torch.compile(Block.leave, dynamic=False)
        self._num_rows: int | None = None

    def serves(self, x_BTC: Tensor) -> bool:
        """Whether a batch is of the size that was compiled: that of the first one. Another would be compiled anew."""
        num_rows = x_BTC.shape[0] * x_BTC.shape[1]
        self._num_rows = self._num_rows or num_rows
        return torch.is_grad_enabled() and num_rows == self._num_rows

    def __call__(self, block: nn.Module, x_BTC: Tensor, layer: int) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        assert isinstance(block, Block)
        batch, length, width = x_BTC.shape
        part = block.attention
        rows_1NC = x_BTC.reshape(1, batch * length, width)
        tables_2NE = row_tables(batch, length, part.head_width, part.rotary_base, x_BTC.device)
        flat = self.enter(block, rows_1NC, tables_2NE)
        heads = Heads(
            q_BTHD=flat.q_BTHD.view(batch, length, *flat.q_BTHD.shape[2:]),
            k_BTKD=flat.k_BTKD.view(batch, length, *flat.k_BTKD.shape[2:]),
            v_BTKD=flat.v_BTKD.view(batch, length, *flat.v_BTKD.shape[2:]),
        )
        mixed_1NO = part.attend(heads, layer, None).view(1, batch * length, -1)
        left: Tensor = self.leave(block, rows_1NC, mixed_1NO)
        return left.view_as(x_BTC)


@final
class Decoder(Body):
    """Blocks in a row and a final norm."""

    def __init__(self, blocks: list[Block], norm: RMSNorm) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.norm = norm
        self._compiled: CompiledBlock | None = None

    def forward(self, x_BTC: Tensor, state: DecodingState | None = None) -> Tensor:
        """[B, T, C] to [B, T, C] after the final norm."""
        assert state is None or isinstance(state, KeyValueCache)
        compiled = self._compiled
        if compiled is not None and (state is not None or not compiled.serves(x_BTC)):
            compiled = None
        for layer, block in enumerate(self.blocks):
            x_BTC = block(x_BTC, layer, state) if compiled is None else compiled(block, x_BTC, layer)
        if state is not None:
            state.advance(x_BTC.shape[1])
        normed_BTC: Tensor = self.norm(x_BTC)
        return normed_BTC

    def compile_for_training(self) -> bool:
        """From now on, passes with gradients run compiled blocks."""
        self._compiled = CompiledBlock()
        return True

    def run_plain(self) -> None:
        """Takes `compile_for_training` back."""
        self._compiled = None

    def start_state(self, batch_size: int, length: int) -> KeyValueCache:
        """Room for the keys and values of `length` positions."""
        attention = self.blocks[0].attention
        assert isinstance(attention, Attention)
        return empty_cache(
            attention.key,
            num_layers=len(self.blocks),
            batch_size=batch_size,
            num_heads=attention.num_key_heads,
            length=length,
            head_width=attention.head_width,
        )


def assemble(settings: GPTSettings, vocab_size: int) -> LanguageModel:
    """The network of `settings` with weights unset."""
    embed = TokenEmbedding(vocab_size=vocab_size, width=settings.width, dropout=settings.dropout)
    body = Decoder([_block(settings) for _ in range(settings.depth)], _norm(settings))
    return LanguageModel(
        embed=embed,
        body=body,
        head=TiedHead(embed) if settings.tied else FreeHead(vocab_size, settings.width),
        direction="left-to-right",
        context_length=settings.context_length,
        blueprint=Blueprint(architecture="gpt", settings=plain(settings), vocab_size=vocab_size),
    )


def build(settings: GPTSettings, vocab_size: int, *, seed: int = 0) -> LanguageModel:
    """The network of `settings` with initial weights, a pure function of `seed` (see layers/start.py)."""
    model = assemble(settings, vocab_size)
    for name, weight in model.named_parameters():
        if weight.ndim == 1:
            nn.init.ones_(weight)
        elif name in ("embed.weight", "head.matrix"):
            fill_normal(weight, EMBEDDING_DEVIATION, seed=seed, name=name)
        else:
            residual = settings.depth if name.endswith((".output", ".down")) else None
            fill_normal(weight, fan_in_deviation(weight, residual_depth=residual), seed=seed, name=name)
    return model


def count(settings: GPTSettings, vocab_size: int) -> ParameterCount:
    """Parameters and arithmetic of the model that `build` makes."""
    queries = settings.num_heads * settings.head_width
    keys = settings.num_key_heads * settings.head_width
    layer = settings.width * (2 * queries + 2 * keys + 3 * settings.inner_width)
    gains = settings.depth * (2 * settings.width + 2 * settings.head_width) + settings.width
    embedding = vocab_size * settings.width * (1 if settings.tied else 2)
    matrices = settings.depth * layer
    # Scores and mixing: two products of [T, D] with [D, T] for each head; a causal window uses half of them.
    attention = 2.0 * settings.depth * queries * (settings.context_length + 1)
    # Two normed inputs, the joined products, turned queries and keys, mixed values; gate, up and their product.
    kept = 2 * settings.width + 3 * queries + 3 * keys + 3 * settings.inner_width
    return ParameterCount(
        total=embedding + matrices + gains,
        embedding=embedding,
        matrices=matrices,
        flops_per_token_forward=2.0 * (matrices + vocab_size * settings.width) + attention,
        kept_per_token=settings.depth * kept + 3 * settings.width,
    )


def sized(num_parameters: int, vocab_size: int, context: int) -> GPTSettings:
    """Settings whose total is as near to `num_parameters` as widths in steps of a head allow.

    Depth grows slowly (2 below 0.5M, 4 at 3M, 6 at 10M, 12 at 100M, 24 at 1B): the loss depends weakly on the
    shape (Kaplan et al. 2020, arXiv:2001.08361, figure 5), and wide matrices run nearer to the machine's peak.
    """
    head_width = 32 if num_parameters < 1_200_000 else 64
    depth = next((d for most, d in DEPTHS if num_parameters <= most), 24)
    candidates = [
        _shape(width, depth, head_width, inner, context)
        for width in range(head_width, 4096 + 1, head_width)
        for inner in _inner_widths(width)
        if width * vocab_size <= 2 * num_parameters
    ] or [_shape(head_width, 1, head_width, head_width * 2, context)]
    return min(candidates, key=lambda s: abs(count(s, vocab_size).total - num_parameters))


DEPTHS = (
    (500_000, 2),
    (1_000_000, 3),
    (4_000_000, 4),
    (8_000_000, 5),
    (15_000_000, 6),
    (30_000_000, 8),
    (80_000_000, 10),
    (200_000_000, 12),
    (500_000_000, 16),
)


def _inner_widths(width: int) -> list[int]:
    """Multiples of 32 around 8/3 of the width, the ratio at which three matrices cost as much as two of 4 (Shazeer 2020)."""
    middle = round(width * 8 / 3 / 32)
    spread = max(1, middle // 8)
    return [32 * step for step in range(max(1, middle - spread), middle + spread + 1)]


def _shape(width: int, depth: int, head_width: int, inner: int, context: int) -> GPTSettings:
    heads = width // head_width
    return GPTSettings(
        width=width,
        depth=depth,
        num_heads=heads,
        num_key_heads=heads,
        head_width=head_width,
        inner_width=inner,
        context_length=context,
    )


def _norm(settings: GPTSettings) -> RMSNorm:
    return RMSNorm(settings.width, epsilon=settings.epsilon)


def _block(settings: GPTSettings) -> Block:
    attention = Attention(
        width=settings.width,
        num_heads=settings.num_heads,
        num_key_heads=settings.num_key_heads,
        head_width=settings.head_width,
        rotary_base=settings.rotary_base,
        epsilon=settings.epsilon,
    )
    return Block(
        attention=attention,
        feedforward=GatedFeedForward(width=settings.width, inner_width=settings.inner_width),
        norms=[_norm(settings), _norm(settings)],
        dropout=settings.dropout,
    )


ARCHITECTURE = Architecture(
    name="gpt",
    settings=GPTSettings,
    assemble=assemble,
    build=build,
    direction="left-to-right",
    default_objective="causal",
    sized=sized,
    count=count,
    layout=LAYOUT,
    compiles=True,
)
