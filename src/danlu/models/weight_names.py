"""Weights whose names differ from those of the class: other prefixes, old names, tied copies, buffers, further heads."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

OLD_ENDINGS = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
# Numbers that follow from the settings and are no weights: positions, causal masks, rotary angles; and a table that the
# first files of T5 held and nobody reads.
BUFFERS = re.compile(
    r"(^|\.)(position_ids|token_type_ids|masked_bias|rotary_emb\.inv_freq)$|\.attn\.bias$"
    r"|EncDecAttention\.relative_attention_bias\.weight$"
)
# Copies of a tied matrix or bias under a second name; dropped only where they hold the same numbers.
COPIES = re.compile(r"(^|\.)(lm_head\.weight|decoder\.weight|decoder\.bias|embed_tokens\.weight|shared\.weight)$")
# What a task or a second objective learnt on top of the network.
OTHER_HEADS = re.compile(r"(^|\.)(pooler|seq_relationship|classifier|qa_outputs|score)\.")
ZEROS = re.compile(r"(^|\.)final_logits_bias$")


@dataclass(frozen=True, kw_only=True)
class Matched:
    """`weights` under the expected names where they have one; `left_out`: names of other heads, which are not read."""

    weights: dict[str, Tensor]
    left_out: tuple[str, ...]


def match_names(weights: Mapping[str, Tensor], expected: Collection[str]) -> Matched:
    """The tensors of a file under the names that the class expects; what has no place keeps its name.

    Nothing that holds other numbers is dropped: a head that should be a copy of the embedding and is not stays.
    """
    prefixes = sorted({name.partition(".")[0] for name in expected})
    found: dict[str, Tensor] = {}
    left_out: list[str] = []
    for name, tensor in weights.items():
        right = _right_name(name, expected, prefixes)
        if right in expected and right not in found:
            found[right] = tensor
        elif OTHER_HEADS.search(name) and right not in expected:
            left_out.append(name)
        elif not BUFFERS.search(name) or right in expected:
            found[name] = tensor
    for name in [name for name in found if name not in expected]:
        if _says_nothing_new(name, found, expected):
            del found[name]
    return Matched(weights=found, left_out=tuple(sorted(left_out)))


def _right_name(name: str, expected: Collection[str], prefixes: Collection[str]) -> str:
    """The expected name that `name` stands for; itself where there is none."""
    for old, new in OLD_ENDINGS.items():
        if name.endswith(old):
            name = name.removesuffix(old) + new
    tries = [name, *(f"{prefix}.{name}" for prefix in prefixes), name.partition(".")[2]]
    return next((one for one in tries if one in expected), name)


def _says_nothing_new(name: str, found: dict[str, Tensor], expected: Collection[str]) -> bool:
    """Whether a tensor without a place is a copy of one with a place, or zero where zero is added.

    A bias that stands only under its second name takes the place of the first.
    """
    tensor = found[name]
    if ZEROS.search(name):
        return not bool(tensor.any())
    if not COPIES.search(name):
        return False
    first = name.replace(".decoder.bias", ".bias")
    if first != name and first in expected and first not in found:
        found[first] = tensor
        return True
    return any(tensor.shape == found[one].shape and torch.equal(tensor, found[one]) for one in expected if one in found)
