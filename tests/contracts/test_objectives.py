"""What every row of OBJECTIVES must keep."""

import pytest
import torch

from danlu.batches.batch import TokenBatch
from danlu.core.errors import UsageError
from danlu.models import ARCHITECTURES
from danlu.models.model import LanguageModel
from danlu.objectives import OBJECTIVES
from danlu.objectives.objective import Objective, Vocabulary
from danlu.objectives.settings import ObjectiveSettings
from danlu.tokenizers.tokenizer import FALSE, MASK, MIDDLE, PADDING, PREFIX, SENTINELS, SEPARATOR, SUFFIX, TRUE

VOCABULARY, CONTEXT, ROWS = 40, 12, 6
NAMES = (SEPARATOR, PADDING, MASK, PREFIX, MIDDLE, SUFFIX, TRUE, FALSE, *SENTINELS[:3])


def _objective(name: str) -> Objective:
    controls = {control: number for number, control in enumerate(NAMES)}
    vocabulary = Vocabulary(size=VOCABULARY, num_control=len(controls), controls=controls)
    found: Objective = OBJECTIVES.load(name).of(vocabulary, ObjectiveSettings())
    return found


def _model(objective: Objective) -> LanguageModel:
    for name in ARCHITECTURES.names():
        row = ARCHITECTURES.load(name)
        model: LanguageModel = row.build(row.sized(20_000, VOCABULARY, CONTEXT), VOCABULARY, seed=1)
        if objective.can_train(model):
            return model
    raise AssertionError(f"no architecture for {objective.name}")


def _batch(rows: slice = slice(None)) -> TokenBatch:
    ids = torch.randint(len(NAMES), VOCABULARY, (ROWS, CONTEXT + 1), generator=torch.Generator().manual_seed(2))[rows]
    return TokenBatch(inputs_BT=ids[:, :-1], targets_BT=ids[:, 1:])


@pytest.mark.parametrize("name", OBJECTIVES.names())
def test_a_row_is_called_as_it_is_listed(name: str) -> None:
    objective = _objective(name)
    assert objective.name == name
    assert objective.directions <= {"left-to-right", "bidirectional", "encoder-decoder"}
    assert objective.directions


@pytest.mark.parametrize("name", OBJECTIVES.names())
def test_the_loss_is_a_finite_sum_with_gradients(name: str) -> None:
    objective = _objective(name)
    model = _model(objective)
    torch.manual_seed(0)
    loss = objective.loss(model, _batch())
    assert loss.nats.shape == ()
    assert loss.nats.dtype == torch.float32
    assert 0 < loss.num_targets <= ROWS * CONTEXT
    assert len(loss.parts) == len(objective.parts)
    loss.nats.backward()
    gradients = [p.grad for p in model.parameters()]
    assert all(g is not None and bool(g.isfinite().all()) for g in gradients)
    assert any(bool(g.any()) for g in gradients if g is not None)


@pytest.mark.parametrize("name", OBJECTIVES.names())
def test_the_same_random_state_gives_the_same_loss(name: str) -> None:
    objective = _objective(name)
    model = _model(objective)
    losses = []
    for _ in range(2):
        torch.manual_seed(7)
        losses.append(float(objective.loss(model, _batch()).nats.detach()))
    assert losses[0] == losses[1]


@pytest.mark.parametrize("name", OBJECTIVES.names())
def test_its_control_tokens_are_asked_for(name: str) -> None:
    row = OBJECTIVES.load(name)
    if row.controls:
        with pytest.raises(UsageError, match="lacks a control token"):
            row.of(Vocabulary(size=VOCABULARY), ObjectiveSettings())
    assert SEPARATOR not in row.controls


@pytest.mark.parametrize("name", [n for n in OBJECTIVES.names() if n == "causal"])
def test_parts_add_up_to_the_whole(name: str) -> None:
    objective = _objective(name)
    model = _model(objective)
    whole = objective.loss(model, _batch())
    parts = [objective.loss(model, _batch(slice(begin, begin + 2))) for begin in range(0, ROWS, 2)]
    assert sum(p.num_targets for p in parts) == whole.num_targets
    torch.testing.assert_close(torch.stack([p.nats for p in parts]).sum(), whole.nats)


@pytest.mark.parametrize("name", OBJECTIVES.names())
def test_a_few_steps_learn(name: str) -> None:
    objective = _objective(name)
    model = _model(objective)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    losses = []
    for _ in range(30):
        torch.manual_seed(7)
        loss = objective.loss(model, _batch())
        (loss.nats / loss.num_targets).backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.nats.detach()) / loss.num_targets)
    assert losses[-1] < 0.7 * losses[0]
