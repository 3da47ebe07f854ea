"""How `gpt2` is stored: config.json and weight names of transformers' `GPT2LMHeadModel`, whose matrices are transposed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from danlu.models.architecture import HuggingFaceLayout
from danlu.models.layers.start import EMBEDDING_DEVIATION
from danlu.models.stored import Stored

if TYPE_CHECKING:
    from danlu.models.gpt2 import GPT2Settings


def write_config(settings: "GPT2Settings", vocab_size: int) -> dict[str, Any]:
    """The fields of config.json that the shape decides."""
    return {
        "vocab_size": vocab_size,
        "n_embd": settings.width,
        "n_layer": settings.depth,
        "n_head": settings.num_heads,
        "n_inner": settings.inner_width,
        "n_positions": settings.context_length,
        "activation_function": "gelu_new",
        "layer_norm_epsilon": settings.epsilon,
        "initializer_range": EMBEDDING_DEVIATION,
        "resid_pdrop": settings.dropout,
        "embd_pdrop": settings.dropout,
        "attn_pdrop": 0.0,
        "tie_word_embeddings": settings.tied,
        "use_cache": True,
    }


def read_settings(config: Mapping[str, Any]) -> "GPT2Settings":
    """The settings behind a config.json of GPT-2; KeyError or ValueError where it is unusable."""
    from danlu.models.gpt2 import GPT2Settings

    if config.get("activation_function", "gelu_new") not in ("gelu_new", "gelu_pytorch_tanh"):
        raise ValueError(f"activation_function {config['activation_function']!r}: only 'gelu_new' is supported")
    if config.get("scale_attn_by_inverse_layer_idx") or not config.get("scale_attn_weights", True):
        raise ValueError("attention that is scaled otherwise is not supported")
    return GPT2Settings(
        width=config["n_embd"],
        depth=config["n_layer"],
        num_heads=config["n_head"],
        inner_width=config.get("n_inner") or 4 * config["n_embd"],
        context_length=config["n_positions"],
        epsilon=config.get("layer_norm_epsilon", 1e-5),
        dropout=config.get("resid_pdrop", 0.1),
        tied=config.get("tie_word_embeddings", True),
    )


def tensors(settings: "GPT2Settings") -> tuple[Stored, ...]:
    """How every parameter is stored."""
    found = [
        Stored("transformer.wte.weight", ("embed.weight",)),
        Stored("transformer.wpe.weight", ("embed.positions",)),
        Stored("transformer.ln_f.weight", ("body.norm.weight",)),
        Stored("transformer.ln_f.bias", ("body.norm.bias",)),
    ]
    if not settings.tied:
        found.append(Stored("lm_head.weight", ("head.matrix",)))
    for layer in range(settings.depth):
        for theirs, ours, transposed in _LAYER:
            names = tuple(f"body.blocks.{layer}.{name}" for name in ours)
            found.append(Stored(f"transformer.h.{layer}.{theirs}", names, transposed))
    return tuple(found)


_LAYER: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("ln_1.weight", ("attention_norm.weight",), False),
    ("ln_1.bias", ("attention_norm.bias",), False),
    ("attn.c_attn.weight", ("attention.query", "attention.key", "attention.value"), True),
    ("attn.c_attn.bias", ("attention.query_bias", "attention.key_bias", "attention.value_bias"), False),
    ("attn.c_proj.weight", ("attention.output",), True),
    ("attn.c_proj.bias", ("attention.output_bias",), False),
    ("ln_2.weight", ("feedforward_norm.weight",), False),
    ("ln_2.bias", ("feedforward_norm.bias",), False),
    ("mlp.c_fc.weight", ("feedforward.up",), True),
    ("mlp.c_fc.bias", ("feedforward.up_bias",), False),
    ("mlp.c_proj.weight", ("feedforward.down",), True),
    ("mlp.c_proj.bias", ("feedforward.down_bias",), False),
)

LAYOUT = HuggingFaceLayout(
    model_type="gpt2", class_name="GPT2LMHeadModel", config=write_config, settings=read_settings, tensors=tensors
)
