"""Timed products: every mode, the process left as it was, and a limit that is kept."""

import pytest
import torch

from danlu.runtime.products import copy_speed, thread_counts, time_products


@pytest.mark.parametrize(("cores", "counts"), [(1, [1]), (2, [2, 1]), (4, [4, 2, 1]), (12, [12, 8, 4, 2, 1])])
def test_all_cores_come_first_then_the_powers_of_two(cores: int, counts: list[int]) -> None:
    assert thread_counts(cores) == counts


def test_rows_are_speeds_and_the_process_is_left_as_it_was() -> None:
    before = torch.get_num_threads(), torch.get_float32_matmul_precision()
    products = time_products(1, seconds=0.5)
    assert (torch.get_num_threads(), torch.get_float32_matmul_precision()) == before
    assert products.rows[0].mode == "float32"
    assert all(row.gflops > 0 and row.num_threads == 1 for row in products.rows)
    assert 0 < products.share_of_cores <= 1


def test_with_no_time_at_all_float32_is_measured_still() -> None:
    assert {row.mode for row in time_products(1, seconds=0.0).rows} == {"float32"}


def test_a_copy_has_a_speed() -> None:
    assert copy_speed() > 0.1
