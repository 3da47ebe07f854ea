"""Cross-entropy of a linear head without keeping the logits.

N predictions, C width, V vocabulary; a head may add a bias [V].

At N = 8192 and V = 4096 the logits alone are 134 MB of float32, written and read
several times by the plain form. Here chunks of rows pass through head, softmax and both gradients while they are in
cache; only the gradients (N x C and V x C) are kept for the backward pass, which just scales them.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

# Rows at a time. The chunk's logits should stay in the last-level cache: 512 x 4096 x 4 bytes = 8 MB.
CHUNK_ELEMENTS = 2**21


def summed_cross_entropy(
    hidden_NC: Tensor, weight_VC: Tensor, targets_N: Tensor, bias_V: Tensor | None = None
) -> Tensor:
    """Sum over N of -log softmax(hidden @ weight.T + bias)[target], in nats; a float32 scalar with gradients to all.

    Targets are ids in [0, V). Softmax and sum run in float32 whatever the dtype of the inputs; the products run in the
    dtype of `hidden_NC`, or in that of autocast where it is on. It has no second derivative.
    """
    device = hidden_NC.device.type
    if torch.is_autocast_enabled(device):
        hidden_NC = hidden_NC.to(torch.get_autocast_dtype(device))
    return _LinearCrossEntropy.apply(hidden_NC, weight_VC, targets_N, bias_V)  # type: ignore[no-any-return,no-untyped-call]


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden_NC: Tensor, weight_VC: Tensor, targets_N: Tensor, bias_V: Tensor | None) -> Tensor:
        keep = any(ctx.needs_input_grad)
        rows = max(16, CHUNK_ELEMENTS // weight_VC.shape[0])
        factor_VC = weight_VC.to(hidden_NC.dtype)
        total = torch.zeros((), dtype=torch.float32, device=hidden_NC.device)
        grad_hidden_NC = torch.empty_like(hidden_NC) if keep else None
        grad_weight_VC = torch.zeros_like(weight_VC) if keep else None
        grad_bias_V = torch.zeros_like(bias_V) if keep and bias_V is not None else None
        for begin in range(0, hidden_NC.shape[0], rows):
            chunk = slice(begin, begin + rows)
            logits = (hidden_NC[chunk] @ factor_VC.T).float()
            if bias_V is not None:
                logits += bias_V
            targets = targets_N[chunk, None]
            peak = logits.amax(1, keepdim=True)
            picked = logits.gather(1, targets) - peak
            soft = logits.sub_(peak).exp_()
            mass = soft.sum(1, keepdim=True)
            total += (mass.log() - picked).sum()
            if grad_hidden_NC is not None and grad_weight_VC is not None:
                soft.div_(mass)
                soft.scatter_add_(1, targets, torch.full_like(targets, -1, dtype=soft.dtype))
                if grad_bias_V is not None:
                    grad_bias_V += soft.sum(0)
                step = soft.to(hidden_NC.dtype)
                torch.mm(step, factor_VC, out=grad_hidden_NC[chunk])
                if factor_VC.dtype == weight_VC.dtype:
                    grad_weight_VC.addmm_(step.T, hidden_NC[chunk])
                else:
                    grad_weight_VC.add_(step.T @ hidden_NC[chunk])
        if grad_hidden_NC is not None:
            ctx.save_for_backward(grad_hidden_NC, grad_weight_VC, grad_bias_V)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        grad_hidden_NC, grad_weight_VC, grad_bias_V = ctx.saved_tensors
        return grad_hidden_NC * grad, grad_weight_VC * grad, None, None if grad_bias_V is None else grad_bias_V * grad
