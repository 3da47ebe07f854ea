"""Llama (Touvron et al. 2023, arXiv:2302.13971; grouped heads: arXiv:2307.09288): the GPT without norms on queries and keys."""

from danlu.models.layers.attention import RotaryAttention
from danlu.models.layers.mixing import Causal
from danlu.models.layers.position import Rotary
from danlu.models.rotary_decoder import GPTSettings, Kind, rotary_decoder
from danlu.models.rotary_layout import rotary_layout


def rotary_attention(settings: GPTSettings) -> RotaryAttention:
    """Causal attention of the shape of Llama."""
    return RotaryAttention(
        width=settings.width,
        num_heads=settings.num_heads,
        num_key_heads=settings.num_key_heads,
        head_width=settings.head_width,
        turning=Rotary(settings.head_width, settings.rotary_base),
        mixing=Causal(),
    )


ARCHITECTURE = rotary_decoder(
    Kind(name="llama", attention=rotary_attention, num_vectors=lambda _: 0),
    rotary_layout("llama", "LlamaForCausalLM", {}, attention_bias=False, mlp_bias=False),
)
