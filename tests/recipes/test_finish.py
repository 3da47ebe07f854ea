"""The end of a run: how long it will take, and how much of the validation text is scored."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from danlu.models.model import LanguageModel
from danlu.recipes.finish import EVALUATION_MARGIN, EVALUATION_SHARE, Reserve
from danlu.tokenizers.token_store import Tokens


def reserve_of(**options: Any) -> Reserve:
    valid = cast("Tokens", SimpleNamespace(num_tokens=100_000))
    return Reserve(valid, cast("LanguageModel", torch.nn.Linear(2, 2)), seconds_per_token=1e-4, **options)


def test_one_pass_is_always_taken() -> None:
    assert reserve_of(total_seconds=1.0).passes() == 1
    assert reserve_of(stripes=10, total_seconds=1.0).passes() == 1


def test_all_passes_are_taken_where_no_clock_runs() -> None:
    assert reserve_of(stripes=10).passes() == 10


def test_as_many_passes_as_fit_into_their_share_of_the_time() -> None:
    reserve = reserve_of(stripes=10, total_seconds=500.0)
    assert reserve.passes() == int(EVALUATION_SHARE * 500 / 10)
    reserve.measured(1_000, 0.05)
    assert reserve.passes() == int(EVALUATION_SHARE * 500 / 5)
    assert reserve.seconds() >= EVALUATION_MARGIN * 5 * reserve.passes()
    reserve.measured(1_000, 0.001)
    assert reserve.passes() == 10


def test_a_slower_pass_makes_the_end_longer_until_passes_are_left_out() -> None:
    reserve = reserve_of()
    before = reserve.seconds()
    reserve.measured(1_000, 1.0)
    assert reserve.seconds() - before == pytest.approx(EVALUATION_MARGIN * (100 - 10))
