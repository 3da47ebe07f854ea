"""The masked objective: which positions are hidden, by what, and that only they are predicted."""

import dataclasses
import math

import numpy as np
import numpy.typing as npt
import pytest
import torch

from danlu.batches.batch import TokenBatch
from danlu.core.errors import UsageError
from danlu.models import ARCHITECTURES
from danlu.objectives.masked import Masked
from danlu.objectives.objective import Vocabulary

VOCABULARY = Vocabulary(size=500, num_control=3, controls={"<|bos|>": 0, "<|mask|>": 2})


def some_ids() -> torch.Tensor:
    """[64, 100] ids, a control token among them."""
    ids_BT = torch.randint(3, 500, (64, 100), generator=torch.Generator().manual_seed(0))
    ids_BT[:, 0] = 0
    return ids_BT


def test_the_share_is_hidden_in_every_window_and_control_tokens_never() -> None:
    objective, ids_BT = Masked(VOCABULARY, share=0.15), some_ids()
    hidden_BT = objective.choose(ids_BT)
    assert (hidden_BT.sum(1) == 15).all()
    assert not hidden_BT[:, 0].any()


def test_eighty_ten_ten() -> None:
    objective, ids_BT = Masked(VOCABULARY, share=0.5), some_ids()
    torch.manual_seed(1)
    hidden_BT = objective.choose(ids_BT)
    shown_BT = objective.hide(ids_BT, hidden_BT)
    assert torch.equal(shown_BT[~hidden_BT], ids_BT[~hidden_BT])
    at_hidden, before = shown_BT[hidden_BT], ids_BT[hidden_BT]
    assert float((at_hidden == 2).float().mean()) == pytest.approx(0.8, abs=0.03)
    assert float((at_hidden == before).float().mean()) == pytest.approx(0.1, abs=0.03)
    assert (at_hidden >= 2).all()


def test_the_loss_is_that_of_the_hidden_positions_alone() -> None:
    row = ARCHITECTURES.load("bert")
    model = row.build(row.sized(50_000, 500, 100), 500).eval()
    ids_BT, objective = some_ids()[:4], Masked(VOCABULARY)
    torch.manual_seed(3)
    loss = objective.loss(model, TokenBatch(inputs_BT=ids_BT, targets_BT=ids_BT))
    torch.manual_seed(3)
    hidden_BT = objective.choose(ids_BT)
    logits_BTV = model.logits(model(objective.hide(ids_BT, hidden_BT)).hidden_BTC)
    expected = torch.nn.functional.cross_entropy(logits_BTV[hidden_BT], ids_BT[hidden_BT], reduction="sum")
    assert loss.num_targets == int(hidden_BT.sum()) == 4 * 30
    torch.testing.assert_close(loss.nats, expected)
    assert float(loss.nats.detach()) / loss.num_targets == pytest.approx(math.log(500), rel=0.1)


def test_a_tokenizer_without_the_token_is_refused() -> None:
    with pytest.raises(UsageError, match="lacks a control token"):
        Masked(Vocabulary(size=10))


def in_threes(ids: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """In windows of 99: a control token, a word of two tokens, words of three."""
    places = np.arange(len(ids)) % 99
    return (places % 3 == 0) | (places == 1)


def test_whole_words_are_hidden_together_and_never_more_than_the_share() -> None:
    vocabulary = dataclasses.replace(VOCABULARY, word_starts=in_threes)
    objective, ids_BT = Masked(vocabulary, share=0.3, whole_words=True), some_ids()[:, :99]
    torch.manual_seed(0)
    hidden_BT = objective.choose(ids_BT)
    words_BWT = hidden_BT[:, 3:].view(64, 32, 3)
    assert (words_BWT.all(2) == words_BWT.any(2)).all()
    assert not hidden_BT[:, 0].any()
    assert (hidden_BT.sum(1) <= 30).all()
    assert (hidden_BT.sum(1) >= 28).all()


def test_a_window_of_one_long_word_is_hidden_in_part() -> None:
    vocabulary = dataclasses.replace(VOCABULARY, word_starts=lambda ids: np.zeros(len(ids), dtype=np.bool_))
    ids_BT = some_ids()[:, 1:]
    hidden_BT = Masked(vocabulary, share=0.2, whole_words=True).choose(ids_BT)
    assert (hidden_BT.sum(1) == 20).all()
