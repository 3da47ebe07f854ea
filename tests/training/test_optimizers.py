"""Which parameters go to which rule, and Muon's rising momentum; the contract suite has what all rows keep."""

import pytest

from danlu.training.muon import Muon
from danlu.training.optimizers import MOMENTUM_START, adamw, matrices_of, muon
from tiny_training import tiny_model, tiny_settings


@pytest.mark.parametrize("name", ["gpt", "lstm"])
def test_muon_takes_the_bodys_matrices_and_adamw_the_rest(name: str) -> None:
    model = tiny_model(name)
    group = muon(model, tiny_settings().optimizer)
    of_muon = [p for o in group.optimizers if isinstance(o, Muon) for g in o.param_groups for p in g["params"]]
    others = [p for o in group.optimizers if not isinstance(o, Muon) for g in o.param_groups for p in g["params"]]
    assert {group.names[p] for p in of_muon} == set(matrices_of(model))
    assert all(p.ndim == 2 for p in of_muon)
    assert "embed.weight" in {group.names[p] for p in others}
    assert len(of_muon) + len(others) == len(list(model.parameters()))


def test_norms_and_biases_do_not_decay() -> None:
    model = tiny_model("lstm")
    group = adamw(model, tiny_settings("optimizer.weight_decay=0.3").optimizer)
    decay = {group.names[p]: g["weight_decay"] for o in group.optimizers for g in o.param_groups for p in g["params"]}
    for name, parameter in model.named_parameters():
        assert decay[name] == (0.3 if parameter.ndim >= 2 else 0.0)


def test_muons_momentum_rises_with_the_step() -> None:
    group = muon(
        tiny_model(), tiny_settings("optimizer.momentum=0.95", "optimizer.momentum_warmup_steps=100").optimizer
    )
    seen = []
    for number in (0, 50, 100, 1000):
        group.step(scale=0.5, number=number)
        seen += [g["momentum"] for o in group.optimizers if isinstance(o, Muon) for g in o.param_groups]
    assert seen == pytest.approx([MOMENTUM_START, 0.9, 0.95, 0.95])


def test_rates_are_shares_of_the_peaks() -> None:
    group = muon(tiny_model(), tiny_settings("optimizer.rate=0.01", "optimizer.matrix_rate=0.04").optimizer)
    for scale in (0.5, 0.25):
        group.step(scale=scale, number=0)
        rates = {type(o).__name__: g["lr"] for o in group.optimizers for g in o.param_groups}
        assert rates == pytest.approx({"AdamW": 0.01 * scale, "Muon": 0.04 * scale})
