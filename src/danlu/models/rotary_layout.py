"""How the rows with rotary positions are stored: config.json and weight names of transformers' classes (>= 4.51)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from danlu.models.architecture import HuggingFaceLayout
from danlu.models.layers.start import EMBEDDING_DEVIATION
from danlu.models.stored import Stored

if TYPE_CHECKING:
    from danlu.models.rotary_decoder import GPTSettings


def rotary_layout(
    model_type: str, class_name: str, layer_names: Mapping[str, str], **fields: object
) -> HuggingFaceLayout:
    """The layout of one row: the names of its layers' own weights, and fields of config.json that only it has."""

    def config(settings: "GPTSettings", vocab_size: int) -> dict[str, Any]:
        return {**_config(settings, vocab_size), **fields}

    def tensors(settings: "GPTSettings") -> tuple[Stored, ...]:
        return _tensors(settings, {**_LAYER_NAMES, **layer_names})

    return HuggingFaceLayout(
        model_type=model_type, class_name=class_name, config=config, settings=read_settings, tensors=tensors
    )


def _config(settings: "GPTSettings", vocab_size: int) -> dict[str, Any]:
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
        "attention_dropout": 0.0,
        "residual_dropout": settings.dropout,  # ours: transformers keeps it and does not use it
        "tie_word_embeddings": settings.tied,
        "use_cache": True,
    }


def read_settings(config: Mapping[str, Any]) -> "GPTSettings":
    """The settings behind a config.json; KeyError or ValueError where it is unusable or asks for what is not here."""
    from danlu.models.rotary_decoder import GPTSettings

    rotary = config.get("rope_parameters") or config.get("rope_scaling") or {}
    _refuse(config, rotary)
    window = _window(config)
    context = config["max_position_embeddings"]
    return GPTSettings(
        width=config["hidden_size"],
        depth=config["num_hidden_layers"],
        num_heads=config["num_attention_heads"],
        num_key_heads=config.get("num_key_value_heads") or config["num_attention_heads"],
        head_width=config.get("head_dim") or _head_width(config),
        inner_width=config["intermediate_size"],
        # a window that slides shows nothing new in texts that fit into it
        context_length=min(context, window) if window else context,
        rotary_base=rotary.get("rope_theta") or config.get("rope_theta") or 10000.0,
        epsilon=config.get("rms_norm_eps", 1e-6),
        dropout=config.get("residual_dropout") or 0.0,
        tied=config.get("tie_word_embeddings", False),
    )


def _window(config: Mapping[str, Any]) -> int | None:
    """How far back attention reaches, where that is not the whole text; the defaults are those of transformers' classes."""
    kind = config["model_type"]
    if kind != "mistral" and not (kind in ("qwen2", "qwen3") and config.get("use_sliding_window", False)):
        return None
    window = config.get("sliding_window", 4096)
    return None if window is None else int(window)


def _head_width(config: Mapping[str, Any]) -> int:
    if config["model_type"] == "qwen3":
        return 128  # the default of its class, whatever the width
    return int(config["hidden_size"]) // int(config["num_attention_heads"])


def _refuse(config: Mapping[str, Any], rotary: Mapping[str, Any]) -> None:
    """ValueError for what would be computed otherwise than the model was trained."""
    kind = rotary.get("rope_type") or rotary.get("type") or "default"
    if kind != "default":
        raise ValueError(f"rope_type {kind!r}: only 'default' is supported")
    if config.get("hidden_act", "silu") != "silu":
        raise ValueError(f"hidden_act {config['hidden_act']!r}: only 'silu' is supported")
    share = config.get("partial_rotary_factor") or rotary.get("partial_rotary_factor") or 1.0
    if share != 1.0:
        raise ValueError(f"partial_rotary_factor {share}: only 1.0 is supported")
    others = set(config.get("layer_types") or ()) - {"full_attention", "sliding_attention"}
    if others:
        raise ValueError(f"layer_types {', '.join(sorted(others))}: not supported")
    biases = [name for name in ("attention_bias", "mlp_bias") if config.get(name)]
    if biases:
        raise ValueError(f"{', '.join(biases)}: not supported")


def _tensors(settings: "GPTSettings", layer_names: Mapping[str, str]) -> tuple[Stored, ...]:
    names = {"embed.weight": "model.embed_tokens.weight", "body.norm.weight": "model.norm.weight"}
    if not settings.tied:
        names["head.matrix"] = "lm_head.weight"
    for layer in range(settings.depth):
        for ours, theirs in layer_names.items():
            names[f"body.blocks.{layer}.{ours}"] = f"model.layers.{layer}.{theirs}"
    return tuple(Stored(theirs, (ours,)) for ours, theirs in names.items())


_LAYER_NAMES = {
    "attention_norm.weight": "input_layernorm.weight",
    "attention.query": "self_attn.q_proj.weight",
    "attention.key": "self_attn.k_proj.weight",
    "attention.value": "self_attn.v_proj.weight",
    "attention.output": "self_attn.o_proj.weight",
    "feedforward_norm.weight": "post_attention_layernorm.weight",
    "feedforward.gate": "mlp.gate_proj.weight",
    "feedforward.up": "mlp.up_proj.weight",
    "feedforward.down": "mlp.down_proj.weight",
}
