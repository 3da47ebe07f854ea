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


SHORTEST_PERIOD = 2.5


def sine_periods(num_positions: int, width: int) -> Tensor:
    """Periods in positions, float64 [(width + 1) // 2]: from SHORTEST_PERIOD to `num_positions`, evenly in logarithms."""
    grown = max(1.0, num_positions / SHORTEST_PERIOD)
    return SHORTEST_PERIOD * grown ** (torch.arange(0, width, 2, dtype=torch.float64) / width)


@torch.no_grad()
def fill_sines(weight: Tensor, deviation: float) -> None:
    """Fills `weight` [positions, width] with sines and cosines of the position, of the given root mean square.

    As in Vaswani et al. 2017 (arXiv:1706.03762, section 3.5), but with the periods of `sine_periods`: with theirs, up to
    60,000, most columns would hardly change within a window of 256.
    """
    num_positions, width = weight.shape
    place_T = torch.arange(num_positions, dtype=torch.float64)
    angle_TE = 2 * math.pi * place_T[:, None] / sine_periods(num_positions, width)
    rows_TC = torch.stack([angle_TE.sin(), angle_TE.cos()], dim=-1).flatten(-2)[:, :width]
    weight.copy_(rows_TC * math.sqrt(2.0) * deviation)


@torch.no_grad()
def fill_neighbour_heads(query: Tensor, key: Tensor, *, head_width: int, periods_E: Tensor, gain: float) -> None:
    """Fills the products of the heads with what makes them look at neighbours, where positions are sines of `periods_E`.

    Head h looks 1 before, 1 behind, 2 before, 2 behind, ...: its keys are the sines of the fastest periods, its queries the
    same sines turned by the distance, so that their product is the sum of cos(2 pi (t + distance - s) / period), which is
    largest at s = t + distance. `query` and `key` are [heads * head width, width]; `gain` is the length of each row.
    """
    pairs = min(head_width // 2, len(periods_E))
    place_P = torch.arange(pairs)
    for head in range(len(query) // head_width):
        distance = (head // 2 + 1) * (1 if head % 2 else -1)
        angle_P = 2 * math.pi * distance / periods_E[:pairs]
        first_P = head * head_width + 2 * place_P
        for matrix, cosine_P, sine_P in (
            (query, angle_P.cos(), angle_P.sin()),
            (key, torch.ones_like(angle_P), torch.zeros_like(angle_P)),
        ):
            matrix[head * head_width : head * head_width + 2 * pairs] = 0
            matrix[first_P, 2 * place_P] = (gain * cosine_P).to(matrix.dtype)
            matrix[first_P, 2 * place_P + 1] = (gain * sine_P).to(matrix.dtype)
            matrix[first_P + 1, 2 * place_P] = (-gain * sine_P).to(matrix.dtype)
            matrix[first_P + 1, 2 * place_P + 1] = (gain * cosine_P).to(matrix.dtype)
