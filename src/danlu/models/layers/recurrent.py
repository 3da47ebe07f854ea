"""Recurrent layers in a row, on torch's own fused kernels.

B batch, T positions, C width of the embedding, H width of the hidden state, L layers, S states of a cell (LSTM: two).
"""

from collections.abc import Callable
from typing import Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from danlu.models.layers.cache import DecodingState
from danlu.models.model import Body

Cell = Literal["rnn", "gru", "lstm"]
CELLS: dict[Cell, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
# Matrices of a cell, stacked in one: an LSTM computes three gates and a candidate, a GRU two gates and a candidate.
NUM_GATES: dict[Cell, int] = {"rnn": 1, "gru": 3, "lstm": 4}
NUM_STATES: dict[Cell, int] = {"rnn": 1, "gru": 1, "lstm": 2}


@final
class RecurrentState(DecodingState):
    """The hidden (and cell) states of every layer in one tensor [S, L, B, H]; its size does not grow."""

    def __init__(self, memory_SLBH: Tensor) -> None:
        self.memory_SLBH = memory_SLBH
        self._length = 0

    @property
    def length(self) -> int:
        """Positions read so far."""
        return self._length

    @property
    def capacity(self) -> None:
        """No limit."""

    def clear(self) -> None:
        """Forgets every position; the memory is kept."""
        self.memory_SLBH.zero_()
        self._length = 0

    def advance(self, num_positions: int) -> None:
        """Counts `num_positions` more, after every layer has written its state."""
        self._length += num_positions


@final
class RecurrentStack(Body):
    """`depth` layers of one cell, dropout between them, and a projection to `width` where the widths differ.

    RNN: Elman 1990, with tanh. LSTM: Hochreiter & Schmidhuber 1997 with forget gates (Gers et al. 2000). GRU: Cho et al.
    2014 (arXiv:1406.1078), in torch's variant. Merity et al. 2017 (arXiv:1708.02182) for the projection that lets the
    head share the embedding.
    """

    def __init__(self, *, cell: Cell, width: int, hidden_width: int, depth: int, dropout: float) -> None:
        super().__init__()
        widths = [width] + [hidden_width] * (depth - 1)
        self.layers = nn.ModuleList([CELLS[cell](w, hidden_width, batch_first=True) for w in widths])
        for name, weight in self.layers.named_parameters():
            if ".weight_" in name:
                # each gate is a matrix of its own for optimizers that look at matrices
                weight.row_blocks = NUM_GATES[cell]  # type: ignore[attr-defined]
        self.project = nn.Parameter(torch.empty(width, hidden_width)) if width != hidden_width else None
        self.cell: Cell = cell
        self.hidden_width, self.dropout = hidden_width, dropout

    def forward(self, x_BTC: Tensor, state: DecodingState | None = None, lengths_B: Tensor | None = None) -> Tensor:
        """[B, T, C] to [B, T, C]; starts from zeros or from `state`, which it advances."""
        assert state is None or isinstance(state, RecurrentState)
        del lengths_B  # what comes behind a text's end changes nothing before it
        x = x_BTC
        for number, layer in enumerate(self.layers):
            x = functional.dropout(self._run(layer, number, x, state), self.dropout, self.training)
        if state is not None:
            state.advance(x.shape[1])
        return x if self.project is None else functional.linear(x, self.project)

    def start_state(self, batch_size: int, length: int) -> RecurrentState:
        """Zeros; `length` does not matter."""
        shape = (NUM_STATES[self.cell], len(self.layers), batch_size, self.hidden_width)
        weight = next(self.parameters())
        return RecurrentState(torch.zeros(shape, dtype=weight.dtype, device=weight.device))

    def _run(self, layer: nn.Module, number: int, x: Tensor, state: RecurrentState | None) -> Tensor:
        if state is None:
            hidden: Tensor = layer(x)[0]
            return hidden
        before = state.memory_SLBH[:, number : number + 1]
        if self.cell == "lstm":
            hidden, after = layer(x, (before[0].contiguous(), before[1].contiguous()))
            state.memory_SLBH[:, number] = torch.cat(after).detach()
        else:
            hidden, last = layer(x, before[0].contiguous())
            state.memory_SLBH[0, number] = last[0].detach()
        return hidden
