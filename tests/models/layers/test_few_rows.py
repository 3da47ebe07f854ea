"""Products of a few rows, against the plain product.

B rows, C inputs, O outputs.
"""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from danlu.models.layers.few_rows import ROW_PRODUCTS

# Shares of the largest product that rounding may cost: float32 hardly, bfloat16 has 8 bits, int8 7 and its rows 8.
ERRORS = {"float32": 1e-5, "bfloat16": 0.02, "int8": 0.03}


@given(
    st.integers(1, 9),
    st.integers(1, 140),
    st.integers(1, 140),
    st.integers(0, 99),
    st.sampled_from(sorted(ROW_PRODUCTS)),
)
def test_a_product_is_the_plain_one_to_rounding(batch: int, inputs: int, outputs: int, seed: int, kept: str) -> None:
    generator = torch.Generator().manual_seed(seed)
    x_BC = torch.randn(batch, inputs, generator=generator)
    matrix_OC = torch.randn(outputs, inputs, generator=generator)
    found = ROW_PRODUCTS[kept](matrix_OC)(x_BC)
    wanted = x_BC @ matrix_OC.T
    largest = float((x_BC.abs() @ matrix_OC.abs().T).max())
    torch.testing.assert_close(found.float(), wanted, atol=ERRORS[kept] * largest + 1e-6, rtol=0)


@pytest.mark.parametrize("kept", sorted(ROW_PRODUCTS))
def test_an_output_without_weights_is_zero(kept: str) -> None:
    found = ROW_PRODUCTS[kept](torch.zeros(5, 8))(torch.ones(2, 8))
    assert found.tolist() == [[0.0] * 5] * 2
