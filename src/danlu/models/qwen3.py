"""The layout of `gpt` on disk: config.json and weight names of transformers' `Qwen3ForCausalLM` (transformers >= 4.51)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from danlu.models.architecture import HuggingFaceLayout
from danlu.models.layers.start import EMBEDDING_DEVIATION

if TYPE_CHECKING:
    from danlu.models.gpt import GPTSettings


def write_config(settings: "GPTSettings", vocab_size: int) -> dict[str, Any]:
    """The fields of config.json that the shape decides."""
    return {
        "vocab_size": vocab_size,
        "hidden_size": settings.width,
        "intermediate_size": settings.inner_width,
        "num_hidden_layers": settings.depth,
        "num_attention_heads": settings.num_heads,
        "num_key_value_heads": settings.num_key_heads,
        "head_dim": settings.head_width,
        "hidden_act": "silu",
        "max_position_embeddings": settings.context_length,
        "initializer_range": EMBEDDING_DEVIATION,
        "rms_norm_eps": settings.epsilon,
        "rope_theta": settings.rotary_base,  # read by transformers 4
        "rope_parameters": {"rope_type": "default", "rope_theta": settings.rotary_base},  # by transformers 5
        "attention_bias": False,
        "attention_dropout": 0.0,
        "residual_dropout": settings.dropout,  # ours: transformers keeps it and does not use it
        "use_sliding_window": False,
        "sliding_window": None,
        "max_window_layers": settings.depth,
        "layer_types": ["full_attention"] * settings.depth,
        "tie_word_embeddings": settings.tied,
        "use_cache": True,
    }


def read_settings(config: Mapping[str, Any]) -> "GPTSettings":
    """The settings behind a config.json of Qwen3; KeyError or pydantic's ValidationError where it is unusable."""
    from danlu.models.gpt import GPTSettings

    rotary = config.get("rope_parameters") or {}
    return GPTSettings(
        width=config["hidden_size"],
        depth=config["num_hidden_layers"],
        num_heads=config["num_attention_heads"],
        num_key_heads=config.get("num_key_value_heads") or config["num_attention_heads"],
        head_width=config.get("head_dim") or 128,
        inner_width=config["intermediate_size"],
        context_length=config["max_position_embeddings"],
        rotary_base=rotary.get("rope_theta") or config.get("rope_theta") or 10000.0,
        epsilon=config.get("rms_norm_eps", 1e-6),
        dropout=config.get("residual_dropout") or 0.0,
        tied=config.get("tie_word_embeddings", False),
    )


def weight_names(settings: "GPTSettings") -> dict[str, str]:
    """Our parameter name -> theirs, for every parameter."""
    names = {"embed.weight": "model.embed_tokens.weight", "body.norm.weight": "model.norm.weight"}
    if not settings.tied:
        names["head.matrix"] = "lm_head.weight"
    for layer in range(settings.depth):
        for ours, theirs in _LAYER_NAMES.items():
            names[f"body.blocks.{layer}.{ours}"] = f"model.layers.{layer}.{theirs}.weight"
    return names


_LAYER_NAMES = {
    "attention_norm.weight": "input_layernorm",
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.output": "self_attn.o_proj",
    "attention.query_norm.weight": "self_attn.q_norm",
    "attention.key_norm.weight": "self_attn.k_norm",
    "feedforward_norm.weight": "post_attention_layernorm",
    "feedforward.gate": "mlp.gate_proj",
    "feedforward.up": "mlp.up_proj",
    "feedforward.down": "mlp.down_proj",
}

LAYOUT = HuggingFaceLayout(
    model_type="qwen3",
    class_name="Qwen3ForCausalLM",
    config=write_config,
    settings=read_settings,
    names=weight_names,
)
