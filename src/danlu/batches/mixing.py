"""Domains in chosen proportions: which window comes when, still a pure function of (seed, window number).

Each part of the mixture has an order of its own; a table of PERIOD places says whose turn it is. The table is that of
Tijdeman (1980, The chairman assignment problem): after any number of windows every part has had its share of them to
within one window.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import final

import numpy as np
import numpy.typing as npt

from danlu.batches.order import Ids, WindowOrder
from danlu.core.errors import UsageError
from danlu.core.language import Text, say
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


def mix_domains(
    starts: Ids, domains: Sequence[str], settings: MixingSettings, *, context: int, planned_tokens: int
) -> list[MixturePart]:
    """The parts of a mixture: `domains` holds the domain of each document; `planned_tokens` only matters to `most_epochs`.

    Without weights, domains below one window are put together (below one window in all, with the largest domain). Raises
    UsageError as `check_weights`, DataError for a domain with a weight and less than one window.
    """
    lengths = np.diff(starts)
    members: dict[str, list[int]] = {}
    for number, domain in enumerate(domains):
        members.setdefault(domain, []).append(number)
    check_weights(settings, members)
    groups = _groups(members, lengths, settings, context)
    sizes = {name: int(lengths[numbers].sum()) for name, numbers in groups.items()}
    shares = {name: settings.weights.get(name, float(sizes[name])) ** (1 / settings.temperature) for name in groups}
    if settings.most_epochs is not None:
        windows = max(1, planned_tokens // context)
        most = {name: settings.most_epochs * (sizes[name] // context) / windows for name in groups}
        shares = capped_shares(shares, most)
    quotas = quotas_of([shares[name] for name in groups])
    return [
        MixturePart(name=name, documents=np.array(numbers, np.int64), num_tokens=sizes[name], quota=quota)
        for (name, numbers), quota in zip(groups.items(), quotas, strict=True)
    ]


def _groups(
    members: Mapping[str, list[int]], lengths: npt.NDArray[np.int64], settings: MixingSettings, context: int
) -> dict[str, list[int]]:
    """The documents of each part, in the order of their names; what has the weight 0 is in none."""
    if settings.weights:
        named = {
            name: members[name] for name in sorted(settings.weights) if name != OTHERS and settings.weights[name] > 0
        }
        rest = [number for name in sorted(members) if name not in settings.weights for number in members[name]]
        return named | ({OTHERS: sorted(rest)} if rest and settings.weights.get(OTHERS, 0) > 0 else {})
    large = {name: members[name] for name in sorted(members) if lengths[members[name]].sum() > context}
    small = sorted(number for name in members if name not in large for number in members[name])
    if lengths[small].sum() > context or not large:
        return large | ({OTHERS: small} if small else {})
    largest = max(large, key=lambda name: (int(lengths[large[name]].sum()), name))
    return large | {largest: sorted([*large[largest], *small])}


def check_weights(settings: MixingSettings, domains: Collection[str]) -> None:
    """Raises UsageError for weights of domains that are not there, domains without a weight, and weights that are none."""
    weights = settings.weights
    if not weights:
        return
    unknown = sorted(name for name in weights if name != OTHERS and name not in domains)
    missing = sorted(name for name in domains if name not in weights) if OTHERS not in weights else []
    wrong = sorted(name for name, weight in weights.items() if weight < 0)
    problems = [
        say(words, names=", ".join(found[:SHOWN]), count=len(found))
        for words, found in ((_UNKNOWN, unknown), (_MISSING, missing), (_WRONG, wrong))
        if found
    ]
    if not problems and not any(weights.values()):
        problems = [say(_NOTHING)]
    if problems:
        raise UsageError(
            Text("the weights do not fit the domains of the corpus", "权重与语料的领域不符"),
            got="; ".join(problems),
            allowed=Text("a weight of 0 or more for each of: {known}", "为以下各领域给出不小于 0 的权重：{known}"),
            fix=Text(
                'name every domain, or add "*" for all others, for example {example}',
                '列出每个领域，或用 "*" 表示其余全部，例如 {example}',
            ),
            known=", ".join(sorted(domains)[:SHOWN]) + (" ..." if len(domains) > SHOWN else ""),
            example=f'mixing.weights={{{json.dumps(min(domains, default="a"), ensure_ascii=False)}=0.7,"*"=0.3}}',
        )


SHOWN = 20  # domains that an error lists
_UNKNOWN = Text("no such domain: {names}", "没有这些领域：{names}")
_MISSING = Text("no weight for {count} domain(s): {names}", "{count} 个领域没有权重：{names}")
_WRONG = Text("below 0: {names}", "小于 0：{names}")
_NOTHING = Text("every weight is 0", "所有权重均为 0")
