"""How `t5` is stored: config.json and weight names of transformers' `T5ForConditionalGeneration`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from danlu.models.architecture import HuggingFaceLayout
from danlu.models.stored import Stored

if TYPE_CHECKING:
    from danlu.models.t5 import T5Settings


def write_config(settings: "T5Settings", vocab_size: int) -> dict[str, Any]:
    """The fields of config.json that the shape decides; `danlu_objective` is ours, and others pass it over."""
    return {
        "vocab_size": vocab_size,
        "d_model": settings.width,
        "d_kv": settings.head_width,
        "d_ff": settings.inner_width,
        "num_layers": settings.depth,
        "num_decoder_layers": settings.decoder_depth,
        "num_heads": settings.num_heads,
        "n_positions": settings.context_length,
        "relative_attention_num_buckets": settings.num_buckets,
        "relative_attention_max_distance": settings.most_distance,
        "feed_forward_proj": settings.activation,
        "layer_norm_epsilon": settings.epsilon,
        "dropout_rate": settings.dropout,
        "initializer_factor": 1.0,
        # also tells whether the head's input is scaled
        "tie_word_embeddings": settings.tied,
        "is_encoder_decoder": True,
        "decoder_start_token_id": settings.start_id,
        "pad_token_id": settings.pad_id,
        "use_cache": True,
        "danlu_objective": settings.objective,
    }


def read_settings(config: Mapping[str, Any]) -> "T5Settings":
    """The settings behind a config.json of T5; KeyError or ValueError where it is unusable."""
    from danlu.models.t5 import T5Settings

    activation = config.get("feed_forward_proj", "relu")
    if activation not in ("relu", "gated-gelu"):
        raise ValueError(f"feed_forward_proj {activation!r}: only 'relu' and 'gated-gelu' are supported")
    if config.get("tie_word_embeddings") is not False and config.get("scale_decoder_outputs") is False:
        raise ValueError("scale_decoder_outputs false with tied embeddings: not supported")
    return T5Settings(
        width=config["d_model"],
        head_width=config["d_kv"],
        inner_width=config["d_ff"],
        depth=config["num_layers"],
        decoder_depth=config.get("num_decoder_layers") or config["num_layers"],
        num_heads=config["num_heads"],
        context_length=config.get("n_positions", 512),
        num_buckets=config.get("relative_attention_num_buckets", 32),
        most_distance=config.get("relative_attention_max_distance", 128),
        activation=activation,
        epsilon=config.get("layer_norm_epsilon", 1e-6),
        dropout=config.get("dropout_rate", 0.1),
        tied=config.get("tie_word_embeddings") is not False,
        start_id=config.get("decoder_start_token_id") or 0,
        pad_id=config.get("pad_token_id") or 0,
        objective=config.get("danlu_objective", "denoising"),
    )


def tensors(settings: "T5Settings") -> tuple[Stored, ...]:
    """How every parameter is stored."""
    gated = settings.activation == "gated-gelu"
    feedforward = {"wi_0": "gate", "wi_1": "up", "wo": "down"} if gated else {"wi": "up", "wo": "down"}
    bias = "layer.0.SelfAttention.relative_attention_bias.weight"
    pairs = {
        "shared.weight": "embed.weight",
        f"encoder.block.0.{bias}": "embed.source_distances.weight",
        f"decoder.block.0.{bias}": "embed.distances.weight",
        "encoder.final_layer_norm.weight": "body.encoder.norm.weight",
        "decoder.final_layer_norm.weight": "body.norm.weight",
    }
    if not settings.tied:
        pairs["lm_head.weight"] = "head.matrix"
    sides = (
        ("encoder", "body.encoder.blocks", settings.depth, _ENCODER),
        ("decoder", "body.blocks", settings.decoder_depth, _DECODER),
    )
    for side, blocks, depth, layer_parts in sides:
        for layer in range(depth):
            theirs, ours = f"{side}.block.{layer}.layer", f"{blocks}.{layer}"
            for name, part in layer_parts.items():
                pairs[f"{theirs}.{name}.weight"] = f"{ours}.{part}"
            last = len(layer_parts) // 5
            for name, part in feedforward.items():
                pairs[f"{theirs}.{last}.DenseReluDense.{name}.weight"] = f"{ours}.feedforward.{part}"
            pairs[f"{theirs}.{last}.layer_norm.weight"] = f"{ours}.feedforward_norm.weight"
    return tuple(Stored(theirs, (ours,)) for theirs, ours in pairs.items())


_PRODUCTS = {"q": "query", "k": "key", "v": "value", "o": "output"}
_ENCODER = {
    **{f"0.SelfAttention.{theirs}": f"attention.{ours}" for theirs, ours in _PRODUCTS.items()},
    "0.layer_norm": "attention_norm.weight",
}
_DECODER = {
    **_ENCODER,
    **{f"1.EncDecAttention.{theirs}": f"cross.{ours}" for theirs, ours in _PRODUCTS.items()},
    "1.layer_norm": "cross_norm.weight",
}

LAYOUT = HuggingFaceLayout(
    model_type="t5",
    class_name="T5ForConditionalGeneration",
    config=write_config,
    settings=read_settings,
    tensors=tensors,
)
