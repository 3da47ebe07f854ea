"""How positions mix: each row's softmax over the keys that it sees, applied to the values.

B batch, T new positions, S seen positions, H query heads, K key and value heads (H is a multiple of K), D width of one head.
"""

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

from danlu.models.layers.cache import KeyValueCache
from danlu.models.layers.paths import on_cpu
from danlu.models.layers.position import Heads
from danlu.models.layers.products import causal_attention, full_attention


class Mixing(ABC):
    """Which keys a row sees."""

    @abstractmethod
    def __call__(self, heads: Heads, layer: int, cache: KeyValueCache | None, lengths_B: Tensor | None) -> Tensor:
        """The mixed values [B, T, H * D].

        `cache` is extended at `layer`; `lengths_B` tells how many positions of each text are real (None: all).
        """


@final
class Causal(Mixing):
    """Each row sees itself and what comes before it; positions behind a text's end change nothing that is before it."""

    def __call__(self, heads: Heads, layer: int, cache: KeyValueCache | None, lengths_B: Tensor | None) -> Tensor:
        """The mixed values [B, T, H * D]."""
        del lengths_B
        q_BHTD, k_BKTD, v_BKTD = (x.transpose(1, 2) for x in (heads.q_BTHD, heads.k_BTKD, heads.v_BTKD))
        grouped = k_BKTD.shape[1] != q_BHTD.shape[1]
        mask_TS = None
        if cache is None and not grouped and on_cpu(q_BHTD):
            return causal_attention(q_BHTD, k_BKTD, v_BKTD).transpose(1, 2).flatten(2)
        if cache is not None:
            k_BKTD, v_BKTD = cache.extend(layer, k_BKTD, v_BKTD)
            new, seen = q_BHTD.shape[2], k_BKTD.shape[2]
            if new > 1 and seen > new:
                mask_TS = torch.ones(new, seen, dtype=torch.bool, device=q_BHTD.device).tril(seen - new)
        mixed_BHTD = functional.scaled_dot_product_attention(
            q_BHTD,
            k_BKTD,
            v_BKTD,
            attn_mask=mask_TS,
            is_causal=mask_TS is None and q_BHTD.shape[2] > 1,
            enable_gqa=grouped,
        )
        return mixed_BHTD.transpose(1, 2).flatten(2)


@final
class Full(Mixing):
    """Each row sees every real position of its text (Devlin et al. 2019, arXiv:1810.04805)."""

    def __call__(self, heads: Heads, layer: int, cache: KeyValueCache | None, lengths_B: Tensor | None) -> Tensor:
        """The mixed values [B, T, H * D]."""
        del layer
        assert cache is None, "a network that reads both ways has no cache"
        return _mix(heads, _real(heads, lengths_B))


@final
class Local(Mixing):
    """Each row sees the real positions at most `reach` away (Beltagy et al. 2020, arXiv:2004.05150, section 3.1)."""

    def __init__(self, reach: int) -> None:
        self.reach = reach

    def __call__(self, heads: Heads, layer: int, cache: KeyValueCache | None, lengths_B: Tensor | None) -> Tensor:
        """The mixed values [B, T, H * D]."""
        del layer
        assert cache is None, "a network that reads both ways has no cache"
        length = heads.q_BTHD.shape[1]
        if length <= self.reach + 1:
            return _mix(heads, _real(heads, lengths_B))
        band_1TT = _band(length, self.reach, heads.q_BTHD.device)
        real_B1T = _real(heads, lengths_B)
        return _mix(heads, band_1TT if real_B1T is None else band_1TT & real_B1T)


@final
class Prefixed(Mixing):
    """The first `length` positions see each other, the others see all before them (Raffel et al. 2020, arXiv:1910.10683,
    section 3.2.1). From all positions on it is `Full`, at 0 or 1 it is `Causal`. For whole windows only."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __call__(self, heads: Heads, layer: int, cache: KeyValueCache | None, lengths_B: Tensor | None) -> Tensor:
        """The mixed values [B, T, H * D]."""
        del layer
        assert cache is None, "a prefix is read both ways in whole windows"
        num_positions, groups = heads.q_BTHD.shape[1], heads.q_BTHD.shape[2] // heads.k_BTKD.shape[2]
        if groups > 1:
            keys, values = (x.repeat_interleave(groups, 2) for x in (heads.k_BTKD, heads.v_BTKD))
            heads = Heads(q_BTHD=heads.q_BTHD, k_BTKD=keys, v_BTKD=values)
        seen_BTS = _real(heads, lengths_B)
        if self.length < num_positions:
            ahead_1TT = _prefixed(num_positions, self.length, heads.q_BTHD.device)
            seen_BTS = ahead_1TT if seen_BTS is None else ahead_1TT & seen_BTS
        return _mix(heads, seen_BTS)


def _prefixed(length: int, prefix: int, device: torch.device) -> Tensor:
    positions_T = torch.arange(length, device=device)
    return ((positions_T <= positions_T[:, None]) | (positions_T < prefix))[None]


def _real(heads: Heads, lengths_B: Tensor | None) -> Tensor | None:
    """[B, 1, S]: whether a key is a real position; None when all are."""
    if lengths_B is None:
        return None
    positions_S = torch.arange(heads.k_BTKD.shape[1], device=lengths_B.device)
    return (positions_S < lengths_B[:, None])[:, None]


@lru_cache(maxsize=16)
def _band(length: int, reach: int, device: torch.device) -> Tensor:
    positions_T = torch.arange(length, device=device)
    return ((positions_T[:, None] - positions_T).abs() <= reach)[None]


def _mix(heads: Heads, seen_BTS: Tensor | None) -> Tensor:
    q_BHTD, k_BHSD, v_BHSD = (x.transpose(1, 2) for x in (heads.q_BTHD, heads.k_BTKD, heads.v_BTKD))
    if on_cpu(q_BHTD):
        return full_attention(q_BHTD, k_BHSD, v_BHSD, seen_BTS).transpose(1, 2).flatten(2)
    mask = None if seen_BTS is None else seen_BTS[:, None]
    mixed_BHTD = functional.scaled_dot_product_attention(q_BHTD, k_BHSD, v_BHSD, attn_mask=mask)
    return mixed_BHTD.transpose(1, 2).flatten(2)
