"""Self-attention with rotary positions and normed queries and keys.

B batch, T positions, H query heads, K key and value heads (H is a multiple of K), D width of one head, C width.
"""

from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from danlu.models.layers.cache import KeyValueCache
from danlu.models.layers.norm import RMSNorm, normed_linear
from danlu.models.layers.paths import on_cpu
from danlu.models.layers.position import Heads, rotary_tables, split_heads
from danlu.models.layers.products import causal_attention


@final
class Attention(nn.Module):
    """Causal attention (Vaswani et al. 2017, arXiv:1706.03762) in the shape of Qwen3 (arXiv:2505.09388, section 2).

    Rotary positions turn the two halves of a head; queries and keys pass an RMSNorm each, before they are turned;
    with `num_key_heads` < `num_heads`, groups of query heads share one key head (Ainslie et al. 2023,
    arXiv:2305.13245). No biases.
    """

    def __init__(
        self,
        *,
        width: int,
        num_heads: int,
        num_key_heads: int,
        head_width: int,
        rotary_base: float,
        epsilon: float,
    ) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.empty(num_heads * head_width, width))
        self.key = nn.Parameter(torch.empty(num_key_heads * head_width, width))
        self.value = nn.Parameter(torch.empty(num_key_heads * head_width, width))
        self.output = nn.Parameter(torch.empty(width, num_heads * head_width))
        self.query_norm = RMSNorm(head_width, epsilon=epsilon)
        self.key_norm = RMSNorm(head_width, epsilon=epsilon)
        self.num_heads, self.num_key_heads, self.head_width = num_heads, num_key_heads, head_width
        self.rotary_base = rotary_base

    def heads(self, x_BTC: Tensor, norm: RMSNorm, tables_2TE: Tensor) -> Heads:
        """Queries, keys and values of norm(x) [B, T, C], turned by `tables_2TE`, which holds T positions."""
        joined_BTO = normed_linear(x_BTC, norm, [self.query, self.key, self.value])
        return split_heads(joined_BTO, self.query_norm, self.key_norm, tables_2TE, self.num_heads)

    def tables(self, start: int, end: int, device: torch.device) -> Tensor:
        """Cosines and sines [2, end - start, D / 2] of the positions `start` to `end` - 1."""
        return rotary_tables(start, end, self.head_width, self.rotary_base, device)

    def attend(self, heads: Heads, layer: int, cache: KeyValueCache | None) -> Tensor:
        """The mixed values [B, T, H * D]; keys and values are added to `cache` at the place `layer`."""
        return self._attend(heads, layer, cache).transpose(1, 2).flatten(2)

    def project(self, mixed_BTO: Tensor) -> Tensor:
        """Mixed values [B, T, H * D] back to [B, T, C]."""
        return functional.linear(mixed_BTO, self.output)

    def _attend(self, heads: Heads, layer: int, cache: KeyValueCache | None) -> Tensor:
        q_BHTD = heads.q_BTHD.transpose(1, 2)
        k_BKTD, v_BKTD = heads.k_BTKD.transpose(1, 2), heads.v_BTKD.transpose(1, 2)
        grouped = self.num_key_heads != self.num_heads
        mask_TT = None
        if cache is None and not grouped and on_cpu(q_BHTD):
            return causal_attention(q_BHTD, k_BKTD, v_BKTD)
        if cache is not None:
            k_BKTD, v_BKTD = cache.extend(layer, k_BKTD, v_BKTD)
            new, seen = q_BHTD.shape[2], k_BKTD.shape[2]
            if new > 1 and seen > new:
                mask_TT = torch.ones(new, seen, dtype=torch.bool, device=q_BHTD.device).tril(seen - new)
        return functional.scaled_dot_product_attention(
            q_BHTD,
            k_BKTD,
            v_BKTD,
            attn_mask=mask_TT,
            is_causal=mask_TT is None and q_BHTD.shape[2] > 1,
            enable_gqa=grouped,
        )
