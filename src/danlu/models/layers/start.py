"""Initial weights: each tensor from its own named random stream, so that a new tensor shifts no other.

Matrices: normal with standard deviation 1 / sqrt(fan in) (LeCun et al. 1998, Efficient BackProp, section 4.6), which
keeps the variance of a normed input; those that write into the residual stream are divided by sqrt(depth / 4) in
networks deeper than 4 layers, after GPT-2's sqrt(2 * depth) (Radford et al. 2019, section 2.3), so that the stream's
variance does not grow with depth. In shallow, short runs any division costs: validation after 200 steps of a 3-layer
GPT on Tiny Shakespeare was 1.915 and 1.930 nats (two seeds) undivided, 1.922 and 1.938 at 0.4, 1.938 and 1.959 at
zero. Embedding: normal, 0.02 (GPT-2,
and the default `initializer_range` of Qwen3). Positions that encoders learn begin as sines (docs/log, masked models and
the clock). Gains: one. Biases: zero.
"""

import math

import torch
from torch import Tensor

from danlu.core.streams import stream_seed

EMBEDDING_DEVIATION = 0.02
FULL_DEPTH = 4  # up to this many layers nothing is divided


@torch.no_grad()
def fill_normal(weight: Tensor, deviation: float, *, seed: int, name: str) -> None:
    """Fills `weight` with normal values of the given standard deviation, a pure function of (seed, name, shape)."""
    generator = torch.Generator().manual_seed(stream_seed(seed, "weights", name))
    values = torch.randn(weight.shape, generator=generator, dtype=torch.float32)
    weight.copy_(values.mul_(deviation))


def fan_in_deviation(weight: Tensor, *, residual_depth: int | None = None) -> float:
    """1 / sqrt(columns); for matrices that write into a residual stream also divided by sqrt(residual_depth / 4) when deeper."""
    deviation = 1.0 / math.sqrt(weight.shape[1])
    return deviation if residual_depth is None else deviation / math.sqrt(max(1.0, residual_depth / FULL_DEPTH))


@torch.no_grad()
def fill_orthogonal(weight: Tensor, num_blocks: int, *, seed: int, name: str) -> None:
    """Fills `weight` with `num_blocks` random orthogonal square matrices, one below the other."""
    side = weight.shape[1]
    generator = torch.Generator().manual_seed(stream_seed(seed, "weights", name))
    values = torch.randn(num_blocks, side, side, generator=generator, dtype=torch.float32)
    q, r = torch.linalg.qr(values)
    # The signs of R's diagonal make the draw uniform over orthogonal matrices (Mezzadri 2007, arXiv:math-ph/0609050).
    weight.copy_((q * r.diagonal(dim1=-2, dim2=-1).sign()[:, None, :]).flatten(0, 1))


@torch.no_grad()
def fill_sines(weight: Tensor, deviation: float) -> None:
    """Fills `weight` [positions, width] with sines and cosines of the position, of the given root mean square.

    As in Vaswani et al. 2017 (arXiv:1706.03762, section 3.5), but the periods go from 2 pi to the number of positions, so
    that every column tells positions apart: with 10000 most columns would hardly change within a window of 256.
    """
    num_positions, width = weight.shape
    place_T = torch.arange(num_positions, dtype=torch.float64)
    shortest = 2 * math.pi
    grown = max(1.0, num_positions / shortest)
    period_E = shortest * grown ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle_TE = 2 * math.pi * place_T[:, None] / period_E
    rows_TC = torch.stack([angle_TE.sin(), angle_TE.cos()], dim=-1).flatten(-2)[:, :width]
    weight.copy_(rows_TC * math.sqrt(2.0) * deviation)
