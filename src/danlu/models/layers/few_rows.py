"""Products of a few rows with a matrix that is read from memory for them alone: what decoding does at each step.

Such a product takes as long as reading its matrix, so what counts is how fast that goes and how many bytes it has. The
matrices of 10M parameters, each cold, took on two cores for one row and for eight: torch's product 2.8 and 4.7 ms (it read
with one core), split for two cores 1.8 and 3.0, bfloat16 2.1 and 2.3, eight-bit numbers 0.64 and 1.4 (docs/log, generation).

B rows, C inputs, O outputs, S slices.
"""

from abc import ABC, abstractmethod
from typing import final

import torch
from torch import Tensor
from torch.nn import functional

BLOCK = 64  # inputs and outputs of eight-bit matrices are filled up to a multiple of it


class RowProduct(ABC):
    """A matrix [O, C] that waits for rows; it is copied."""

    @abstractmethod
    def __init__(self, matrix_OC: Tensor) -> None: ...

    @abstractmethod
    def __call__(self, x_BC: Tensor) -> Tensor:
        """The product [B, O], for rows of any numbers, in those in which it is computed: float32 or bfloat16."""


@final
class SplitProduct(RowProduct):
    """Float32: inputs are cut into slices, one for each thread, whose products are summed."""

    def __init__(self, matrix_OC: Tensor) -> None:
        inputs = matrix_OC.shape[1]
        slices = next(count for count in range(torch.get_num_threads(), 0, -1) if inputs % count == 0)
        self.matrix_SCO = matrix_OC.t().contiguous().view(slices, inputs // slices, -1)

    def __call__(self, x_BC: Tensor) -> Tensor:
        """The product [B, O] in float32."""
        slices, width = self.matrix_SCO.shape[:2]
        return torch.bmm(x_BC.view(-1, slices, width).transpose(0, 1), self.matrix_SCO).sum(0)


@final
class NarrowProduct(RowProduct):
    """Bfloat16: half the bytes; sums are kept in float32 by the processor and rounded at the end."""

    def __init__(self, matrix_OC: Tensor) -> None:
        self.matrix_CO = matrix_OC.t().to(torch.bfloat16).contiguous()

    def __call__(self, x_BC: Tensor) -> Tensor:
        """The product [B, O] in bfloat16."""
        return torch.mm(x_BC.to(torch.bfloat16), self.matrix_CO)


@final
class QuantizedProduct(RowProduct):
    """Eight-bit whole numbers, a quarter of the bytes: each output's weights over their largest, times 127, rounded (absmax
    quantization of weights alone: Dettmers et al. 2022, arXiv:2208.07339, section 2). Rows are rounded to bfloat16."""

    def __init__(self, matrix_OC: Tensor) -> None:
        scales_O = matrix_OC.abs().amax(1).clamp(min=1e-12) / 127
        whole_OC = (matrix_OC / scales_O[:, None]).round()
        self.num_outputs = len(whole_OC)
        # torch's product reads whole blocks, behind the end too: what stands there must be ours.
        self.num_missing = -whole_OC.shape[1] % BLOCK
        padding = (0, self.num_missing, 0, -self.num_outputs % BLOCK)
        self.matrix_OC = functional.pad(whole_OC, padding).to(torch.int8)
        self.scales_O = functional.pad(scales_O, (0, padding[3])).to(torch.bfloat16)

    def __call__(self, x_BC: Tensor) -> Tensor:
        """The product [B, O] in bfloat16."""
        x_BC = x_BC.to(torch.bfloat16)
        if self.num_missing:
            x_BC = functional.pad(x_BC, (0, self.num_missing))
        found_BO: Tensor = torch._weight_int8pack_mm(x_BC.contiguous(), self.matrix_OC, self.scales_O)
        return found_BO.narrow(1, 0, self.num_outputs)


ROW_PRODUCTS: dict[str, type[RowProduct]] = {
    "float32": SplitProduct,
    "bfloat16": NarrowProduct,
    "int8": QuantizedProduct,
}
"""By the numbers in which the matrix is kept."""
