"""The default GPT, exactly `Qwen3ForCausalLM`: pre-norm, rotary positions, normed queries and keys, gated MLP, tied head."""

from danlu.models.layers.attention import NormedRotaryAttention
from danlu.models.layers.mixing import Causal
from danlu.models.layers.position import Rotary
from danlu.models.rotary_decoder import GPTSettings, Kind, rotary_decoder
from danlu.models.rotary_layout import rotary_layout


def _attention(settings: GPTSettings) -> NormedRotaryAttention:
    return NormedRotaryAttention(
        width=settings.width,
        num_heads=settings.num_heads,
        num_key_heads=settings.num_key_heads,
        head_width=settings.head_width,
        turning=Rotary(settings.head_width, settings.rotary_base),
        mixing=Causal(),
        epsilon=settings.epsilon,
    )


ARCHITECTURE = rotary_decoder(
    Kind(name="gpt", attention=_attention, num_vectors=lambda settings: 2 * settings.head_width),
    rotary_layout(
        "qwen3",
        "Qwen3ForCausalLM",
        {
            "attention.query_norm.weight": "self_attn.q_norm.weight",
            "attention.key_norm.weight": "self_attn.k_norm.weight",
        },
        attention_bias=False,
        use_sliding_window=False,
    ),
)
