"""The order of data: documents shuffled anew each epoch, laid end to end, cut into windows, the windows shuffled.

Everything is a function of (seed, window number), so resuming needs one integer, and the order depends neither on
workers nor on ranks. No torch here.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, final

import numpy as np
import numpy.typing as npt

from danlu.core.errors import DataError
from danlu.core.language import Text
from danlu.core.streams import numpy_stream

Ids = npt.NDArray[np.int64]

_SMALL = Text("the text is smaller than one context", "文本不足一个上下文长度")
_SMALL_DOMAIN = Text("the domain {name} is smaller than one context", "领域 {name} 的文本不足一个上下文长度")


class DataOrder(Protocol):
    """What batches are read by: the window of each number, without end."""

    context: int
    num_windows: int
    """Windows of one pass over the text."""

    def spans(self, window: int) -> list[tuple[int, int]]:
        """The window as [begin, end) ranges of the ids on disk, in order."""

    def documents_of(self, window: int) -> list[int]:
        """The numbers of the documents that the window reads from."""


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One pass over the text: the documents in their order of this epoch, and the windows in theirs."""

    documents: Ids
    """[num_documents] document numbers, shuffled."""
    ends: Ids
    """[num_documents] position behind each of them when laid end to end."""
    windows: Ids
    """[num_windows] first position of each window; positions wrap around at the end of the text."""


@final
class WindowOrder:
    """Windows of `context + 1` ids over documents that begin at `starts` (int64 [num_documents + 1]).

    Neighbouring windows share one id (the last target of one is the first input of the next); each epoch cuts at
    another phase, so every id becomes a target in the long run. `documents` (numbers) restricts the order to some of
    them; `name` then tells it from the orders of the others. Raises DataError when the text has fewer than `context + 1`
    ids.
    """

    def __init__(
        self, starts: Ids, *, context: int, seed: int, documents: Ids | None = None, name: str | None = None
    ) -> None:
        self.starts, self.context, self.seed = np.asarray(starts, dtype=np.int64), context, seed
        self.documents = np.arange(len(self.starts) - 1) if documents is None else np.asarray(documents, dtype=np.int64)
        self._use = ("order",) if name is None else ("order", name)
        self.num_ids = int((self.starts[self.documents + 1] - self.starts[self.documents]).sum())
        self.num_windows = self.num_ids // context
        if self.num_ids < context + 1:
            raise DataError(
                _SMALL if name is None else _SMALL_DOMAIN,
                got=Text("{ids} tokens", "{ids} 个词元"),
                allowed=Text("at least {needed} tokens", "至少 {needed} 个词元"),
                fix=Text(
                    "add text, or set a shorter context such as model.context_length={smaller}",
                    "请增加文本，或设置更短的上下文，如 model.context_length={smaller}",
                ),
                name=name,
                ids=self.num_ids,
                needed=context + 1,
                smaller=max(8, self.num_ids // 4),
            )
        self.epoch = lru_cache(maxsize=2)(self._epoch)  # a batch touches at most two neighbouring epochs

    def _epoch(self, number: int) -> Epoch:
        random = numpy_stream(self.seed, *self._use, number)
        documents = self.documents[random.permutation(len(self.documents))]
        lengths = self.starts[documents + 1] - self.starts[documents]
        phase = int(random.integers(self.context))
        windows = random.permutation(self.num_windows) * self.context + phase
        return Epoch(documents=documents, ends=np.cumsum(lengths), windows=windows)

    def spans(self, window: int) -> list[tuple[int, int]]:
        """The window numbered `window` (0, 1, ... without end) as [begin, end) ranges of the ids on disk, in order."""
        number, place = divmod(window, self.num_windows)
        epoch = self.epoch(number)
        position, left = int(epoch.windows[place]) % self.num_ids, self.context + 1
        spans: list[tuple[int, int]] = []
        while left:
            index = int(np.searchsorted(epoch.ends, position, side="right"))
            document = int(epoch.documents[index])
            take = min(left, int(epoch.ends[index]) - position)
            end = int(self.starts[document + 1]) - (int(epoch.ends[index]) - position) + take
            spans.append((end - take, end))
            left -= take
            position = (position + take) % self.num_ids
        return spans

    def documents_of(self, window: int) -> list[int]:
        """The numbers of the documents that a window reads from."""
        begins = [begin for begin, _ in self.spans(window)]
        return sorted({int(np.searchsorted(self.starts, begin, side="right")) - 1 for begin in begins})
