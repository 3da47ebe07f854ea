"""An objective meets only networks whose direction it can use."""

import pytest

from danlu.core.errors import UsageError
from danlu.models import ARCHITECTURES
from danlu.objectives.causal import Causal
from danlu.objectives.masked import Masked
from danlu.objectives.objective import check_pairs


def test_networks_that_read_in_another_direction_are_refused_all_at_once() -> None:
    row = ARCHITECTURES.load("lstm")
    model = row.build(row.sized(5_000, 30, 8), 30, seed=0)
    check_pairs([Causal], model, "lstm")
    with pytest.raises(UsageError, match="lstm cannot be trained with masked") as refused:
        check_pairs([Causal, Masked], model, "lstm")
    assert "masked: a network that reads bidirectional" in str(refused.value)
