"""What decoding remembers in a network that read another text first: its own positions, and keys of that text."""

from typing import final

from danlu.models.layers.cache import DecodingState, KeyValueCache
from danlu.models.layers.cross_attention import CrossKeys


@final
class SourceCache(DecodingState):
    """`own`: keys and values of what is written; `crossed`: of what was read, one for each layer (empty before)."""

    def __init__(self, own: KeyValueCache) -> None:
        self.own = own
        self.crossed: list[CrossKeys] = []

    @property
    def length(self) -> int:
        """Positions written so far."""
        return self.own.length

    @property
    def capacity(self) -> int:
        """Positions that fit."""
        return self.own.capacity

    def clear(self) -> None:
        """Forgets what was written and what was read."""
        self.own.clear()
        self.crossed = []
