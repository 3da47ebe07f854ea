"""A prefix that is read both ways, and networks that look ahead where they are told to."""

import pytest
import torch

from danlu.batches.batch import TokenBatch
from danlu.core.errors import UsageError
from danlu.models import ARCHITECTURES
from danlu.models.layers.mixing import Prefixed
from danlu.models.model import LanguageModel
from danlu.models.stack import Stack
from danlu.objectives.causal import Causal
from danlu.objectives.masked_next_token import MaskedNextToken
from danlu.objectives.objective import Vocabulary, check_pairs
from danlu.objectives.prefix_lm import PrefixLM

VOCABULARY = Vocabulary(size=40, num_control=3, controls={"<|bos|>": 0, "<|pad|>": 1, "<|mask|>": 2})
GPTS = [
    n
    for n in ARCHITECTURES.names()
    if PrefixLM.can_train(ARCHITECTURES.load(n).assemble(ARCHITECTURES.load(n).settings(), 40))
]


def model_of(name: str) -> LanguageModel:
    """A very small network."""
    row = ARCHITECTURES.load(name)
    model: LanguageModel = row.build(row.sized(30_000, 40, 12), 40, seed=1).eval()
    return model


def batch_of(rows: int = 3) -> TokenBatch:
    """Windows of 12 ids."""
    ids = torch.randint(3, 40, (rows, 13), generator=torch.Generator().manual_seed(4))
    return TokenBatch(inputs_BT=ids[:, :-1], targets_BT=ids[:, 1:])


@pytest.mark.parametrize("name", GPTS)
def test_the_prefix_is_seen_whole_and_nothing_behind_it_is_seen_early(name: str) -> None:
    model, ids_BT, length = model_of(name), batch_of(1).inputs_BT, 5
    assert isinstance(model.body, Stack)
    hidden = model.embed(ids_BT).detach().requires_grad_()
    with model.body.mixed_by(Prefixed(length)):
        out_BTC = model.body(hidden)
    for position in range(12):
        (grad,) = torch.autograd.grad(out_BTC[0, position].square().sum(), hidden, retain_graph=True)
        seen = (grad[0].norm(dim=-1) > 0).tolist()
        assert seen == [other < length or other <= position for other in range(12)]


@pytest.mark.parametrize("name", GPTS)
def test_a_prefix_of_one_is_causal_and_afterwards_all_is_as_before(name: str) -> None:
    model, batch = model_of(name), batch_of()
    before = Causal(VOCABULARY).loss(model, batch)
    first = PrefixLM(VOCABULARY).loss_behind(1, model, batch)
    assert first.num_targets == before.num_targets
    torch.testing.assert_close(first.nats, before.nats)
    later = PrefixLM(VOCABULARY).loss_behind(9, model, batch)
    assert later.num_targets == 3 * 4
    assert torch.equal(Causal(VOCABULARY).loss(model, batch).nats, before.nats)


def test_hidden_tokens_are_predicted_from_the_position_before() -> None:
    model, batch = model_of("gpt"), batch_of()
    objective = MaskedNextToken(VOCABULARY, share=0.5)
    torch.manual_seed(1)
    loss = objective.loss(model, batch)
    torch.manual_seed(1)
    hidden_BT = objective.masked.choose(batch.inputs_BT)
    shown_BT = objective.masked.hide(batch.inputs_BT, hidden_BT)
    hidden_BT[:, 0] = False
    assert isinstance(model.body, Stack)
    with model.body.mixed_by(Prefixed(12)):
        logits_BTV = model.logits(model(shown_BT).hidden_BTC)
    logits_NV = torch.stack([logits_BTV[b, t - 1] for b, t in hidden_BT.nonzero().tolist()])
    expected = torch.nn.functional.cross_entropy(logits_NV, batch.inputs_BT[hidden_BT], reduction="sum")
    assert loss.num_targets == int(hidden_BT.sum())
    torch.testing.assert_close(loss.nats, expected)


def test_recurrent_networks_cannot_look_ahead() -> None:
    with pytest.raises(UsageError, match="prefix_lm: a transformer"):
        check_pairs([PrefixLM, Causal], model_of("lstm"), "lstm")
