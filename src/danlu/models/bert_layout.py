"""How `bert` and `roberta` are stored: config.json and weight names of transformers' masked language models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from danlu.models.architecture import HuggingFaceLayout
from danlu.models.encoder import EncoderSettings
from danlu.models.layers.start import EMBEDDING_DEVIATION
from danlu.models.stored import Stored


@dataclass(frozen=True, kw_only=True)
class Names:
    """What differs: the prefix of the body, the parts of the head, segments and the row of the first position."""

    model_type: str
    class_name: str
    prefix: str
    head: Mapping[str, str]
    num_segments: int
    first_position: int


def bert_layout(names: Names) -> HuggingFaceLayout:
    """The layout of one row."""

    def config(settings: EncoderSettings, vocab_size: int) -> dict[str, Any]:
        return _config(names, settings, vocab_size)

    def read(config: Mapping[str, Any]) -> EncoderSettings:
        return _read(names, config)

    def tensors(settings: EncoderSettings) -> tuple[Stored, ...]:
        return _tensors(names, settings)

    return HuggingFaceLayout(
        model_type=names.model_type, class_name=names.class_name, config=config, settings=read, tensors=tensors
    )


def _config(names: Names, settings: EncoderSettings, vocab_size: int) -> dict[str, Any]:
    return {
        "vocab_size": vocab_size,
        "hidden_size": settings.width,
        "num_hidden_layers": settings.depth,
        "num_attention_heads": settings.num_heads,
        "intermediate_size": settings.inner_width,
        "hidden_act": "gelu",
        "hidden_dropout_prob": settings.dropout,
        "attention_probs_dropout_prob": 0.0,
        "max_position_embeddings": settings.context_length + names.first_position,
        # RoBERTa counts positions from behind the id of padding, so that id must stand for nothing else
        "pad_token_id": names.first_position - 1 if names.first_position else None,
        "type_vocab_size": names.num_segments,
        "initializer_range": EMBEDDING_DEVIATION,
        "layer_norm_eps": settings.epsilon,
        "tie_word_embeddings": True,
        "is_decoder": False,
    }


def _read(names: Names, config: Mapping[str, Any]) -> EncoderSettings:
    """KeyError or ValueError where the config.json is unusable or asks for what is not here."""
    if config.get("hidden_act", "gelu") != "gelu":
        raise ValueError(f"hidden_act {config['hidden_act']!r}: only 'gelu' is supported")
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise ValueError(f"position_embedding_type {config['position_embedding_type']!r}: only 'absolute' is supported")
    if config.get("is_decoder"):
        raise ValueError("is_decoder: a decoder of this shape is not supported")
    if config.get("type_vocab_size", 2) != names.num_segments:
        raise ValueError(f"type_vocab_size {config['type_vocab_size']}: only {names.num_segments} is supported")
    padding = config.get("pad_token_id", names.first_position - 1)
    if names.first_position and padding not in (names.first_position - 1, None):
        raise ValueError(f"pad_token_id {padding}: positions are counted from behind {names.first_position - 1} only")
    return EncoderSettings(
        width=config["hidden_size"],
        depth=config["num_hidden_layers"],
        num_heads=config["num_attention_heads"],
        inner_width=config["intermediate_size"],
        context_length=config["max_position_embeddings"] - names.first_position,
        epsilon=config.get("layer_norm_eps", 1e-12),
        dropout=config.get("hidden_dropout_prob", 0.1),
    )


def _tensors(names: Names, settings: EncoderSettings) -> tuple[Stored, ...]:
    pairs = {
        f"{names.prefix}.embeddings.word_embeddings.weight": "embed.weight",
        f"{names.prefix}.embeddings.position_embeddings.weight": "embed.positions",
        f"{names.prefix}.embeddings.token_type_embeddings.weight": "embed.segments",
        f"{names.prefix}.embeddings.LayerNorm.weight": "embed.norm.weight",
        f"{names.prefix}.embeddings.LayerNorm.bias": "embed.norm.bias",
        **{theirs: f"head.{ours}" for ours, theirs in names.head.items()},
    }
    for layer in range(settings.depth):
        for theirs, ours in _LAYER.items():
            pairs[f"{names.prefix}.encoder.layer.{layer}.{theirs}"] = f"body.blocks.{layer}.{ours}"
    return tuple(Stored(theirs, (ours,)) for theirs, ours in pairs.items())


_LAYER = {
    "attention.self.query.weight": "attention.query",
    "attention.self.query.bias": "attention.query_bias",
    "attention.self.key.weight": "attention.key",
    "attention.self.key.bias": "attention.key_bias",
    "attention.self.value.weight": "attention.value",
    "attention.self.value.bias": "attention.value_bias",
    "attention.output.dense.weight": "attention.output",
    "attention.output.dense.bias": "attention.output_bias",
    "attention.output.LayerNorm.weight": "attention_norm.weight",
    "attention.output.LayerNorm.bias": "attention_norm.bias",
    "intermediate.dense.weight": "feedforward.up",
    "intermediate.dense.bias": "feedforward.up_bias",
    "output.dense.weight": "feedforward.down",
    "output.dense.bias": "feedforward.down_bias",
    "output.LayerNorm.weight": "feedforward_norm.weight",
    "output.LayerNorm.bias": "feedforward_norm.bias",
}
