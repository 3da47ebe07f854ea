"""Graphs of recurrent networks for export: their cells are the operators RNN, GRU and LSTM of ONNX.

B batch, T positions, C width of the embedding, H width of the hidden state, L layers, S states of a cell (LSTM: two),
G gates of a cell, N directions, V vocabulary.
"""

from collections.abc import Sequence
from typing import cast, final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.onnx import ops

from danlu.exporting.onnx_graphs import BATCH, HIDDEN, IDS, LENGTH, LOGITS, MASK, Graph
from danlu.models.heads import MissingHead
from danlu.models.layers.bidirectional import BidirectionalStack
from danlu.models.layers.recurrent import NUM_STATES, Cell, RecurrentStack
from danlu.models.model import LanguageModel

PAST_STATE, PRESENT_STATE = "past_state", "present_state"
# The order of gates: torch has i f g o and r z n, ONNX has i o f c and z r h (onnx.ai/onnx/operators, LSTM and GRU).
GATES: dict[Cell, tuple[int, ...]] = {"rnn": (0,), "gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}
_CELLS: dict[type[nn.RNNBase], Cell] = {nn.RNN: "rnn", nn.GRU: "gru", nn.LSTM: "lstm"}


@final
class GraphCell(nn.Module):
    """One layer, in one direction or in both: an operator of ONNX with weights in the order that it asks for."""

    def __init__(self, directions: Sequence[nn.RNNBase]) -> None:
        super().__init__()
        self.cell, self.width = _CELLS[type(directions[0])], directions[0].hidden_size
        kinds = {"inputs": "weight_ih_l0", "states": "weight_hh_l0"}
        for name, kind in kinds.items():
            found = [_ordered(cast(Tensor, getattr(layer, kind)), self.cell) for layer in directions]
            self.register_buffer(name, torch.stack(found))
        biases = [
            torch.cat(
                [_ordered(cast(Tensor, getattr(layer, name)), self.cell) for name in ("bias_ih_l0", "bias_hh_l0")]
            )
            for layer in directions
        ]
        self.register_buffer("bias", torch.stack(biases))

    def forward(self, x_TBC: Tensor, before: Sequence[Tensor], lengths_B: Tensor | None = None) -> tuple[Tensor, ...]:
        """[T, B, N * H], then the states after it, each [N, B, H]; `before`: those before it (none: zeros)."""
        length, batch = x_TBC.shape[:2]
        num_directions = cast(Tensor, self.inputs).shape[0]
        attributes: dict[str, int | str] = {"hidden_size": self.width}
        attributes |= {"direction": "bidirectional"} if num_directions == 2 else {}
        attributes |= {"linear_before_reset": 1} if self.cell == "gru" else {}
        num_states = NUM_STATES[self.cell]
        found = ops.symbolic_multi_out(
            self.cell.upper(),
            (x_TBC, self.inputs, self.states, self.bias, lengths_B, *before),
            attributes,
            dtypes=[torch.float32] * (1 + num_states),
            shapes=[(length, num_directions, batch, self.width)] + [(num_directions, batch, self.width)] * num_states,
            version=14,
        )
        return found[0].transpose(1, 2).flatten(2), *found[1:]


@final
class RecurrentGraph(nn.Module):
    """A recurrent network that reads left to right: scores of the new positions, and the states of all layers."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        assert isinstance(model.body, RecurrentStack)
        self.model = model
        self.cells = nn.ModuleList([GraphCell([cast(nn.RNNBase, layer)]) for layer in model.body.layers])
        self.project = model.body.project

    def forward(self, ids_BT: Tensor, past_SLBH: Tensor) -> tuple[Tensor, ...]:
        """Logits [B, T, V] and states [S, L, B, H]."""
        x = self.model.embed(ids_BT).transpose(0, 1)
        states = []
        for number, cell in enumerate(self.cells):
            x, *after = cell(x, [past_BH[number : number + 1] for past_BH in past_SLBH])
            states.append(torch.stack(after))
        hidden_BTC = _projected(x.transpose(0, 1), self.project)
        return self.model.logits(hidden_BTC), torch.cat(states, dim=1)


@final
class BothWaysGraph(nn.Module):
    """A recurrent network that reads both ways: scores of every position and their vectors."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__()
        body = model.body
        assert isinstance(body, BidirectionalStack)
        self.model = model
        pairs = zip(body.forwards, body.backwards, strict=True)
        self.cells = nn.ModuleList([GraphCell([cast(nn.RNNBase, layer) for layer in pair]) for pair in pairs])
        self.project = body.project

    def forward(self, ids_BT: Tensor, real_BT: Tensor) -> tuple[Tensor, ...]:
        """Logits [B, T, V] and the vectors [B, T, C] before the head; the backward cell begins at each text's own end."""
        x, lengths_B = self.model.embed(ids_BT).transpose(0, 1), real_BT.sum(1).to(torch.int32)
        for cell in self.cells:
            x = cell(x, (), lengths_B)[0]
        hidden_BTC = _projected(x.transpose(0, 1), self.project)
        return (
            (hidden_BTC,) if isinstance(self.model.head, MissingHead) else (self.model.logits(hidden_BTC), hidden_BTC)
        )


def recurrent_graph(model: LanguageModel) -> Graph:
    """The graph of a recurrent network that reads left to right."""
    body = model.body
    assert isinstance(body, RecurrentStack)
    return Graph(
        file="model.onnx",
        module=RecurrentGraph(model),
        inputs={
            IDS: torch.zeros(2, 3, dtype=torch.long),
            PAST_STATE: torch.zeros(NUM_STATES[body.cell], len(body.layers), 2, body.hidden_width),
        },
        axes={
            IDS: {0: BATCH, 1: LENGTH},
            LOGITS: {0: BATCH, 1: LENGTH},
            PAST_STATE: {2: BATCH},
            PRESENT_STATE: {2: BATCH},
        },
        outputs=(LOGITS, PRESENT_STATE),
        memory={PRESENT_STATE: PAST_STATE},
    )


def both_ways_graph(model: LanguageModel) -> Graph:
    """The graph of a recurrent network that reads both ways."""
    example = torch.ones(2, 3, dtype=torch.long)
    outputs = (HIDDEN,) if isinstance(model.head, MissingHead) else (LOGITS, HIDDEN)
    return Graph(
        file="model.onnx",
        module=BothWaysGraph(model),
        inputs={IDS: example, MASK: example.clone()},
        axes={name: {0: BATCH, 1: LENGTH} for name in (IDS, MASK, *outputs)},
        outputs=outputs,
    )


def _ordered(rows: Tensor, cell: Cell) -> Tensor:
    """The gates that are stacked in `rows` in the order of ONNX."""
    blocks = rows.detach().chunk(len(GATES[cell]))
    return torch.cat([blocks[number] for number in GATES[cell]])


def _projected(x_BTH: Tensor, project: Tensor | None) -> Tensor:
    return x_BTH if project is None else functional.linear(x_BTH, project)
