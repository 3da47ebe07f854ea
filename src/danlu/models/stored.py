"""Weights under other programs' names: renamed, joined and transposed, and back.

Tensors here are [outputs, inputs]; some programs join several into one, some store [inputs, outputs].
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Stored:
    """One tensor of a file: our tensors `ours`, joined along their first dimension, then transposed where asked."""

    theirs: str
    ours: tuple[str, ...]
    transposed: bool = False

    def join(self, weights: Mapping[str, Tensor]) -> Tensor:
        """The tensor as the file has it."""
        parts = [weights[name] for name in self.ours]
        joined = parts[0] if len(parts) == 1 else torch.cat(parts)
        return joined.T if self.transposed else joined

    def split(self, tensor: Tensor, like: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The inverse of `join`; `like` has tensors of the shapes of ours."""
        joined = tensor.T if self.transposed else tensor
        parts = torch.split(joined, [like[name].shape[0] for name in self.ours])
        return dict(zip(self.ours, parts, strict=True))


def to_theirs(stored: Iterable[Stored], weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All tensors of the file."""
    return {one.theirs: one.join(weights) for one in stored}


def to_ours(stored: Iterable[Stored], tensors: Mapping[str, Tensor], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All of our tensors, from those of the file."""
    return {name: part for one in stored for name, part in one.split(tensors[one.theirs], like).items()}


# What some programs write beside the weights: the embedding once more, under the names of its other users; a bias of zeros
# (BART); a table that T5's first files had and nobody reads.
EMBEDDINGS = ("model.embed_tokens.weight", "shared.weight", "model.shared.weight")
COPIES = ("lm_head.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
ZEROS = "final_logits_bias"
UNREAD = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"


def drop_copies(weights: dict[str, Tensor], expected: Collection[str]) -> None:
    """Takes out of `weights` what repeats others or says nothing; where it is no copy, it stays and is refused."""
    known = [weights[name] for name in EMBEDDINGS if name in weights and name in expected]
    for name in [name for name in weights if name not in expected]:
        copied = name.endswith(COPIES) and any(torch.equal(weights[name], one) for one in known)
        if copied or name == UNREAD or (name == ZEROS and not weights[name].any()):
            del weights[name]
