"""Graphs of transformers for export: the same layers and weights, with a memory that comes in and goes out.

Inputs and outputs carry the names of the field (transformers and optimum), so that programs which run its graphs find them.

B batch, T new positions, P remembered positions, S = P + T seen or read positions, L layers, C width, V vocabulary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast, final

import torch
from torch import Tensor, nn

from danlu.exporting.onnx_attention import GraphAttentions, GraphMixing, KeyValues, View
from danlu.models.heads import MissingHead
from danlu.models.layers.attention import SelfAttention
from danlu.models.layers.block import Block
from danlu.models.layers.cross_attention import CrossKeys, Source
from danlu.models.layers.decoder_block import DecoderBlock
from danlu.models.layers.embedding import SegmentEmbedding
from danlu.models.layers.pair_embedding import PairEmbedding
from danlu.models.model import LanguageModel

IDS, MASK, SEGMENTS = "input_ids", "attention_mask", "token_type_ids"
LOGITS, HIDDEN = "logits", "last_hidden_state"
BATCH, LENGTH, PAST, SEEN, READ = "batch", "length", "past_length", "seen_length", "read_length"


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One file: the module that is traced, an example of each input by name, the names of sizes that vary, outputs.

    `axes` has a name for each axis of an input or output that varies; equal names are equal sizes. `memory` says which
    output of a pass is which input of the next.
    """

    file: str
    module: nn.Module
    inputs: Mapping[str, Tensor]
    axes: Mapping[str, Mapping[int, str]]
    outputs: tuple[str, ...]
    memory: Mapping[str, str] = field(default_factory=dict)

    def sizes(self, name: str) -> list[int | str]:
        """The shape of an input, with names for the sizes that vary."""
        varying = self.axes.get(name, {})
        return [varying.get(axis, size) for axis, size in enumerate(self.inputs[name].shape)]


@final
class WriterGraph(nn.Module):
    """A transformer that reads left to right: scores of the new positions, and all keys and values so far."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        self.model, self.attentions = model, GraphAttentions(_attentions(model), model.context_length)

    def forward(self, ids_BT: Tensor, real_BS: Tensor, *past: Tensor) -> tuple[Tensor, ...]:
        """Logits [B, T, V], then keys and values [B, K, S, D] of each layer."""
        view = View(real_BS=real_BS > 0, num_new=ids_BT.shape[1])
        x_BTC = self.model.embed.at(ids_BT, view.places_BT)
        with self.attentions.seeing(view, _pairs(past)) as mixings:
            hidden_BTC = self.model.body(x_BTC)
        return self.model.logits(hidden_BTC), *_presents(mixings)


@final
class ReaderGraph(nn.Module):
    """A transformer that reads both ways: scores of every position (where it has a head) and their vectors."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        self.model, self.attentions = model, GraphAttentions(_attentions(model), model.context_length)

    def forward(self, ids_BT: Tensor, real_BT: Tensor, segments_BT: Tensor | None = None) -> tuple[Tensor, ...]:
        """Logits [B, T, V] and the vectors [B, T, C] before the head."""
        view = View(real_BS=real_BT > 0, num_new=ids_BT.shape[1])
        x_BTC = self.model.embed.at(ids_BT, _counted(ids_BT), segments_BT)
        with self.attentions.seeing(view):
            hidden_BTC = self.model.body(x_BTC)
        return (
            (hidden_BTC,) if isinstance(self.model.head, MissingHead) else (self.model.logits(hidden_BTC), hidden_BTC)
        )


@final
class SourceGraph(nn.Module):
    """The encoder of an encoder-decoder: its vectors, and the keys and values that each layer of the decoder looks at."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        self.model = model
        blocks = cast(nn.ModuleList, cast(nn.Module, model.body.encoder).blocks)
        parts = [block.attention for block in blocks if isinstance(block, Block)]
        self.attentions = GraphAttentions(parts, model.context_length)

    def forward(self, ids_BS: Tensor, real_BS: Tensor) -> tuple[Tensor, ...]:
        """Vectors [B, S, C], then keys and values [B, H, S, D] of each layer of the decoder."""
        embed, encoder = self.model.embed, cast(nn.Module, self.model.body.encoder)
        assert isinstance(embed, PairEmbedding)
        view = View(real_BS=real_BS > 0, num_new=ids_BS.shape[1])
        x_BSC = embed.source_at(ids_BS, _counted(ids_BS))
        with self.attentions.seeing(view):
            source = Source(hidden_BSC=encoder(x_BSC))
        keys = [block.cross.keys(source) for block in decoder_blocks(self.model)]
        return source.hidden_BSC, *(x for found in keys for x in (found.k_BHSD, found.v_BHSD))


@final
class TargetGraph(nn.Module):
    """The decoder of an encoder-decoder: scores of the new positions, and all of its own keys and values so far."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        self.model = model
        self.attentions = GraphAttentions([block.attention for block in decoder_blocks(model)], model.context_length)

    def forward(self, ids_BT: Tensor, read_BS: Tensor, *past: Tensor) -> tuple[Tensor, ...]:
        """Logits [B, T, V], then keys and values [B, H, P + T, D] of each layer.

        `past`: keys and values [B, H, P, D] of what was written, layer by layer, then those of what was read.
        """
        blocks = decoder_blocks(self.model)
        own, crossed = _pairs(past[: 2 * len(blocks)]), _pairs(past[2 * len(blocks) :])
        num_seen = past[0].shape[2] + ids_BT.shape[1]
        view = View(real_BS=torch.ones(ids_BT.shape[0], num_seen, dtype=torch.bool), num_new=ids_BT.shape[1])
        x_BTC = self.model.embed.at(ids_BT, view.places_BT)
        seen_B1S = (read_BS > 0)[:, None]
        with self.attentions.seeing(view, own) as mixings:
            for layer, (block, keys) in enumerate(zip(blocks, crossed, strict=True)):
                x_BTC = block(x_BTC, layer, None, CrossKeys(k_BHSD=keys.k_BKPD, v_BHSD=keys.v_BKPD, seen_B1S=seen_B1S))
        hidden_BTC = cast(nn.Module, self.model.body.norm)(x_BTC)
        return self.model.logits(hidden_BTC), *_presents(mixings)


def writer_graph(model: LanguageModel) -> Graph:
    """The graph of a transformer that reads left to right."""
    names = _names("past_key_values", len(_attentions(model)))
    presents = _names("present", len(_attentions(model)))
    first = _attentions(model)[0]
    past = torch.zeros(2, first.num_key_heads, 4, first.head_width)
    inputs = {IDS: torch.zeros(2, 3, dtype=torch.long), MASK: torch.ones(2, 7, dtype=torch.long)}
    axes = {IDS: {0: BATCH, 1: LENGTH}, MASK: {0: BATCH, 1: SEEN}, LOGITS: {0: BATCH, 1: LENGTH}}
    return Graph(
        file="model.onnx",
        module=WriterGraph(model),
        inputs=inputs | {name: past.clone() for name in names},
        axes=axes | {name: {0: BATCH, 2: PAST} for name in names} | {name: {0: BATCH, 2: SEEN} for name in presents},
        outputs=(LOGITS, *presents),
        memory=dict(zip(presents, names, strict=True)),
    )


def reader_graph(model: LanguageModel) -> Graph:
    """The graph of a transformer that reads both ways."""
    example = torch.zeros(2, 3, dtype=torch.long)
    names = [IDS, MASK]
    if isinstance(model.embed, SegmentEmbedding) and model.embed.segments.shape[0] > 1:
        names.append(SEGMENTS)
    outputs = (HIDDEN,) if isinstance(model.head, MissingHead) else (LOGITS, HIDDEN)
    return Graph(
        file="model.onnx",
        module=ReaderGraph(model),
        inputs={name: example + (name == MASK) for name in names},
        axes={name: {0: BATCH, 1: LENGTH} for name in (*names, *outputs)},
        outputs=outputs,
    )


def source_graph(model: LanguageModel) -> Graph:
    """The graph of the encoder of an encoder-decoder."""
    names = _names("present", len(decoder_blocks(model)), ".encoder")
    example = torch.zeros(2, 3, dtype=torch.long)
    return Graph(
        file="encoder_model.onnx",
        module=SourceGraph(model),
        inputs={IDS: example, MASK: example + 1},
        axes={name: {0: BATCH, 1: READ} for name in (IDS, MASK, HIDDEN)}
        | {name: {0: BATCH, 2: READ} for name in names},
        outputs=(HIDDEN, *names),
        memory=dict(zip(names, _names("past_key_values", len(decoder_blocks(model)), ".encoder"), strict=True)),
    )


def target_graph(model: LanguageModel) -> Graph:
    """The graph of the decoder of an encoder-decoder."""
    blocks = decoder_blocks(model)
    own = _names("past_key_values", len(blocks), ".decoder")
    crossed = _names("past_key_values", len(blocks), ".encoder")
    presents = _names("present", len(blocks), ".decoder")
    part = blocks[0].attention
    inputs = {IDS: torch.zeros(2, 3, dtype=torch.long), "encoder_attention_mask": torch.ones(2, 5, dtype=torch.long)}
    inputs |= {name: torch.zeros(2, part.num_key_heads, 4, part.head_width) for name in own}
    inputs |= {name: torch.zeros(2, part.num_key_heads, 5, part.head_width) for name in crossed}
    axes = {IDS: {0: BATCH, 1: LENGTH}, "encoder_attention_mask": {0: BATCH, 1: READ}, LOGITS: {0: BATCH, 1: LENGTH}}
    axes |= {name: {0: BATCH, 2: PAST} for name in own} | {name: {0: BATCH, 2: READ} for name in crossed}
    return Graph(
        file="decoder_model.onnx",
        module=TargetGraph(model),
        inputs=inputs,
        axes=axes | {name: {0: BATCH, 2: SEEN} for name in presents},
        outputs=(LOGITS, *presents),
        memory=dict(zip(presents, own, strict=True)),
    )


def decoder_blocks(model: LanguageModel) -> list[DecoderBlock]:
    """The layers of an encoder-decoder that write."""
    return [block for block in cast(nn.ModuleList, model.body.blocks) if isinstance(block, DecoderBlock)]


def _attentions(model: LanguageModel) -> list[SelfAttention]:
    return [block.attention for block in cast(nn.ModuleList, model.body.blocks) if isinstance(block, Block)]


def _counted(ids_BT: Tensor) -> Tensor:
    """Positions from 0 on, the same for each text: what reads both ways is padded at its end."""
    return torch.arange(ids_BT.shape[1])[None].expand(ids_BT.shape)


def _names(start: str, num_layers: int, side: str = "") -> list[str]:
    return [f"{start}.{layer}{side}.{kind}" for layer in range(num_layers) for kind in ("key", "value")]


def _pairs(tensors: Sequence[Tensor]) -> list[KeyValues]:
    return [KeyValues(k_BKPD=k, v_BKPD=v) for k, v in zip(tensors[::2], tensors[1::2], strict=True)]


def _presents(mixings: Sequence[GraphMixing]) -> list[Tensor]:
    kept = [mixing.present for mixing in mixings if mixing.present is not None]
    return [x for present in kept for x in (present.k_BKPD, present.v_BKPD)]
