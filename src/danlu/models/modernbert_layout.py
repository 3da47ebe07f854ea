"""How `modernbert` is stored: config.json and weight names of transformers' `ModernBertForMaskedLM`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from danlu.models.architecture import HuggingFaceLayout
from danlu.models.layers.start import EMBEDDING_DEVIATION
from danlu.models.stored import Stored

if TYPE_CHECKING:
    from danlu.models.modernbert import ModernBertSettings


def layout(kind: "type[ModernBertSettings]") -> HuggingFaceLayout:
    """The layout; `kind` are the settings that it reads."""

    def read(config: Mapping[str, Any]) -> "ModernBertSettings":
        return _read(kind, config)

    return HuggingFaceLayout(
        model_type="modernbert",
        class_name="ModernBertForMaskedLM",
        config=write_config,
        settings=read,
        tensors=tensors,
    )


def write_config(settings: "ModernBertSettings", vocab_size: int) -> dict[str, Any]:
    """The fields of config.json that the shape decides."""
    kinds = [
        "sliding_attention" if layer % settings.global_every else "full_attention" for layer in range(settings.depth)
    ]
    return {
        "vocab_size": vocab_size,
        "hidden_size": settings.width,
        "num_hidden_layers": settings.depth,
        "num_attention_heads": settings.num_heads,
        "intermediate_size": settings.inner_width,
        "hidden_activation": "gelu",
        "max_position_embeddings": settings.context_length,
        "norm_eps": settings.epsilon,
        "norm_bias": False,
        "attention_bias": False,
        "mlp_bias": False,
        "attention_dropout": 0.0,
        "embedding_dropout": settings.dropout,
        "mlp_dropout": settings.dropout,
        "global_attn_every_n_layers": settings.global_every,
        "layer_types": kinds,
        "local_attention": 2 * settings.local_reach,
        "global_rope_theta": settings.rotary_base,
        "local_rope_theta": settings.local_rotary_base,
        "rope_parameters": {
            "full_attention": {"rope_type": "default", "rope_theta": settings.rotary_base},
            "sliding_attention": {"rope_type": "default", "rope_theta": settings.local_rotary_base},
        },
        "decoder_bias": True,
        "classifier_bias": False,
        "classifier_activation": "gelu",
        "initializer_range": EMBEDDING_DEVIATION,
        "tie_word_embeddings": True,
    }


def _read(kind: "type[ModernBertSettings]", config: Mapping[str, Any]) -> "ModernBertSettings":
    """KeyError or ValueError where the config.json is unusable or asks for what is not here."""
    asked = [name for name in ("norm_bias", "attention_bias", "mlp_bias", "classifier_bias") if config.get(name)]
    if asked:
        raise ValueError(f"{', '.join(asked)}: not supported")
    _refuse(config)
    rotary = config.get("rope_parameters") or {}
    bases = {name: (rotary.get(name) or {}).get("rope_theta") for name in ("full_attention", "sliding_attention")}
    return kind(
        width=config["hidden_size"],
        depth=config["num_hidden_layers"],
        num_heads=config["num_attention_heads"],
        inner_width=config["intermediate_size"],
        context_length=config["max_position_embeddings"],
        epsilon=config.get("norm_eps", 1e-5),
        dropout=config.get("mlp_dropout", 0.0),
        global_every=_global_every(config),
        local_reach=config.get("local_attention", 128) // 2,
        rotary_base=bases["full_attention"] or config.get("global_rope_theta", 160_000.0),
        local_rotary_base=bases["sliding_attention"] or config.get("local_rope_theta", 10_000.0),
    )


def _global_every(config: Mapping[str, Any]) -> int:
    """Which layers see the whole window: a number, or to be told from the list of layers (transformers 5)."""
    kinds = config.get("layer_types")
    if "global_attn_every_n_layers" in config or not kinds:
        return int(config.get("global_attn_every_n_layers", 3))
    return next((layer for layer, kind in enumerate(kinds) if layer and kind == "full_attention"), len(kinds))


def _refuse(config: Mapping[str, Any]) -> None:
    """ValueError for what would be computed otherwise than the model was trained."""
    for name in ("hidden_activation", "classifier_activation"):
        if config.get(name, "gelu") != "gelu":
            raise ValueError(f"{name} {config[name]!r}: only 'gelu' is supported")
    if not config.get("decoder_bias", True):
        raise ValueError("decoder_bias false: not supported")
    every = _global_every(config)
    kinds = ["sliding_attention" if layer % every else "full_attention" for layer in range(config["num_hidden_layers"])]
    if config.get("layer_types") not in (None, kinds):
        raise ValueError("layer_types: only a whole window in every n-th layer, the first included, is supported")
    for name, rotary in (config.get("rope_parameters") or {}).items():
        if isinstance(rotary, Mapping) and rotary.get("rope_type", "default") != "default":
            raise ValueError(f"rope_parameters.{name}.rope_type {rotary['rope_type']!r}: only 'default' is supported")


def tensors(settings: "ModernBertSettings") -> tuple[Stored, ...]:
    """How every parameter is stored."""
    found = [
        Stored("model.embeddings.tok_embeddings.weight", ("embed.weight",)),
        Stored("model.embeddings.norm.weight", ("embed.norm.weight",)),
        Stored("model.final_norm.weight", ("body.norm.weight",)),
        Stored("head.dense.weight", ("head.dense",)),
        Stored("head.norm.weight", ("head.norm.weight",)),
        Stored("decoder.bias", ("head.bias",)),
    ]
    for layer in range(settings.depth):
        for theirs, ours in _LAYER:
            if layer or theirs != "attn_norm.weight":
                names = tuple(f"body.blocks.{layer}.{name}" for name in ours)
                found.append(Stored(f"model.layers.{layer}.{theirs}", names))
    return tuple(found)


_LAYER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("attn_norm.weight", ("attention_norm.weight",)),
    ("attn.Wqkv.weight", ("attention.query", "attention.key", "attention.value")),
    ("attn.Wo.weight", ("attention.output",)),
    ("mlp_norm.weight", ("feedforward_norm.weight",)),
    ("mlp.Wi.weight", ("feedforward.gate", "feedforward.up")),
    ("mlp.Wo.weight", ("feedforward.down",)),
)
