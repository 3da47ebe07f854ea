"""The shape of every language model here: an embedding, a body and a head, and what a forward pass returns.

B batch, T positions, S positions of a text that is read first, C width of the model, V vocabulary.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from danlu.models.heads import Head
from danlu.models.layers.cache import DecodingState
from danlu.models.layers.cross_attention import Source
from danlu.models.layers.embedding import Embedding
from danlu.models.layers.pair_embedding import PairEmbedding

Direction = Literal["left-to-right", "bidirectional", "encoder-decoder"]


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


class SourceBody(Body):
    """A body that reads one text whole (`encode`) and writes another: the decoder of an encoder-decoder, and its encoder."""

    @abstractmethod
    def encode(self, x_BSC: Tensor, lengths_B: Tensor | None = None) -> Source:
        """What was read, from embedded positions; `lengths_B`: how many of each text are real."""

    @abstractmethod
    def forward(
        self,
        x_BTC: Tensor,
        state: DecodingState | None = None,
        lengths_B: Tensor | None = None,
        source: Source | None = None,
    ) -> Tensor:
        """As every body; `source` is what was read, needed unless `state` holds it already."""


@final
class LanguageModel(nn.Module):
    """Token ids to hidden vectors, and hidden vectors to logits; the objective decides which of them it needs.

    `direction`: "left-to-right" models see no later position; an "encoder-decoder" reads one text both ways and writes
    another left to right. `context_length`: positions of one window.
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
        source: Source | None = None,
    ) -> ModelOutput:
        """Hidden vectors of `ids_BT` (integers, [B, T]), which continue the positions in `state` where given.

        `lengths_B`: real positions of each text where texts of several lengths stand in one batch (None: all T).
        `segments_BT`: 0 or 1, which of two texts a position belongs to (None: 0). `source`: what an encoder-decoder has
        read (`encode`); at the beginning, without one, its encoder reads the first id alone and its decoder the others
        behind `start_id`, so that position t sees positions 0 to t as in any other model.
        """
        start = state.length if state is not None else 0
        if isinstance(self.body, SourceBody):
            if source is None and start == 0:
                source = self.encode(ids_BT[:, :1])
                ids_BT = self.begun(ids_BT[:, 1:])
            hidden_BTC = self.body(self.embed(ids_BT, start), state, lengths_B, source)
            return ModelOutput(hidden_BTC=hidden_BTC, state=state)
        return ModelOutput(hidden_BTC=self.body(self.embed(ids_BT, start, segments_BT), state, lengths_B), state=state)

    def encode(self, source_BS: Tensor, lengths_B: Tensor | None = None) -> Source:
        """What the encoder makes of the ids `source_BS`; `lengths_B`: real positions of each text (None: all S)."""
        assert isinstance(self.body, SourceBody), "only an encoder-decoder reads a text before it writes"
        assert isinstance(self.embed, PairEmbedding), "an encoder-decoder embeds two texts"
        return self.body.encode(self.embed.source(source_BS), lengths_B)

    @property
    def start_id(self) -> int:
        """The id that the decoder of an encoder-decoder reads before all others."""
        return int(self.blueprint.settings.get("start_id", 0))

    def begun(self, ids_BT: Tensor) -> Tensor:
        """`ids_BT` behind `start_id`: [B, T + 1]."""
        return functional.pad(ids_BT, (1, 0), value=self.start_id)

    @property
    def objective(self) -> str:
        """What an encoder-decoder was taught to write: prefix, denoising or infilling; empty for other models."""
        return str(self.blueprint.settings.get("objective", ""))

    @property
    def continues(self) -> bool:
        """Whether it goes on with a text; the others fill in what is hidden of one."""
        return self.direction == "left-to-right" or self.objective == "prefix"

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the next token, float32 [..., V], for hidden vectors [..., C] of any leading shape."""
        scores: Tensor = self.head(hidden)
        return scores.float()

    @torch.no_grad()
    def start_state(self, batch_size: int, length: int | None = None) -> DecodingState:
        """An empty memory for decoding `batch_size` texts of at most `length` positions (default: the context)."""
        return self.body.start_state(batch_size, self.context_length if length is None else length)
