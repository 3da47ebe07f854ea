"""Self-attention: queries, keys and values of one layer, mixed over positions and projected back.

B batch, T positions, H query heads, K key and value heads (H is a multiple of K), D width of one head, C width,
E half of D where positions turn heads, 0 where they do not.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from danlu.models.layers.cache import KeyValueCache
from danlu.models.layers.mixing import Mixing
from danlu.models.layers.norm import RMSNorm, normed_linear
from danlu.models.layers.position import Heads, Turning, Unturned, cut_heads, plain_turn, split_heads


@dataclass(frozen=True, kw_only=True)
class HeadParts:
    """What makes turned heads of a normed vector: the joined matrix of queries, keys and values, their joined bias, and the
    gains of the RMSNorm of queries and keys (H + K of them) with its epsilon; None where a kind has none."""

    matrix_OC: Tensor
    bias_O: Tensor | None = None
    gains_ND: Tensor | None = None
    epsilon: float = 0.0


class SelfAttention(nn.Module, ABC):
    """Multi-head attention (Vaswani et al. 2017, arXiv:1706.03762, section 3.2): what all kinds share.

    With `num_key_heads` < `num_heads`, groups of query heads share one key head (Ainslie et al. 2023,
    arXiv:2305.13245). Matrices: query, key, value and output, [outputs, inputs].
    """

    output_bias: nn.Parameter | None

    def __init__(
        self, *, width: int, num_heads: int, num_key_heads: int, head_width: int, turning: Turning, mixing: Mixing
    ) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.empty(num_heads * head_width, width))
        self.key = nn.Parameter(torch.empty(num_key_heads * head_width, width))
        self.value = nn.Parameter(torch.empty(num_key_heads * head_width, width))
        self.output = nn.Parameter(torch.empty(width, num_heads * head_width))
        self.register_parameter("output_bias", None)
        self.num_heads, self.num_key_heads, self.head_width = num_heads, num_key_heads, head_width
        self.turning, self.mixing = turning, mixing

    @abstractmethod
    def heads(self, x_BTC: Tensor, norm: nn.Module, tables_2TE: Tensor) -> Heads:
        """Queries, keys and values of norm(x) [B, T, C], turned by `tables_2TE`, which holds T positions."""

    def parts(self) -> HeadParts | None:
        """What `heads` computes with, for decoding (models/folded.py); None for kinds that do not turn their heads."""
        return None

    def _joined(self) -> Tensor:
        return torch.cat([self.query, self.key, self.value])

    def attend(self, heads: Heads, layer: int, cache: KeyValueCache | None, lengths_B: Tensor | None = None) -> Tensor:
        """The mixed values [B, T, H * D]; keys and values are added to `cache` at the place `layer`."""
        return self.mixing(heads, layer, cache, lengths_B)

    def project(self, mixed_BTO: Tensor) -> Tensor:
        """Mixed values [B, T, H * D] back to [B, T, C]."""
        return functional.linear(mixed_BTO, self.output, self.output_bias)


@final
class NormedRotaryAttention(SelfAttention):
    """The shape of Qwen3 (arXiv:2505.09388, section 2): queries and keys pass an RMSNorm each, then rotary positions turn
    the two halves of a head. No biases."""

    def __init__(
        self,
        *,
        width: int,
        num_heads: int,
        num_key_heads: int,
        head_width: int,
        turning: Turning,
        mixing: Mixing,
        epsilon: float,
    ) -> None:
        super().__init__(
            width=width,
            num_heads=num_heads,
            num_key_heads=num_key_heads,
            head_width=head_width,
            turning=turning,
            mixing=mixing,
        )
        self.query_norm = RMSNorm(head_width, epsilon=epsilon)
        self.key_norm = RMSNorm(head_width, epsilon=epsilon)

    def heads(self, x_BTC: Tensor, norm: nn.Module, tables_2TE: Tensor) -> Heads:
        """Queries, keys and values of norm(x) [B, T, C], turned by `tables_2TE`, which holds T positions."""
        assert isinstance(norm, RMSNorm)
        joined_BTO = normed_linear(x_BTC, norm, [self.query, self.key, self.value])
        return split_heads(joined_BTO, self.query_norm, self.key_norm, tables_2TE, self.num_heads)

    def parts(self) -> HeadParts:
        """The joined matrix and the gains."""
        queries_HD = self.query_norm.weight.expand(self.num_heads, -1)
        keys_KD = self.key_norm.weight.expand(self.num_key_heads, -1)
        gains_ND = torch.cat([queries_HD, keys_KD])
        return HeadParts(matrix_OC=self._joined(), gains_ND=gains_ND, epsilon=self.query_norm.epsilon)


@final
class RotaryAttention(SelfAttention):
    """Rotary positions alone (Su et al. 2021, arXiv:2104.09864), without biases: Llama, Mistral and modern encoders."""

    def heads(self, x_BTC: Tensor, norm: nn.Module, tables_2TE: Tensor) -> Heads:
        """Queries, keys and values of norm(x) [B, T, C], turned by `tables_2TE`, which holds T positions."""
        joined_BTO = joined_products(x_BTC, norm, [self.query, self.key, self.value])
        return turned(cut_heads(joined_BTO, self.num_heads, self.head_width), tables_2TE)

    def parts(self) -> HeadParts:
        """The joined matrix alone."""
        return HeadParts(matrix_OC=self._joined())


@final
class BiasedRotaryAttention(SelfAttention):
    """Rotary positions, and biases on queries, keys and values (Qwen2, arXiv:2407.10671, section 2.2)."""

    def __init__(
        self, *, width: int, num_heads: int, num_key_heads: int, head_width: int, turning: Turning, mixing: Mixing
    ) -> None:
        super().__init__(
            width=width,
            num_heads=num_heads,
            num_key_heads=num_key_heads,
            head_width=head_width,
            turning=turning,
            mixing=mixing,
        )
        self.query_bias = nn.Parameter(torch.empty(num_heads * head_width))
        self.key_bias = nn.Parameter(torch.empty(num_key_heads * head_width))
        self.value_bias = nn.Parameter(torch.empty(num_key_heads * head_width))

    def heads(self, x_BTC: Tensor, norm: nn.Module, tables_2TE: Tensor) -> Heads:
        """Queries, keys and values of norm(x) [B, T, C], turned by `tables_2TE`, which holds T positions."""
        joined_BTO = joined_products(x_BTC, norm, [self.query, self.key, self.value])
        joined_BTO = joined_BTO + self._joined_bias().to(joined_BTO.dtype)
        return turned(cut_heads(joined_BTO, self.num_heads, self.head_width), tables_2TE)

    def parts(self) -> HeadParts:
        """The joined matrix and bias."""
        return HeadParts(matrix_OC=self._joined(), bias_O=self._joined_bias())

    def _joined_bias(self) -> Tensor:
        return torch.cat([self.query_bias, self.key_bias, self.value_bias])


@final
class BiasedAttention(SelfAttention):
    """Biases on all four products, and no positions of its own: the classic shape of GPT-2, BERT and BART."""

    def __init__(self, *, width: int, num_heads: int, head_width: int, mixing: Mixing) -> None:
        super().__init__(
            width=width,
            num_heads=num_heads,
            num_key_heads=num_heads,
            head_width=head_width,
            turning=Unturned(),
            mixing=mixing,
        )
        self.query_bias = nn.Parameter(torch.empty(num_heads * head_width))
        self.key_bias = nn.Parameter(torch.empty(num_heads * head_width))
        self.value_bias = nn.Parameter(torch.empty(num_heads * head_width))
        self.output_bias = nn.Parameter(torch.empty(width))

    def heads(self, x_BTC: Tensor, norm: nn.Module, tables_2TE: Tensor) -> Heads:
        """Queries, keys and values of norm(x) [B, T, C]."""
        del tables_2TE
        matrix = torch.cat([self.query, self.key, self.value])
        bias = torch.cat([self.query_bias, self.key_bias, self.value_bias])
        return cut_heads(functional.linear(norm(x_BTC), matrix, bias), self.num_heads, self.head_width)


def joined_products(x_BTC: Tensor, norm: nn.Module, matrices: list[nn.Parameter]) -> Tensor:
    """The products of norm(x) with all matrices, side by side; by the fast way where the norm has one."""
    if isinstance(norm, RMSNorm):
        return normed_linear(x_BTC, norm, matrices)
    return functional.linear(norm(x_BTC), torch.cat(list(matrices)))


def turned(heads: Heads, tables_2TE: Tensor) -> Heads:
    """Queries and keys turned by `tables_2TE`, in float32 as both programs of the field do."""
    dtype = heads.q_BTHD.dtype
    return Heads(
        q_BTHD=plain_turn(heads.q_BTHD.float(), tables_2TE).to(dtype),
        k_BTKD=plain_turn(heads.k_BTKD.float(), tables_2TE).to(dtype),
        v_BTKD=heads.v_BTKD,
    )
