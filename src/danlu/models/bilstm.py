"""The row `bilstm`: an LSTM that reads both ways and learns from hidden tokens (Graves & Schmidhuber 2005).

ELMo's parts (Peters et al. 2018, arXiv:1802.05365), trained with masks as BERT is, so that nothing leaks.
"""

import torch

from danlu.core.settings import plain
from danlu.models.architecture import Architecture
from danlu.models.encoder import HEAD_SHARE
from danlu.models.heads import FreeHead, TiedHead
from danlu.models.layers.bidirectional import BidirectionalStack
from danlu.models.layers.embedding import TokenEmbedding
from danlu.models.layers.recurrent import NUM_GATES
from danlu.models.model import Blueprint, LanguageModel
from danlu.models.plan import ParameterCount
from danlu.models.recurrence import KEPT_STATES, RecurrentSettings, fill
from danlu.models.sizing import nearest

GATES = NUM_GATES["lstm"]


def _assemble(settings: RecurrentSettings, vocab_size: int) -> LanguageModel:
    embed = TokenEmbedding(vocab_size=vocab_size, width=settings.width, dropout=settings.dropout)
    # torch's own cells draw weights when they are made; on the meta device that moves no random stream.
    with torch.device("meta"):
        body = BidirectionalStack(
            cell="lstm",
            width=settings.width,
            hidden_width=settings.hidden_width,
            depth=settings.depth,
            dropout=settings.dropout,
        )
    return LanguageModel(
        embed=embed,
        body=body.to_empty(device=embed.weight.device),
        head=TiedHead(embed) if settings.tied else FreeHead(vocab_size, settings.width),
        direction="bidirectional",
        context_length=settings.context_length,
        blueprint=Blueprint(architecture="bilstm", settings=plain(settings), vocab_size=vocab_size),
    )


def _build(settings: RecurrentSettings, vocab_size: int, *, seed: int = 0) -> LanguageModel:
    return fill(_assemble(settings, vocab_size), "lstm", settings.hidden_width, seed=seed)


def _count(settings: RecurrentSettings, vocab_size: int) -> ParameterCount:
    width, hidden, depth = settings.width, settings.hidden_width, settings.depth
    inputs = width + (depth - 1) * 2 * hidden
    cells = 2 * GATES * hidden * (inputs + depth * hidden)
    matrices = cells + (width * 2 * hidden if width != 2 * hidden else 0)
    embedding = vocab_size * width * (1 if settings.tied else 2)
    return ParameterCount(
        total=embedding + matrices + depth * 2 * 2 * GATES * hidden,
        embedding=embedding,
        matrices=matrices,
        flops_per_token_forward=2.0 * (matrices + HEAD_SHARE * vocab_size * width),
        kept_per_token=2 * inputs + 2 * depth * (KEPT_STATES["lstm"] + 1) * hidden + 2 * width,
    )


def _sized(num_parameters: int, vocab_size: int, context: int) -> RecurrentSettings:
    """Two layers up to 20M parameters, then three; both directions together as wide as the embedding."""
    depth = 1 if num_parameters < 300_000 else 2 if num_parameters < 20_000_000 else 3
    candidates = [
        RecurrentSettings(width=width, hidden_width=width // 2, depth=depth, context_length=context)
        for width in range(32, 16384 + 1, 32)
        if width * vocab_size <= 2 * num_parameters or width == 32
    ]
    return nearest(candidates, lambda shape: _count(shape, vocab_size).total, num_parameters)


ARCHITECTURE = Architecture(
    name="bilstm",
    settings=RecurrentSettings,
    assemble=_assemble,
    build=_build,
    direction="bidirectional",
    default_objective="masked",
    sized=_sized,
    count=_count,
)
