"""A left-to-right transformer folded for decoding on a CPU: one new position of each of several texts at a time.

For so few rows the network's own modules spend most of their time between products: joining matrices, widening tables,
norms in five operations. Here that is done once. The gain of a norm is multiplied into the matrix that reads the normed
vector, matrices that read the same vector are joined and kept as few rows need them (layers/few_rows.py). What is left is
the same arithmetic, in about 30 operations a layer.

B texts, C width, V vocabulary, H query heads, K key heads, N = H + K, D width of one head, E = D / 2, O outputs of the
joined products, T capacity of the cache, L layers.
"""

import math
from dataclasses import dataclass
from typing import Self, final

import torch
from torch import Tensor
from torch.nn import functional

from danlu.models.heads import FreeHead, TiedHead
from danlu.models.layers.block import PreNormBlock
from danlu.models.layers.cache import KeyValueCache
from danlu.models.layers.embedding import TokenEmbedding
from danlu.models.layers.feedforward import GatedFeedForward
from danlu.models.layers.few_rows import ROW_PRODUCTS, RowProduct
from danlu.models.layers.mixing import Causal
from danlu.models.layers.norm import RMSNorm
from danlu.models.layers.position import Turning
from danlu.models.model import LanguageModel
from danlu.models.stack import Stack


@final
@dataclass(frozen=True, kw_only=True)
class FoldedLayer:
    """The products of one block; gains are in `joined` and `gated`.

    `bias_O` and `gains_ND` (of queries and keys, times the root of D) are None where attention has none. `stream_shift`,
    `head_shift`: what the square roots of norms add, as a length (root of width times epsilon).
    """

    joined: RowProduct
    bias_O: Tensor | None
    gains_ND: Tensor | None
    output: RowProduct
    gated: RowProduct
    down: RowProduct
    num_heads: int
    num_key_heads: int
    head_shift: Tensor
    stream_shift: tuple[Tensor, Tensor]

    @classmethod
    def of(cls, block: PreNormBlock, kept: type[RowProduct]) -> Self | None:
        """Matrices as `kept` keeps them; None where a part is of another kind than is folded here."""
        attention, feedforward, heads = block.attention, block.feedforward, block.attention.parts()
        before, between = block.attention_norm, block.feedforward_norm
        if heads is None or not isinstance(attention.mixing, Causal) or not isinstance(feedforward, GatedFeedForward):
            return None
        if not isinstance(before, RMSNorm) or not isinstance(between, RMSNorm):
            return None
        gates = torch.cat([feedforward.gate, feedforward.up])
        root = math.sqrt(attention.head_width)
        return cls(
            joined=kept(_gained(heads.matrix_OC, before)),
            bias_O=heads.bias_O,
            gains_ND=None if heads.gains_ND is None else heads.gains_ND * root,
            output=kept(attention.output),
            gated=kept(_gained(gates, between)),
            down=kept(feedforward.down),
            num_heads=attention.num_heads,
            num_key_heads=attention.num_key_heads,
            head_shift=torch.tensor(root * math.sqrt(heads.epsilon)),
            stream_shift=(_shift(before), _shift(between)),
        )

    def step(self, x_BC: Tensor, memory: tuple[Tensor, Tensor], place: int, tables: tuple[Tensor, Tensor]) -> None:
        """Adds the layer's two parts to `x_BC`, in place; `memory` are its keys and values [B, K, T, D], of which `place`
        are read. `tables`: cosines and signed sines [N, D] or [D] of the new position, times the gains."""
        mixed_BHD = self._mixed(self.joined(_unit(x_BC, self.stream_shift[0])), memory, place, tables)
        x_BC.add_(self.output(mixed_BHD.view(x_BC.shape[0], -1)))
        gate_BF, up_BF = self.gated(_unit(x_BC, self.stream_shift[1])).chunk(2, -1)
        x_BC.add_(self.down(functional.silu(gate_BF).mul_(up_BF)))

    def _mixed(
        self, joined_BO: Tensor, memory: tuple[Tensor, Tensor], place: int, tables: tuple[Tensor, Tensor]
    ) -> Tensor:
        if self.bias_O is not None:
            joined_BO = joined_BO + self.bias_O
        keys_BKTD, values_BKTD = memory
        num_heads, num_keys, width = self.num_heads, self.num_key_heads, keys_BKTD.shape[-1]
        all_BMD = joined_BO.view(joined_BO.shape[0], -1, width)
        both_BND = all_BMD.narrow(1, 0, num_heads + num_keys)
        turned_BND = torch.addcmul(both_BND * tables[0], both_BND.roll(width // 2, -1), tables[1])
        if self.gains_ND is not None:
            turned_BND.div_(_lengths(both_BND, self.head_shift))
        keys_BKTD.select(2, place).copy_(turned_BND.narrow(1, num_heads, num_keys))
        values_BKTD.select(2, place).copy_(all_BMD.narrow(1, num_heads + num_keys, num_keys))
        return functional.scaled_dot_product_attention(
            turned_BND.narrow(1, 0, num_heads).unsqueeze(2),
            keys_BKTD.narrow(2, 0, place + 1),
            values_BKTD.narrow(2, 0, place + 1),
            enable_gqa=num_heads != num_keys,
        )


@final
class FoldedModel:
    """The folded form of a LanguageModel: a copy of its matrices at the time of folding, for decoding alone."""

    def __init__(
        self, model: LanguageModel, norm: RMSNorm, layers: list[FoldedLayer], turning: Turning, kept: type[RowProduct]
    ) -> None:
        self.embed_VC = model.embed.weight.detach()
        self.head = kept(_gained(model.head.weight, norm))
        self.shift = _shift(norm)
        self.layers, self.turning = layers, turning
        gains = [layer.gains_ND for layer in layers if layer.gains_ND is not None]
        self.gains_LND = torch.stack(gains) if gains else None
        # A head turned by half its width meets the sines of the other half: so do its gains.
        self.swapped_LND = None if self.gains_LND is None else self.gains_LND.roll(self.gains_LND.shape[-1] // 2, -1)

    @torch.no_grad()
    def scores(self, ids_B: Tensor, cache: KeyValueCache) -> Tensor:
        """Scores [B, V] of what follows the tokens `ids_B` (int64), which stand behind the positions in `cache`.

        `cache` must have room for one position more; it is extended by it.
        """
        place = cache.length
        x_BC = functional.embedding(ids_B, self.embed_VC)
        memory = zip(cache.memory_2LBKTD[0], cache.memory_2LBKTD[1], strict=True)
        for layer, kept, tables in zip(self.layers, memory, self._tables(place), strict=True):
            layer.step(x_BC, kept, place, tables)
        cache.advance(1)
        return self.head(_unit(x_BC, self.shift)).float()

    def _tables(self, place: int) -> list[tuple[Tensor, Tensor]]:
        """Cosines and signed sines of the position `place`, for each layer, times its gains where it has them."""
        cos_E, sin_E = self.turning.tables(place, place + 1, self.embed_VC.device)[:, 0]
        cos_D, sin_D = torch.cat([cos_E, cos_E]), torch.cat([-sin_E, sin_E])
        if self.gains_LND is None or self.swapped_LND is None:
            return [(cos_D, sin_D)] * len(self.layers)
        return list(zip(self.gains_LND * cos_D, self.swapped_LND * sin_D, strict=True))


def fold(model: LanguageModel, dtype: str = "float32") -> FoldedModel | None:
    """The folded form of `model`, whose matrices are copied and kept in `dtype`, one of ROW_PRODUCTS; the stream between
    them, keys and values are float32.

    None for rows that have none, for other devices than the CPU, and for weights that are not float32: modules decode them.
    """
    body, embed, head = model.body, model.embed, model.head
    if (
        not isinstance(body, Stack)
        or not isinstance(embed, TokenEmbedding)
        or not isinstance(head, TiedHead | FreeHead)
    ):
        return None
    plain = all(weight.device.type == "cpu" and weight.dtype == torch.float32 for weight in model.parameters())
    if not plain or not isinstance(body.norm, RMSNorm):
        return None
    blocks = [block for block in body.blocks if isinstance(block, PreNormBlock)]
    with torch.no_grad():
        found = [FoldedLayer.of(block, ROW_PRODUCTS[dtype]) for block in blocks]
        layers = [layer for layer in found if layer is not None]
        if len(layers) != len(body.blocks):
            return None
        return FoldedModel(model, body.norm, layers, blocks[0].attention.turning, ROW_PRODUCTS[dtype])


def _gained(matrix_OC: Tensor, norm: RMSNorm) -> Tensor:
    """Times the gains of the norm before it, and the root of the width that `_unit` leaves out."""
    return matrix_OC * (norm.weight * math.sqrt(matrix_OC.shape[1]))


def _shift(norm: RMSNorm) -> Tensor:
    return torch.tensor(math.sqrt(norm.weight.shape[0] * norm.epsilon))


def _unit(x_BC: Tensor, shift: Tensor) -> Tensor:
    """x over the root of its squares' sum and of the shift's: RMSNorm without gain and without the root of the width."""
    return x_BC / _lengths(x_BC, shift)


def _lengths(x: Tensor, shift: Tensor) -> Tensor:
    return torch.hypot(torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32), shift)
