"""RMSNorm: a vector divided by its root mean square, times a learnt gain; and the matrices that follow one.

C width of the normed vector, N rows, O outputs of all matrices together.
"""

from collections.abc import Sequence
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

from danlu.models.layers.paths import by_hand, product_dtype, run_by_hand

# Without gradients and with this many rows or fewer (decoding), joining the matrices would cost more than it saves.
FEW_ROWS = 32


@final
class RMSNorm(nn.Module):
    """Zhang & Sennrich 2019 (arXiv:1910.07467), over the last dimension; no bias, no mean. Computed in float32."""

    def __init__(self, width: int, *, epsilon: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """The normed [..., C], in the dtype of `x`."""
        if by_hand(x):
            return run_by_hand(_Norm, x, self.weight, self.epsilon)
        return plain_norm(x, self.weight, self.epsilon)


def normed_linear(x: Tensor, norm: RMSNorm, matrices: Sequence[Tensor]) -> Tensor:
    """The products of norm(x) [..., C] with all `matrices` [O_i, C], side by side: [..., sum of O_i].

    One product instead of several, and the gain is multiplied into the (small) matrices instead of the rows: forward
    and backward together take about a tenth less time than norm and products apart at widths 128 to 384.
    """
    few = by_hand(x) and not torch.is_grad_enabled() and x.numel() <= FEW_ROWS * x.shape[-1]
    if by_hand(x) and not few:
        return run_by_hand(_NormedLinear, x, norm.weight, norm.epsilon, *matrices)
    normed = norm(x)
    if few:
        return torch.cat([functional.linear(normed, matrix) for matrix in matrices], dim=-1)
    return functional.linear(normed, torch.cat(list(matrices)))


def plain_norm(x: Tensor, gain: Tensor, epsilon: float) -> Tensor:
    """RMSNorm in torch's own operations, for compilers and accelerators; the reference of the form by hand."""
    wide = x.float()
    scale: Tensor = torch.rsqrt(wide.square().mean(-1, keepdim=True) + epsilon)
    normed: Tensor = (wide * scale * gain.float()).to(x.dtype)
    return normed


def inverse_root_mean_square(x: Tensor, epsilon: float) -> Tensor:
    """1 / sqrt(mean of squares + epsilon) over the last dimension, which is kept with size 1; float32."""
    norm: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
    return norm.square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()


def norm_backward(grad_NC: Tensor, normed_NC: Tensor, scale_N1: Tensor) -> Tensor:
    """Gradient of x for the gradient of its normed form x * scale: (grad - normed * mean(grad * normed)) * scale."""
    dot_N1 = torch.linalg.vecdot(grad_NC, normed_NC).unsqueeze_(-1)
    return torch.addcmul(grad_NC, normed_NC, dot_N1, value=-1.0 / normed_NC.shape[-1]).mul_(scale_N1)


class _Norm(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, gain_C: Tensor, epsilon: float) -> Tensor:
        scale = inverse_root_mean_square(x, epsilon)
        ctx.save_for_backward(x, scale, gain_C)
        return (x * scale).mul_(gain_C).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        x, scale, gain_C = ctx.saved_tensors
        normed = x * scale
        wide = grad.float()
        grad_gain_C = (wide * normed).flatten(0, -2).sum(0)
        grad_x = norm_backward(wide * gain_C, normed, scale)
        return grad_x.to(x.dtype), grad_gain_C.to(gain_C.dtype), None


class _NormedLinear(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, gain_C: Tensor, epsilon: float, *matrices: Tensor) -> Tensor:
        dtype = product_dtype(x)
        scale = inverse_root_mean_square(x, epsilon)
        normed = (x * scale).to(dtype)
        joined_OC = (torch.cat(matrices) * gain_C.float()).to(dtype)
        ctx.save_for_backward(normed, scale, joined_OC, gain_C, *matrices)
        ctx.dtype = x.dtype
        return functional.linear(normed, joined_OC)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        normed, scale, joined_OC, gain_C, *matrices = ctx.saved_tensors
        grad_normed = (grad @ joined_OC).float()
        grad_x = norm_backward(grad_normed, normed.float(), scale).to(ctx.dtype)
        grad_joined_OC = (grad.flatten(0, -2).T @ normed.flatten(0, -2)).float()
        grad_gain_C = torch.linalg.vecdot(grad_joined_OC, torch.cat(matrices).float(), dim=0).to(gain_C.dtype)
        grad_joined_OC.mul_(gain_C)
        parts = grad_joined_OC.split([matrix.shape[0] for matrix in matrices])
        cast = (part.to(matrix.dtype) for part, matrix in zip(parts, matrices, strict=True))
        return grad_x, grad_gain_C, None, *cast
