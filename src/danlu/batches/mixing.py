"""Domains in chosen proportions: which window comes when, still a pure function of (seed, window number).

Each part of the mixture has an order of its own; a table of PERIOD places says whose turn it is. The table is that of
Tijdeman (1980, The chairman assignment problem): after any number of windows every part has had its share of them to
within one window.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import final

import numpy as np
import numpy.typing as npt

from danlu.batches.order import Ids, WindowOrder
from danlu.core.settings import Settings, setting

PERIOD = 8192  # shares are rounded to this many parts of the whole
OTHERS = "*"
MANY_EPOCHS = 4.0
"""Up to about 4 epochs repeated text is worth nearly as much as new text (Muennighoff et al. 2023, section 5)."""


class MixingSettings(Settings):
    """In which proportions the domains of the corpus are trained on. By default each as it is."""

    weights: dict[str, float] = setting(
        {},
        'domain -> weight, relative to each other; "*" stands for all that are not named; 0 leaves out; empty: by their '
        "tokens",
        '领域 -> 权重（彼此相对）；"*" 代表未列出的全部；0 表示不用；空则按词元数',
    )
    temperature: float = setting(
        1.0,
        "T: weights (or tokens) are raised to 1/T; above 1 small domains get more (Devlin 2018: 1.43; mT5: 3.3)",
        "T：权重（或词元数）取 1/T 次幂；大于 1 时小领域占比更多（Devlin 2018：1.43；mT5：3.3）",
        gt=0,
        le=100,
    )
    most_epochs: float | None = setting(
        None,
        "passes over a domain that the planned run may reach; its share is cut there, others get more (UniMax, Chung et al. 2023)",
        "计划的训练中单个领域最多读几遍；超出则削减其占比，让给其他领域（UniMax，Chung 等 2023）",
        gt=0,
    )

    @property
    def is_natural(self) -> bool:
        """Whether the text is read as it is, without any mixing."""
        return not self.weights and self.temperature == 1 and self.most_epochs is None


@dataclass(frozen=True, kw_only=True, eq=False)
class MixturePart:
    """A part of the mixture: documents that are shuffled among themselves, and their share of all windows.

    `share` is `quota / PERIOD`. `documents` are numbers of the split.
    """

    name: str
    documents: Ids
    num_tokens: int
    quota: int

    @property
    def share(self) -> float:
        """Of all windows, 0 to 1."""
        return self.quota / PERIOD


@final
class MixedOrder:
    """The order of several parts: windows of `context + 1` ids over documents that begin at `starts`, as WindowOrder.

    `num_windows` counts the windows that one pass over all parts would have. Raises DataError for a part below one window.
    """

    def __init__(self, starts: Ids, parts: Sequence[MixturePart], *, context: int, seed: int) -> None:
        assert sum(part.quota for part in parts) == PERIOD, "the quotas of a mixture add up to the period"
        self.parts, self.context, self.seed = tuple(parts), context, seed
        self.orders = tuple(
            WindowOrder(starts, context=context, seed=seed, documents=part.documents, name=part.name) for part in parts
        )
        self.num_windows = sum(order.num_windows for order in self.orders)
        self.turns = turns(tuple(part.quota for part in parts))
        taken = np.zeros(len(parts), np.int64)
        self._earlier = np.zeros(PERIOD, np.int64)  # how many turns the part had in the period before this one
        for place, part in enumerate(self.turns.tolist()):
            self._earlier[place] = taken[part]
            taken[part] += 1

    def turn(self, window: int) -> tuple[int, int]:
        """Whose turn it is (a number of `parts`), and which window of that part it reads."""
        period, place = divmod(window, PERIOD)
        part = int(self.turns[place])
        return part, period * self.parts[part].quota + int(self._earlier[place])

    def spans(self, window: int) -> list[tuple[int, int]]:
        """The window numbered `window` (0, 1, ... without end) as [begin, end) ranges of the ids on disk, in order."""
        part, number = self.turn(window)
        return self.orders[part].spans(number)

    def documents_of(self, window: int) -> list[int]:
        """The numbers of the documents that a window reads from."""
        part, number = self.turn(window)
        return self.orders[part].documents_of(number)

    def windows_of(self, window: int) -> list[int]:
        """How many of the windows before `window` each part has had."""
        periods, place = divmod(window, PERIOD)
        begun = np.bincount(self.turns[:place], minlength=len(self.parts))
        return [periods * part.quota + int(count) for part, count in zip(self.parts, begun, strict=True)]

    def epochs_of(self, window: int) -> dict[str, float]:
        """Passes over each part after `window` windows, by its name."""
        return {
            part.name: count / order.num_windows
            for part, order, count in zip(self.parts, self.orders, self.windows_of(window), strict=True)
        }


@lru_cache(maxsize=8)
def turns(quotas: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Whose turn it is at each place of a period; part i has `quotas[i]` turns, and at no place differs from its share by 1.

    Of the parts that may have their next turn now without running ahead, the one that would be the first to lag takes it.
    """
    total, count = sum(quotas), len(quotas)
    quota_P = np.array(quotas, np.int64)
    if count == 1:
        return np.zeros(total, np.int64)
    slack = 2 * count - 2
    taken_P = np.zeros(count, np.int64)
    chosen = np.empty(total, np.int64)
    for place in range(total):
        behind_P = quota_P * (place + 1) - taken_P * total  # whole numbers: nothing is rounded
        due_P = np.where(
            (slack * behind_P >= total) & (quota_P > 0),
            ((slack - 1) * total - slack * behind_P) / np.maximum(1, slack * quota_P),
            np.inf,
        )
        part = int(np.argmin(due_P))
        chosen[place] = part
        taken_P[part] += 1
    return chosen


def quotas_of(shares: Sequence[float]) -> list[int]:
    """Shares (any sum) as whole turns of a period, by largest remainders; what has any share has at least one turn."""
    exact = np.array(shares, np.float64) / sum(shares) * PERIOD
    quotas = np.where(exact > 0, np.maximum(1, np.floor(exact)), 0).astype(np.int64)
    order = np.argsort(-(exact - np.floor(exact)), kind="stable")
    while quotas.sum() < PERIOD:
        for place in order[: PERIOD - int(quotas.sum())]:
            quotas[place] += exact[place] > 0
    while quotas.sum() > PERIOD:
        quotas[int(np.argmax(quotas))] -= 1
    return [int(quota) for quota in quotas]


def capped_shares(shares: Mapping[str, float], most: Mapping[str, float]) -> dict[str, float]:
    """`shares` cut to `most`, what is over given to the others in proportion; where all are full, in proportion to `most`.

    The order of UniMax (Chung et al. 2023, algorithm 1), from any shares and not from equal ones.
    """
    left = {name: share / sum(shares.values()) for name, share in shares.items() if share > 0}
    full: dict[str, float] = {}
    room = 1.0
    while left:
        scale = room / sum(left.values())
        over = [name for name, share in left.items() if share * scale > most[name]]
        if not over:
            return full | {name: share * scale for name, share in left.items()}
        for name in over:
            full[name] = most[name]
            room -= most[name]
            del left[name]
    return full
