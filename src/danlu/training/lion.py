"""Lion: the sign of a mixture of gradient and momentum, one state tensor per weight instead of Adam's two.

Source: Chen et al. 2023, Symbolic Discovery of Optimization Algorithms (arXiv:2302.06675), algorithm 2.
"""

from collections.abc import Iterable
from typing import Any, final

import torch

from danlu.training.momentum import momentum_of


@final
class Lion(torch.optim.Optimizer):
    """`w -= lr * (sign(beta1 * m + (1 - beta1) * g) + weight_decay * w)`, then `m = beta2 * m + (1 - beta2) * g`.

    Every weight moves by `lr` at each step, whatever its gradient; where the mixture is exactly zero, it rests.
    """

    def __init__(
        self, params: Iterable[Any], *, lr: float, betas: tuple[float, float], weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        assert closure is None, "danlu computes gradients before the step"
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if not parameters:
                continue
            beta1, beta2 = group["betas"]
            gradients = [p.grad for p in parameters]
            moments = [momentum_of(self, p) for p in parameters]
            directions = torch._foreach_lerp(gradients, moments, beta1)
            torch._foreach_sign_(directions)
            if group["weight_decay"]:
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(parameters, directions, alpha=-group["lr"])
            torch._foreach_lerp_(moments, gradients, 1 - beta2)
