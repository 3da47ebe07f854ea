"""Blocks in a row: the body of every transformer that reads one text.

B batch, T positions, C width.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

import torch
from torch import Tensor, nn

from danlu.models.layers.block import Block
from danlu.models.layers.cache import DecodingState, KeyValueCache, empty_cache
from danlu.models.layers.mixing import Mixing
from danlu.models.layers.position import Heads
from danlu.models.model import Body


@final
class CompiledBlock:
    """The two halves of a block, compiled, around attention as it is: for training on the CPU.

    Rows go through them without regard to windows, so one compilation serves every length of window and every layer.
    """

    def __init__(self, kind: type[Block]) -> None:
        self.enter = torch.compile(kind.enter, dynamic=False)
        self.leave = torch.compile(kind.leave, dynamic=False)
        self._num_rows: int | None = None

    def serves(self, x_BTC: Tensor) -> bool:
        """Whether a batch is of the size that was compiled: that of the first one. Another would be compiled anew."""
        num_rows = x_BTC.shape[0] * x_BTC.shape[1]
        self._num_rows = self._num_rows or num_rows
        return torch.is_grad_enabled() and num_rows == self._num_rows

    def __call__(self, block: nn.Module, x_BTC: Tensor, layer: int, lengths_B: Tensor | None) -> Tensor:
        """[B, T, C] to [B, T, C]."""
        assert isinstance(block, Block)
        batch, length, width = x_BTC.shape
        part = block.attention
        rows_1NC = x_BTC.reshape(1, batch * length, width)
        tables_2NE = part.turning.row_tables(batch, length, x_BTC.device)
        flat = self.enter(block, rows_1NC, tables_2NE)
        heads = Heads(
            q_BTHD=flat.q_BTHD.view(batch, length, *flat.q_BTHD.shape[2:]),
            k_BTKD=flat.k_BTKD.view(batch, length, *flat.k_BTKD.shape[2:]),
            v_BTKD=flat.v_BTKD.view(batch, length, *flat.v_BTKD.shape[2:]),
        )
        mixed_1NO = part.attend(heads, layer, None, lengths_B).view(1, batch * length, -1)
        left: Tensor = self.leave(block, rows_1NC, mixed_1NO)
        return left.view_as(x_BTC)


@final
class Stack(Body):
    """Blocks in a row and a final norm (`nn.Identity` where the blocks norm their sums)."""

    def __init__(self, blocks: list[Block], norm: nn.Module) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.norm = norm
        self._compiled: CompiledBlock | None = None

    def forward(self, x_BTC: Tensor, state: DecodingState | None = None, lengths_B: Tensor | None = None) -> Tensor:
        """[B, T, C] to [B, T, C] after the final norm."""
        assert state is None or isinstance(state, KeyValueCache)
        compiled = self._compiled
        if compiled is not None and (state is not None or not compiled.serves(x_BTC)):
            compiled = None
        for layer, block in enumerate(self.blocks):
            if compiled is None:
                x_BTC = block(x_BTC, layer, state, lengths_B)
            else:
                x_BTC = compiled(block, x_BTC, layer, lengths_B)
        if state is not None:
            state.advance(x_BTC.shape[1])
        normed_BTC: Tensor = self.norm(x_BTC)
        return normed_BTC

    @contextmanager
    def mixed_by(self, mixing: Mixing) -> Iterator[None]:
        """Inside, positions of every layer mix by `mixing`; afterwards as before."""
        parts = [block.attention for block in self.blocks if isinstance(block, Block)]
        before = [part.mixing for part in parts]
        try:
            for part in parts:
                part.mixing = mixing
            yield
        finally:
            for part, own in zip(parts, before, strict=True):
                part.mixing = own

    def compile_for_training(self) -> bool:
        """From now on, passes with gradients run compiled blocks."""
        first = self.blocks[0]
        assert isinstance(first, Block)
        self._compiled = CompiledBlock(type(first))
        return True

    def run_plain(self) -> None:
        """Takes `compile_for_training` back."""
        self._compiled = None

    def start_state(self, batch_size: int, length: int) -> KeyValueCache:
        """Room for the keys and values of `length` positions."""
        first = self.blocks[0]
        assert isinstance(first, Block)
        return empty_cache(
            first.attention.key,
            num_layers=len(self.blocks),
            batch_size=batch_size,
            num_heads=first.attention.num_key_heads,
            length=length,
            head_width=first.attention.head_width,
        )
