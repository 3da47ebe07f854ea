"""An objective meets only networks whose direction it can use."""

import pytest

from danlu.core.errors import UsageError
from danlu.models import ARCHITECTURES
from danlu.objectives.causal import Causal
from danlu.objectives.objective import Vocabulary, check_direction


def test_a_network_that_reads_in_another_direction_is_refused() -> None:
    row = ARCHITECTURES.load("lstm")
    model = row.build(row.sized(5_000, 30, 8), 30, seed=0)
    check_direction(Causal(Vocabulary(size=64)), model, "lstm")
    model.direction = "bidirectional"
    with pytest.raises(UsageError, match="lstm cannot be trained with causal") as refused:
        check_direction(Causal(Vocabulary(size=64)), model, "lstm")
    assert "left-to-right" in str(refused.value)
