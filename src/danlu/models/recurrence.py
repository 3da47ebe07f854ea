"""What the recurrent rows share: settings, builder, size dial and count, for one cell."""

from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from danlu.core.settings import Settings, plain, setting
from danlu.models.architecture import Architecture
from danlu.models.heads import FreeHead, TiedHead
from danlu.models.layers.embedding import TokenEmbedding
from danlu.models.layers.recurrent import NUM_GATES, Cell, RecurrentStack
from danlu.models.layers.start import fan_in_deviation, fill_normal, fill_orthogonal
from danlu.models.model import Blueprint, LanguageModel
from danlu.models.plan import ParameterCount

# AWD-LSTM draws embeddings from -0.1 to 0.1 (Merity et al. 2017, arXiv:1708.02182, section 5): this deviation.
EMBEDDING_DEVIATION = 0.1 / 3**0.5

# Hidden widths that torch keeps for each layer and position (measured; oneDNN's LSTM keeps a work space).
KEPT_STATES: dict[Cell, int] = {"rnn": 2, "gru": 5, "lstm": 16}


class RecurrentSettings(Settings):
    """The shape of a recurrent language model. `sized` picks all of it from one number."""

    width: int = setting(256, "Width of the embedding, 8 to 16384", "嵌入宽度，8 到 16384", ge=8, le=16384)
    hidden_width: int = setting(
        256,
        "Width of the hidden state (of one direction), 8 to 16384",
        "（单个方向的）隐状态宽度，8 到 16384",
        ge=8,
        le=16384,
    )
    depth: int = setting(2, "Number of layers, 1 to 32", "层数，1 到 32", ge=1, le=32)
    context_length: int = setting(256, "Tokens of one window in training", "训练时一个窗口的词元数", ge=2)
    dropout: float = setting(
        0.0,
        "Share of elements dropped after embedding and layers, 0 to 1",
        "嵌入与各层之后的丢弃比例，0 到 1",
        ge=0.0,
        lt=1.0,
    )
    tied: bool = setting(True, "Whether the head shares the embedding's matrix", "输出头是否与嵌入共享矩阵")


def recurrent_architecture(cell: Cell) -> Architecture:
    """The row of ARCHITECTURES for `cell`."""
    return Architecture(
        name=cell,
        settings=RecurrentSettings,
        assemble=partial(_assemble, cell),
        build=partial(_build, cell),
        direction="left-to-right",
        default_objective="causal",
        sized=partial(_sized, cell),
        count=partial(_count, cell),
    )


def _assemble(cell: Cell, settings: RecurrentSettings, vocab_size: int) -> LanguageModel:
    embed = TokenEmbedding(vocab_size=vocab_size, width=settings.width, dropout=settings.dropout)
    # torch's own cells draw weights when they are made; on the meta device that moves no random stream.
    with torch.device("meta"):
        body = RecurrentStack(
            cell=cell,
            width=settings.width,
            hidden_width=settings.hidden_width,
            depth=settings.depth,
            dropout=settings.dropout,
        )
    return LanguageModel(
        embed=embed,
        body=body.to_empty(device=embed.weight.device),
        head=TiedHead(embed) if settings.tied else FreeHead(vocab_size, settings.width),
        direction="left-to-right",
        context_length=settings.context_length,
        blueprint=Blueprint(architecture=cell, settings=plain(settings), vocab_size=vocab_size),
    )


def _build(cell: Cell, settings: RecurrentSettings, vocab_size: int, *, seed: int = 0) -> LanguageModel:
    return fill(_assemble(cell, settings, vocab_size), cell, settings.hidden_width, seed=seed)


def fill(model: LanguageModel, cell: Cell, hidden_width: int, *, seed: int) -> LanguageModel:
    """Initial weights, a pure function of `seed`.

    Input matrices by fan in; recurrent ones orthogonal (Saxe et al. 2014, arXiv:1312.6120); an LSTM's forget gates
    start open, bias one (Jozefowicz et al. 2015, Proc. ICML 37, section 2.2).
    """
    for name, weight in model.named_parameters():
        kind = name.rpartition(".")[2]
        if weight.ndim == 1:
            nn.init.zeros_(weight)
            if cell == "lstm" and kind == "bias_ih_l0":
                nn.init.ones_(weight.detach()[hidden_width : 2 * hidden_width])
        elif name in ("embed.weight", "head.matrix"):
            fill_normal(weight, EMBEDDING_DEVIATION, seed=seed, name=name)
        elif kind == "weight_hh_l0":
            fill_orthogonal(cast(Tensor, weight), NUM_GATES[cell], seed=seed, name=name)
        else:
            fill_normal(weight, fan_in_deviation(weight), seed=seed, name=name)
    return model


def _count(cell: Cell, settings: RecurrentSettings, vocab_size: int) -> ParameterCount:
    width, hidden, gates = settings.width, settings.hidden_width, NUM_GATES[cell]
    inputs = width + (settings.depth - 1) * hidden
    matrices = gates * hidden * (inputs + settings.depth * hidden) + (width * hidden if width != hidden else 0)
    embedding = vocab_size * width * (1 if settings.tied else 2)
    return ParameterCount(
        total=embedding + matrices + settings.depth * 2 * gates * hidden,
        embedding=embedding,
        matrices=matrices,
        flops_per_token_forward=2.0 * (matrices + vocab_size * width),
        kept_per_token=inputs + settings.depth * KEPT_STATES[cell] * hidden + 2 * width,
    )


def _sized(cell: Cell, num_parameters: int, vocab_size: int, context: int) -> RecurrentSettings:
    """Two layers up to 20M parameters, then three; the embedding as wide as the state."""
    depth = 1 if num_parameters < 300_000 else 2 if num_parameters < 20_000_000 else 3
    candidates = [
        RecurrentSettings(width=width, hidden_width=width, depth=depth, context_length=context)
        for width in range(32, 16384 + 1, 32)
        if width * vocab_size <= 2 * num_parameters or width == 32
    ]
    return min(candidates, key=lambda s: abs(_count(cell, s, vocab_size).total - num_parameters))
