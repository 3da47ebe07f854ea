"""Attention in an exported graph: masks are numbers instead of branches, and what is remembered grows by joining.

B batch, T new positions, P remembered positions, S = P + T, H query heads, K key and value heads, D width of one head.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from danlu.models.layers.attention import SelfAttention
from danlu.models.layers.cache import KeyValueCache
from danlu.models.layers.mixing import Causal, Full, Local, Mixing
from danlu.models.layers.position import Heads, Rotary, Turning
from danlu.models.layers.relative import RelativeCausal, RelativeFull, RelativePositions, bucket_of


@dataclass(frozen=True, kw_only=True)
class View:
    """What a pass sees: `real_BS` (bool) tells which of all positions stand for tokens, the last `num_new` are new."""

    real_BS: Tensor
    num_new: int

    @property
    def distance_TS(self) -> Tensor:
        """How far a key stands behind a row; negative where it stands before it."""
        keys_S = torch.arange(self.real_BS.shape[1])
        return keys_S[None] - keys_S[self.real_BS.shape[1] - self.num_new :, None]

    @property
    def places_BT(self) -> Tensor:
        """The position of each new token within its text: padding before a text does not count."""
        places_BS = (self.real_BS.long().cumsum(1) - 1).clamp(min=0)
        return places_BS[:, self.real_BS.shape[1] - self.num_new :]


@dataclass(frozen=True, kw_only=True)
class KeyValues:
    """Keys and values [B, K, positions, D] of one layer."""

    k_BKPD: Tensor
    v_BKPD: Tensor


@dataclass(frozen=True, kw_only=True)
class _Sight:
    """Which keys a row sees (bool [T, S], None: all), what is added to scores [H, T, S], and whether they are divided by
    sqrt(D)."""

    seen_TS: Tensor | None = None
    bias_HTS: Tensor | None = None
    scaled: bool = True


def _causal(mixing: Mixing, view: View) -> _Sight:
    del mixing
    return _Sight(seen_TS=view.distance_TS <= 0)


def _full(mixing: Mixing, view: View) -> _Sight:
    del mixing, view
    return _Sight()


def _local(mixing: Mixing, view: View) -> _Sight:
    assert isinstance(mixing, Local)
    return _Sight(seen_TS=view.distance_TS.abs() <= mixing.reach)


def _relative_causal(mixing: Mixing, view: View) -> _Sight:
    assert isinstance(mixing, RelativeCausal)
    return _Sight(seen_TS=view.distance_TS <= 0, bias_HTS=_distances(mixing.positions, view.distance_TS), scaled=False)


def _relative_full(mixing: Mixing, view: View) -> _Sight:
    assert isinstance(mixing, RelativeFull)
    return _Sight(bias_HTS=_distances(mixing.positions, view.distance_TS), scaled=False)


def _distances(positions: RelativePositions, distance_TS: Tensor) -> Tensor:
    table = positions.weight
    where_TS = bucket_of(distance_TS, table.shape[0], positions.most_distance, positions.both_ways)
    return functional.embedding(where_TS, table).permute(2, 0, 1)


SIGHTS: dict[type[Mixing], Callable[[Mixing, View], _Sight]] = {
    Causal: _causal,
    Full: _full,
    Local: _local,
    RelativeCausal: _relative_causal,
    RelativeFull: _relative_full,
}


@final
class GraphMixing(Mixing):
    """What `own` does, in a graph. `past` is joined before the new keys and values; `present` is what came of it."""

    def __init__(self, own: Mixing, view: View, past: KeyValues | None) -> None:
        self._sight = SIGHTS[type(own)](own, view)
        self._real_BS = view.real_BS
        self._past = past
        self.present: KeyValues | None = None

    def __call__(self, heads: Heads, layer: int, cache: KeyValueCache | None, lengths_B: Tensor | None) -> Tensor:
        """The mixed values [B, T, H * D]."""
        del layer, cache, lengths_B
        k_BKSD, v_BKSD = heads.k_BTKD.transpose(1, 2), heads.v_BTKD.transpose(1, 2)
        if self._past is not None:
            k_BKSD = torch.cat([self._past.k_BKPD, k_BKSD], dim=2)
            v_BKSD = torch.cat([self._past.v_BKPD, v_BKSD], dim=2)
        self.present = KeyValues(k_BKPD=k_BKSD, v_BKPD=v_BKSD)
        groups = heads.q_BTHD.shape[2] // k_BKSD.shape[1]
        k_BHSD, v_BHSD = (_for_each_query(x, groups) for x in (k_BKSD, v_BKSD))
        scores_BHTS = heads.q_BTHD.transpose(1, 2) @ k_BHSD.mT
        if self._sight.scaled:
            scores_BHTS = scores_BHTS * heads.q_BTHD.shape[-1] ** -0.5
        share_BHTS = torch.softmax(scores_BHTS + self._bias(), dim=-1)
        return (share_BHTS @ v_BHSD).transpose(1, 2).flatten(2)

    def _bias(self) -> Tensor:
        """[B, 1 or H, 1 or T, S]: what is added to scores; the least number hides a key."""
        sight, lowest = self._sight, torch.finfo(torch.float32).min
        seen = self._real_BS[:, None, None]
        if sight.seen_TS is not None:
            seen = seen & sight.seen_TS
        hidden = torch.where(seen, 0.0, lowest)
        return hidden if sight.bias_HTS is None else torch.where(seen, sight.bias_HTS[None], lowest)


def _for_each_query(x_BKSD: Tensor, groups: int) -> Tensor:
    """[B, H, S, D]: each key head stands for `groups` query heads."""
    if groups == 1:
        return x_BKSD
    batch, keys, length, width = x_BKSD.shape
    return x_BKSD[:, :, None].expand(batch, keys, groups, length, width).reshape(batch, keys * groups, length, width)


@final
class GraphTurning(Turning):
    """Turns each text by the positions that it was made for."""

    def __init__(self, table_2PE: Tensor, places_BT: Tensor) -> None:
        self._tables_2BTE = torch.stack([functional.embedding(places_BT, table_PE) for table_PE in table_2PE])

    def tables(self, start: int, end: int, device: torch.device) -> Tensor:
        """[2, B, T, E]."""
        del start, end, device
        return self._tables_2BTE

    def row_tables(self, num_windows: int, length: int, device: torch.device) -> Tensor:
        """Compiled blocks do not stand in a graph."""
        raise AssertionError("a graph has no windows end to end")


@final
class GraphAttentions(nn.Module):
    """The attention parts of a network, and tables of the angles by which they turn positions up to `context`.

    Tables are made before the trace: torch's tracer puts stand-ins for tensors into whatever remembers them.
    """

    def __init__(self, parts: Sequence[SelfAttention], context: int) -> None:
        super().__init__()
        self._parts = tuple(parts)
        self._tables: dict[Turning, Tensor] = {}
        for turning in dict.fromkeys(part.turning for part in parts if isinstance(part.turning, Rotary)):
            table_2PE = turning.tables(0, context, torch.device("cpu")).clone()
            self.register_buffer(f"angles_{len(self._tables)}", table_2PE)
            self._tables[turning] = table_2PE

    def __len__(self) -> int:
        return len(self._parts)

    @property
    def past_shape(self) -> tuple[int, int]:
        """Key heads and the width of one."""
        return self._parts[0].num_key_heads, self._parts[0].head_width

    @contextmanager
    def seeing(self, view: View, pasts: Sequence[KeyValues] | None = None) -> Iterator[list[GraphMixing]]:
        """Inside, each part sees what `view` tells, after its past; then all is as before."""
        before = [(part.mixing, part.turning) for part in self._parts]
        known = [None] * len(self._parts) if pasts is None else pasts
        mixings = [GraphMixing(part.mixing, view, past) for part, past in zip(self._parts, known, strict=True)]
        turnings = {own: GraphTurning(table_2PE, view.places_BT) for own, table_2PE in self._tables.items()}
        try:
            for part, mixing in zip(self._parts, mixings, strict=True):
                part.mixing, part.turning = mixing, turnings.get(part.turning, part.turning)
            yield mixings
        finally:
            for part, (own, turning) in zip(self._parts, before, strict=True):
                part.mixing, part.turning = own, turning
