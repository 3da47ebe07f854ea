"""How `bart` is stored: config.json and weight names of transformers' `BartForConditionalGeneration`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from danlu.models.architecture import HuggingFaceLayout
from danlu.models.layers.start import EMBEDDING_DEVIATION
from danlu.models.stored import Stored

if TYPE_CHECKING:
    from danlu.models.bart import BartSettings


def write_config(settings: "BartSettings", vocab_size: int) -> dict[str, Any]:
    """The fields of config.json that the shape decides; `danlu_objective` is ours, and others pass it over."""
    return {
        "vocab_size": vocab_size,
        "d_model": settings.width,
        "encoder_layers": settings.depth,
        "decoder_layers": settings.decoder_depth,
        "encoder_attention_heads": settings.num_heads,
        "decoder_attention_heads": settings.num_heads,
        "encoder_ffn_dim": settings.inner_width,
        "decoder_ffn_dim": settings.inner_width,
        "max_position_embeddings": settings.context_length,
        "activation_function": "gelu",
        "dropout": settings.dropout,
        "attention_dropout": 0.0,
        "activation_dropout": 0.0,
        "init_std": EMBEDDING_DEVIATION,
        "scale_embedding": False,
        "tie_word_embeddings": True,
        "is_encoder_decoder": True,
        "decoder_start_token_id": settings.start_id,
        "forced_eos_token_id": None,
        "pad_token_id": settings.pad_id,
        "use_cache": True,
        "danlu_objective": settings.objective,
    }


def read_settings(config: Mapping[str, Any]) -> "BartSettings":
    """The settings behind a config.json of BART; KeyError or ValueError where it is unusable or asks for what is not here."""
    from danlu.models.bart import BartSettings

    if config.get("activation_function", "gelu") != "gelu":
        raise ValueError(f"activation_function {config['activation_function']!r}: only 'gelu' is supported")
    if config.get("scale_embedding"):
        raise ValueError("scale_embedding: a scaled embedding is not supported")
    for one, other in (("attention_heads", "encoder"), ("ffn_dim", "encoder")):
        if config[f"{other}_{one}"] != config[f"decoder_{one}"]:
            raise ValueError(f"{one}: encoder and decoder must be alike")
    return BartSettings(
        width=config["d_model"],
        depth=config["encoder_layers"],
        decoder_depth=config["decoder_layers"],
        num_heads=config["encoder_attention_heads"],
        inner_width=config["encoder_ffn_dim"],
        context_length=config["max_position_embeddings"],
        epsilon=1e-5,  # torch's own, as the class in transformers has no field for it
        dropout=config.get("dropout", 0.1),
        start_id=config.get("decoder_start_token_id") or 0,
        pad_id=config.get("pad_token_id") or 0,
        objective=config.get("danlu_objective", "infilling"),
    )


def tensors(settings: "BartSettings") -> tuple[Stored, ...]:
    """How every parameter is stored."""
    pairs = {
        "model.shared.weight": "embed.weight",
        "model.encoder.embed_positions.weight": "embed.source_positions",
        "model.decoder.embed_positions.weight": "embed.positions",
    }
    for name in ("weight", "bias"):
        pairs[f"model.encoder.layernorm_embedding.{name}"] = f"embed.source_norm.{name}"
        pairs[f"model.decoder.layernorm_embedding.{name}"] = f"embed.norm.{name}"
    for layer in range(settings.depth):
        for theirs, ours in _ENCODER.items():
            pairs[f"model.encoder.layers.{layer}.{theirs}"] = f"body.encoder.blocks.{layer}.{ours}"
    for layer in range(settings.decoder_depth):
        for theirs, ours in _DECODER.items():
            pairs[f"model.decoder.layers.{layer}.{theirs}"] = f"body.blocks.{layer}.{ours}"
    return tuple(Stored(theirs, (ours,)) for theirs, ours in pairs.items())


def _products(theirs: str, ours: str) -> dict[str, str]:
    names = {"q_proj": "query", "k_proj": "key", "v_proj": "value", "out_proj": "output"}
    weights = {f"{theirs}.{one}.weight": f"{ours}.{name}" for one, name in names.items()}
    return weights | {f"{theirs}.{one}.bias": f"{ours}.{name}_bias" for one, name in names.items()}


def _norms(**names: str) -> dict[str, str]:
    return {f"{theirs}.{kind}": f"{ours}.{kind}" for theirs, ours in names.items() for kind in ("weight", "bias")}


_ENCODER = {
    **_products("self_attn", "attention"),
    **_norms(self_attn_layer_norm="attention_norm", final_layer_norm="feedforward_norm"),
    "fc1.weight": "feedforward.up",
    "fc1.bias": "feedforward.up_bias",
    "fc2.weight": "feedforward.down",
    "fc2.bias": "feedforward.down_bias",
}
_DECODER = {**_ENCODER, **_products("encoder_attn", "cross"), **_norms(encoder_attn_layer_norm="cross_norm")}

LAYOUT = HuggingFaceLayout(
    model_type="bart",
    class_name="BartForConditionalGeneration",
    config=write_config,
    settings=read_settings,
    tensors=tensors,
)
