"""Predicting the next token."""

import math

import pytest
import torch

from danlu.batches.batch import TokenBatch
from danlu.models import ARCHITECTURES
from danlu.objectives.causal import Causal
from danlu.objectives.objective import Vocabulary


@pytest.mark.parametrize("name", ["gpt", "lstm"])
def test_the_loss_is_the_summed_cross_entropy_of_every_target(name: str) -> None:
    row = ARCHITECTURES.load(name)
    model = row.build(row.sized(10_000, 40, 8), 40, seed=0)
    ids = torch.randint(0, 40, (3, 9), generator=torch.Generator().manual_seed(0))
    loss = Causal(Vocabulary(size=64)).loss(model, TokenBatch(inputs_BT=ids[:, :-1], targets_BT=ids[:, 1:]))
    logits = model.logits(model(ids[:, :-1]).hidden_BTC)
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="sum")
    assert loss.num_targets == 24
    torch.testing.assert_close(loss.nats, expected)
    assert float(loss.nats.detach()) / 24 == pytest.approx(math.log(40), rel=0.3)
