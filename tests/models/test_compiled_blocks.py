"""A GPT whose blocks are compiled computes what the plain one does, for every length of window, with one compilation."""

import pytest
import torch
from torch import Tensor

from danlu.models import ARCHITECTURES
from danlu.models.model import LanguageModel
from danlu.models.stack import Stack
from danlu.runtime.measure import find_compiler

pytestmark = [
    pytest.mark.serial,  # the compiler takes both cores
    pytest.mark.skipif(find_compiler() is None, reason="no C++ compiler is installed"),
    pytest.mark.filterwarnings("ignore"),  # torch's compiler warns of its own old parts while it looks at tensors
]


def _model() -> LanguageModel:
    row = ARCHITECTURES.load("gpt")
    model: LanguageModel = row.build(row.sized(30_000, 50, 16), 50, seed=3)
    return model


def _pass(model: LanguageModel, ids_BT: Tensor) -> dict[str, Tensor]:
    model.zero_grad()
    hidden_BTC = model(ids_BT).hidden_BTC
    hidden_BTC.square().sum().backward()
    grads = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    return {"hidden": hidden_BTC.detach(), **grads}


def test_it_equals_the_plain_form_at_every_length_of_window() -> None:
    model, ids = _model(), torch.arange(64) * 7 % 50
    plain = {length: _pass(model, ids.view(-1, length)) for length in (16, 8, 4)}
    assert model.body.compile_for_training()
    torch._dynamo.utils.counters.clear()
    for length in (16, 8, 4):
        for name, found in _pass(model, ids.view(-1, length)).items():
            torch.testing.assert_close(found, plain[length][name], atol=1e-3, rtol=1e-3)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 2
    # another number of rows would be compiled anew: it goes the plain way
    other = _pass(model, ids[:32].view(2, 16))
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 2
    model.body.run_plain()
    torch.testing.assert_close(_pass(model, ids[:32].view(2, 16))["hidden"], other["hidden"], atol=0, rtol=0)
    assert isinstance(model.body, Stack)
