"""Relative positions: attention adds a learnt bias for each head and each bucket of distances.

B batch, T new positions, S seen positions, H heads, D width of one head, N buckets.
"""

import math
from functools import lru_cache
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from danlu.models.layers.attention import SelfAttention, joined_products
from danlu.models.layers.cache import KeyValueCache
from danlu.models.layers.mixing import Mixing
from danlu.models.layers.position import Heads, cut_heads


@final
class RelativePositions(nn.Module):
    """A table [N, H] of biases (Raffel et al. 2020, arXiv:1910.10683, section 2.1, and its code).

    Half of the buckets hold one distance each, the others grow with the logarithm of the distance up to `most_distance`;
    what is farther shares the last. With `both_ways`, half of all buckets are for keys that come later.
    """

    def __init__(self, *, num_buckets: int, num_heads: int, most_distance: int, both_ways: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(num_buckets, num_heads))
        self.most_distance, self.both_ways = most_distance, both_ways

    def bias(self, new: int, seen: int) -> Tensor:
        """[H, new, seen] for the last `new` of `seen` positions."""
        where_TS = _buckets(seen, self.weight.shape[0], self.most_distance, self.both_ways, self.weight.device)
        found_TSH = functional.embedding(where_TS[seen - new :], self.weight)
        return found_TSH.permute(2, 0, 1)


@lru_cache(maxsize=64)
def _buckets(length: int, num_buckets: int, most_distance: int, both_ways: bool, device: torch.device) -> Tensor:
    """[length, length]: the bucket of each pair of query and key."""
    places_T = torch.arange(length, device="cpu")
    return bucket_of(places_T[None, :] - places_T[:, None], num_buckets, most_distance, both_ways).to(device)


def bucket_of(distance: Tensor, num_buckets: int, most_distance: int, both_ways: bool) -> Tensor:
    """Buckets of distances (key less query, any shape); without `both_ways` later keys have bucket 0."""
    first = torch.zeros_like(distance)
    if both_ways:
        num_buckets //= 2
        first = torch.where(distance > 0, num_buckets, 0)
        distance = distance.abs()
    else:
        distance = (-distance).clamp(min=0)
    exact = num_buckets // 2
    # in float32, as others do: a bucket's edge must not move
    growth = torch.log(distance.float() / exact) / math.log(most_distance / exact) * (num_buckets - exact)
    far = (exact + growth.clamp(min=0).long()).clamp(max=num_buckets - 1)
    return first + torch.where(distance < exact, distance, far)


@final
class RelativeFull(Mixing):
    """Each row sees every real position of its text; scores are not scaled, and distances add to them."""

    def __init__(self, positions: RelativePositions) -> None:
        self.positions = positions

    def __call__(self, heads: Heads, layer: int, cache: KeyValueCache | None, lengths_B: Tensor | None) -> Tensor:
        """The mixed values [B, T, H * D]."""
        del layer
        assert cache is None, "a network that reads both ways has no cache"
        length = heads.q_BTHD.shape[1]
        bias_HTS = self.positions.bias(length, length)
        if lengths_B is None:
            return _mix(
                heads.q_BTHD.transpose(1, 2), heads.k_BTKD.transpose(1, 2), heads.v_BTKD.transpose(1, 2), bias_HTS
            )
        real_BS = torch.arange(length, device=lengths_B.device) < lengths_B[:, None]
        bias_BHTS = bias_HTS[None].masked_fill(~real_BS[:, None, None], torch.finfo(bias_HTS.dtype).min)
        return _mix(heads.q_BTHD.transpose(1, 2), heads.k_BTKD.transpose(1, 2), heads.v_BTKD.transpose(1, 2), bias_BHTS)


@final
class RelativeCausal(Mixing):
    """Each row sees itself and what comes before it; scores are not scaled, and distances add to them."""

    def __init__(self, positions: RelativePositions) -> None:
        self.positions = positions

    def __call__(self, heads: Heads, layer: int, cache: KeyValueCache | None, lengths_B: Tensor | None) -> Tensor:
        """The mixed values [B, T, H * D]."""
        del lengths_B
        k_BHSD, v_BHSD = heads.k_BTKD.transpose(1, 2), heads.v_BTKD.transpose(1, 2)
        if cache is not None:
            k_BHSD, v_BHSD = cache.extend(layer, k_BHSD, v_BHSD)
        new, seen = heads.q_BTHD.shape[1], k_BHSD.shape[2]
        later_TS = torch.ones(new, seen, dtype=torch.bool, device=k_BHSD.device).triu(seen - new + 1)
        bias_HTS = self.positions.bias(new, seen)
        bias_HTS = bias_HTS.masked_fill(later_TS, torch.finfo(bias_HTS.dtype).min)
        return _mix(heads.q_BTHD.transpose(1, 2), k_BHSD, v_BHSD, bias_HTS)


def _mix(q_BHTD: Tensor, k_BHSD: Tensor, v_BHSD: Tensor, bias: Tensor) -> Tensor:
    """The mixed values [B, T, H * D]; `bias` [H, T, S] or [B, H, T, S]. torch's own kernels do not learn a bias."""
    scores_BHTS = q_BHTD @ k_BHSD.mT + bias.to(q_BHTD.dtype)
    mixed_BHTD = torch.softmax(scores_BHTS, dim=-1).to(v_BHSD.dtype) @ v_BHSD
    return mixed_BHTD.transpose(1, 2).flatten(2)


@final
class PlainAttention(SelfAttention):
    """No biases and nothing turned: what is told of positions is told by the mixing (T5)."""

    def heads(self, x_BTC: Tensor, norm: nn.Module, tables_2TE: Tensor) -> Heads:
        """Queries, keys and values of norm(x) [B, T, C]."""
        del tables_2TE
        joined_BTO = joined_products(x_BTC, norm, [self.query, self.key, self.value])
        return cut_heads(joined_BTO, self.num_heads, self.head_width)
