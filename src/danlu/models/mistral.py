"""Mistral (Jiang et al. 2023, arXiv:2310.06825): Llama's shape. Its sliding window is not used: contexts here fit into it."""

from danlu.models.llama import rotary_attention
from danlu.models.rotary_decoder import Kind, rotary_decoder
from danlu.models.rotary_layout import rotary_layout

ARCHITECTURE = rotary_decoder(
    Kind(name="mistral", attention=rotary_attention, num_vectors=lambda _: 0),
    rotary_layout("mistral", "MistralForCausalLM", {}, sliding_window=None),
)
