"""Muon: momentum made orthogonal by Newton-Schulz iterations, for the matrices of a network.

Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/ ; update scale sqrt(max(1, rows / columns)) as
there. Same-shaped matrices are stacked and iterated by one batched product, which is what makes it cheap on a CPU.

M matrices of one shape, R rows, C columns.
"""

from collections.abc import Iterable
from typing import Any, final

import torch
from torch import Tensor

from danlu.training.momentum import momentum_of

Coefficients = tuple[tuple[float, float, float], ...]

# Jordan et al. 2024: one quintic for every iteration, steepest at zero.
JORDAN: Coefficients = ((3.4445, -4.7750, 2.0315),)
# Polar Express (Amsel et al. 2025, arXiv:2505.16932): the best quintic for each iteration; the last repeats.
# Singular values of random matrices end in [0.87, 1.12] after 5, in [0.19, 1.87] after 3 (5 of the above: [0.68, 1.16]).
# 3 are the default all the same: 40 % cheaper, and equal to 5 at equal wall clock in the 250 runs of the ternary study of
# openai/parameter-golf (RESULTS.md, 2026).
POLAR_EXPRESS: Coefficients = (
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
)
# Keeps singular values below 1 in spite of rounding, where the first quintic would overshoot (same paper).
SAFETY = 1.01


def orthogonalize(
    momentum_MRC: Tensor,
    *,
    num_steps: int,
    coefficients: Coefficients = POLAR_EXPRESS,
    product_dtype: torch.dtype | None = None,
) -> Tensor:
    """About U V^T of each matrix (singular values around 1, see the coefficients), same shape and dtype; zero stays zero.

    The norm is taken before iterating, so the first product cannot overflow. `product_dtype`: what the products are
    computed in; that of the matrices by default.
    """
    wide = momentum_MRC.shape[1] <= momentum_MRC.shape[2]
    x = momentum_MRC if wide else momentum_MRC.mT
    x = (x / (SAFETY * x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)).to(product_dtype or x.dtype)
    for step in range(num_steps):
        a, b, c = coefficients[min(step, len(coefficients) - 1)]
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x if wide else x.mT).to(momentum_MRC.dtype)


@final
class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalized, with decoupled weight decay (times the rate, as in AdamW).

    A parameter made of stacked blocks (the gates of an LSTM, fused projections) carries `row_blocks`, the number of
    equal blocks of rows, and each block is one matrix. Momentum is a setting of the group, so that it can be warmed up.
    `product_dtype`: of the products in Newton-Schulz; momentum and weights stay as they are.
    """

    def __init__(
        self, params: Iterable[Tensor], *, lr: float, momentum: float, weight_decay: float, num_steps: int
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "num_steps": num_steps}
        super().__init__(params, {**defaults, "product_dtype": torch.float32})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient."""
        assert closure is None, "danlu computes gradients before the step"
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if not parameters:
                continue
            updates = self._updates(group, parameters, self._ahead(group, parameters))
            if group["weight_decay"]:
                torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(parameters, updates, alpha=-group["lr"])

    def _ahead(self, group: dict[str, Any], parameters: list[Tensor]) -> list[Tensor]:
        """Momentum, taken in and looked ahead of (Nesterov)."""
        moments = [momentum_of(self, p) for p in parameters]
        gradients = [p.grad for p in parameters if p.grad is not None]
        torch._foreach_lerp_(moments, gradients, 1 - group["momentum"])
        return list(torch._foreach_lerp(gradients, moments, group["momentum"]))

    def _updates(self, group: dict[str, Any], parameters: list[Tensor], ahead: list[Tensor]) -> list[Tensor]:
        """The update of each parameter at a rate of 1. Tall matrices lie down, so that they share a batch with wide ones."""
        shapes: dict[tuple[int, int], list[int]] = {}
        blocks = [
            matrix.view(getattr(parameter, "row_blocks", 1), -1, matrix.shape[1])
            for parameter, matrix in zip(parameters, ahead, strict=True)
        ]
        for place, block in enumerate(blocks):
            shapes.setdefault((min(block.shape[1:]), max(block.shape[1:])), []).append(place)
        updates = list(ahead)
        for places in shapes.values():
            lying = [_wide(blocks[place]) for place in places]
            flat_MRC = orthogonalize(
                torch.cat(lying), num_steps=group["num_steps"], product_dtype=group["product_dtype"]
            )
            for place, update in zip(places, torch.split(flat_MRC, [len(block) for block in lying]), strict=True):
                rows, columns = blocks[place].shape[1:]
                standing = update.mT if rows > columns else update
                updates[place] = (standing * max(1.0, rows / columns) ** 0.5).reshape(ahead[place].shape)
        return updates


def _wide(matrix_MRC: Tensor) -> Tensor:
    return matrix_MRC.mT if matrix_MRC.shape[1] > matrix_MRC.shape[2] else matrix_MRC
