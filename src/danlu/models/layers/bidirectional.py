"""Recurrent layers that read both ways, on torch's own fused kernels.

B batch, T positions, C width of the embedding, H width of one direction's hidden state, D width of what a layer reads.
"""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from danlu.models.layers.cache import DecodingState
from danlu.models.layers.recurrent import CELLS, NUM_GATES, Cell
from danlu.models.model import Body


@final
class BidirectionalStack(Body):
    """`depth` layers, each a cell that reads forwards and one that reads backwards, side by side; every layer reads both
    (Schuster & Paliwal 1997; Graves & Schmidhuber 2005). A projection to `width` where 2 * `hidden_width` differs.

    ELMo (Peters et al. 2018, arXiv:1802.05365, section 3.1) keeps the two directions apart, because its cells read the
    very tokens that they foretell. Here what is foretold is hidden from the input, so directions may meet in each layer.
    The backward cell reads each text from its own end, so padding is read last by both and changes nothing; unlike
    torch's packed sequences this keeps the fused kernel.
    """

    def __init__(self, *, cell: Cell, width: int, hidden_width: int, depth: int, dropout: float) -> None:
        super().__init__()
        widths = [width] + [2 * hidden_width] * (depth - 1)
        self.forwards = nn.ModuleList([CELLS[cell](w, hidden_width, batch_first=True) for w in widths])
        self.backwards = nn.ModuleList([CELLS[cell](w, hidden_width, batch_first=True) for w in widths])
        for name, weight in self.named_parameters():
            if ".weight_" in name:
                # each gate is a matrix of its own for optimizers that look at matrices
                weight.row_blocks = NUM_GATES[cell]  # type: ignore[attr-defined]
        joined = 2 * hidden_width
        self.project = nn.Parameter(torch.empty(width, joined)) if width != joined else None
        self.dropout = dropout

    def forward(self, x_BTC: Tensor, state: DecodingState | None = None, lengths_B: Tensor | None = None) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        assert state is None, "a network that reads both ways has no memory for decoding"
        places_BT = None if lengths_B is None else _mirrored(lengths_B, x_BTC.shape[1])
        x = x_BTC
        for ahead, back in zip(self.forwards, self.backwards, strict=True):
            both = torch.cat([ahead(x)[0], _turned(back(_turned(x, places_BT))[0], places_BT)], dim=-1)
            x = functional.dropout(both, self.dropout, self.training)
        return x if self.project is None else functional.linear(x, self.project)

    def start_state(self, batch_size: int, length: int) -> DecodingState:
        """There is none."""
        raise AssertionError("a network that reads both ways has no memory for decoding")


def _mirrored(lengths_B: Tensor, length: int) -> Tensor:
    """[B, T]: the position that stands at t when each text is turned around within its length; padding stays."""
    places_T = torch.arange(length, device=lengths_B.device)
    mirrored_BT = lengths_B[:, None] - 1 - places_T
    return torch.where(mirrored_BT >= 0, mirrored_BT, places_T)


def _turned(x_BTD: Tensor, places_BT: Tensor | None) -> Tensor:
    """`x_BTD` in the other order of time; turned twice it is as before."""
    if places_BT is None:
        return x_BTD.flip(1)
    return x_BTD.gather(1, places_BT[:, :, None].expand_as(x_BTD))
