"""The size dial: which of many shapes comes nearest to a number of parameters."""

from collections.abc import Callable, Iterable
from typing import TypeVar

Shape = TypeVar("Shape")

# Depth grows slowly with size: the loss depends weakly on the shape (Kaplan et al. 2020, arXiv:2001.08361, figure 5),
# and wide matrices run nearer to the machine's peak.
DEPTHS = (
    (500_000, 2),
    (1_000_000, 3),
    (4_000_000, 4),
    (8_000_000, 5),
    (15_000_000, 6),
    (30_000_000, 8),
    (80_000_000, 10),
    (200_000_000, 12),
    (500_000_000, 16),
)
DEEPEST = 24


def depth_for(num_parameters: int) -> int:
    """Layers of a transformer: 2 below 0.5M, 4 at 3M, 6 at 10M, 12 at 100M, 24 at 1B."""
    return next((depth for most, depth in DEPTHS if num_parameters <= most), DEEPEST)


def head_width_for(num_parameters: int) -> int:
    """Width of one head: 32 below 1.2M parameters, else 64."""
    return 32 if num_parameters < 1_200_000 else 64


def widths_for(num_parameters: int, vocab_size: int) -> Iterable[int]:
    """Widths in steps of a head whose embedding takes at most twice the parameters; at least the narrowest."""
    head = head_width_for(num_parameters)
    return [w for w in range(head, 4096 + 1, head) if w == head or w * vocab_size <= 2 * num_parameters]


def nearest(shapes: Iterable[Shape], total: Callable[[Shape], int], num_parameters: int) -> Shape:
    """The first of `shapes` whose `total` is nearest to `num_parameters`."""
    return min(shapes, key=lambda shape: abs(total(shape) - num_parameters))
