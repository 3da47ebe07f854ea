"""Qwen2 (arXiv:2407.10671): Llama's shape with biases on queries, keys and values."""

from danlu.models.layers.attention import BiasedRotaryAttention
from danlu.models.layers.mixing import Causal
from danlu.models.layers.position import Rotary
from danlu.models.rotary_decoder import GPTSettings, Kind, rotary_decoder
from danlu.models.rotary_layout import rotary_layout


def _attention(settings: GPTSettings) -> BiasedRotaryAttention:
    return BiasedRotaryAttention(
        width=settings.width,
        num_heads=settings.num_heads,
        num_key_heads=settings.num_key_heads,
        head_width=settings.head_width,
        turning=Rotary(settings.head_width, settings.rotary_base),
        mixing=Causal(),
    )


ARCHITECTURE = rotary_decoder(
    Kind(
        name="qwen2",
        attention=_attention,
        num_vectors=lambda settings: settings.head_width * (settings.num_heads + 2 * settings.num_key_heads),
    ),
    rotary_layout(
        "qwen2",
        "Qwen2ForCausalLM",
        {
            "attention.query_bias": "self_attn.q_proj.bias",
            "attention.key_bias": "self_attn.k_proj.bias",
            "attention.value_bias": "self_attn.v_proj.bias",
        },
        use_sliding_window=False,
    ),
)
