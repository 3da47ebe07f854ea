"""Weights under other programs' names: renamed, joined and transposed, and back.

Tensors here are [outputs, inputs]; some programs join several into one, some store [inputs, outputs].
"""

from collections.abc import Iterable, Mapping
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
