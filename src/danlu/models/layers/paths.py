"""Which of two equal ways a layer takes: torch's own operations, or a backward pass written by hand.

On a CPU the layers between matrix products are bound by memory; by hand they pass over it two to four times less often.
Compilers fuse the plain form themselves, and other devices have fused kernels for it.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function


def by_hand(x: Tensor) -> bool:
    """Whether the hand-written form serves `x`: on the CPU, outside a compiler."""
    return on_cpu(x) and not torch.compiler.is_compiling()


def on_cpu(x: Tensor) -> bool:
    """Whether `x` lies in the memory of the processor."""
    return x.device.type == "cpu"


def product_dtype(x: Tensor) -> torch.dtype:
    """The dtype of matrix products with `x`: that of autocast where it is on, else that of `x`."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


def run_by_hand(function: type[Function], *inputs: Any) -> Tensor:
    """`function` applied to `inputs`: torch leaves `apply` without types."""
    result: Tensor = function.apply(*inputs)  # type: ignore[no-untyped-call]
    return result
