"""The shape of every language model here: an embedding, a body and a head, and what a forward pass returns.

B batch, T positions, C width of the model, V vocabulary.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

import torch
from torch import Tensor, nn

from danlu.models.heads import Head
from danlu.models.layers.cache import DecodingState
from danlu.models.layers.embedding import Embedding

Direction = Literal["left-to-right", "bidirectional"]


@dataclass(frozen=True, kw_only=True)
class ModelOutput:
    """`hidden_BTC`: the vectors after the final norm, before the head. `state`: the one given, advanced by T."""

    hidden_BTC: Tensor
    state: DecodingState | None = None


@dataclass(frozen=True, kw_only=True)
class Blueprint:
    """What builds the same network again: the row's name, its settings as plain values, the vocabulary."""

    architecture: str
    settings: Mapping[str, Any]
    vocab_size: int


class Body(nn.Module, ABC):
    """Embedded positions to hidden vectors: what differs between architectures."""

    @abstractmethod
    def forward(self, x_BTC: Tensor, state: DecodingState | None = None, lengths_B: Tensor | None = None) -> Tensor:
        """`x_BTC` embedded positions, which follow those of `state`; returns [B, T, C] after the final norm.

        `lengths_B`: how many positions of each text are real; what a body gives for the others means nothing.
        """

    @abstractmethod
    def start_state(self, batch_size: int, length: int) -> DecodingState:
        """An empty memory for `batch_size` texts of at most `length` positions."""

    def compile_for_training(self) -> bool:
        """Compiles what gains by it (`torch.compile`, tens of seconds at the first pass); False: there is nothing."""
        return False

    def run_plain(self) -> None:
        """Takes `compile_for_training` back."""


@final
class LanguageModel(nn.Module):
    """Token ids to hidden vectors, and hidden vectors to logits; the objective decides which of them it needs.

    `direction`: "left-to-right" models see no later position. `context_length`: positions of one window.
    """

    def __init__(
        self,
        *,
        embed: Embedding,
        body: Body,
        head: Head,
        direction: Direction,
        context_length: int,
        blueprint: Blueprint,
    ) -> None:
        super().__init__()
        self.embed, self.body, self.head = embed, body, head
        self.direction: Direction = direction
        self.context_length = context_length
        self.blueprint = blueprint

    @property
    def vocab_size(self) -> int:
        """Token ids are 0 to `vocab_size` - 1."""
        return self.blueprint.vocab_size

    def forward(
        self,
        ids_BT: Tensor,
        state: DecodingState | None = None,
        *,
        lengths_B: Tensor | None = None,
        segments_BT: Tensor | None = None,
    ) -> ModelOutput:
        """Hidden vectors of `ids_BT` (integers, [B, T]), which continue the positions in `state` where given.

        `lengths_B`: real positions of each text where texts of several lengths stand in one batch (None: all T).
        `segments_BT`: 0 or 1, which of two texts a position belongs to (None: 0).
        """
        start = state.length if state is not None else 0
        return ModelOutput(hidden_BTC=self.body(self.embed(ids_BT, start, segments_BT), state, lengths_B), state=state)

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the next token, float32 [..., V], for hidden vectors [..., C] of any leading shape."""
        scores: Tensor = self.head(hidden)
        return scores.float()

    @torch.no_grad()
    def start_state(self, batch_size: int, length: int | None = None) -> DecodingState:
        """An empty memory for decoding `batch_size` texts of at most `length` positions (default: the context)."""
        return self.body.start_state(batch_size, self.context_length if length is None else length)
