"""The optimizer rows: which parameters go to which update rule, at which peak rate.

Matrices are the two-dimensional parameters of a model's body; embeddings, heads, norms and biases are the rest. Norms
and biases carry no weight decay.
"""

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor, nn

from danlu.training.lion import Lion
from danlu.training.muon import Muon
from danlu.training.settings import OptimizerSettings

# Muon's momentum rises from 0.85 over the first steps: -0.013 nats at equal steps in the modded-nanogpt ablation of
# 2024-11-06 (its records/track_1_short).
MOMENTUM_START = 0.85
# Lion moves every weight by its whole rate: 3 to 10 times less than AdamW's, with a decay so many times stronger (Chen et al.
# 2023, arXiv:2302.06675, section 5). Adafactor's rate is relative to the size of a weight, 0.01 in its paper where ours is 0.004.
LION_SHARE = 0.2
ADAFACTOR_SHARE = 2.5


@final
class OptimizerGroup:
    """Several torch optimizers that step together, and whose state is named tensors (no pickle anywhere).

    `peaks` of each group is its rate at the top of the schedule.
    """

    def __init__(self, optimizers: list[torch.optim.Optimizer], names: Mapping[Tensor, str]) -> None:
        self.optimizers, self.names = optimizers, names
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["peak"] = group["lr"]

    def step(self, *, scale: float, number: int, product_dtype: torch.dtype = torch.float32) -> None:
        """One update at `scale` times the peak rates; `number` is the step (0 is the first).

        `product_dtype`: of matrix products inside the update rule (Muon's), which need no more digits than those of
        the network.
        """
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * scale
                if isinstance(optimizer, Muon):
                    group["product_dtype"] = product_dtype
                    risen = min(1.0, number / max(1, group["momentum_warmup_steps"]))
                    group["momentum"] = MOMENTUM_START + (group["top_momentum"] - MOMENTUM_START) * risen
            optimizer.step()

    def state_tensors(self) -> dict[str, Tensor]:
        """`parameter/name -> tensor` of all state; counters of Adam are 0-dimensional tensors."""
        tensors = {}
        for optimizer in self.optimizers:
            for parameter, state in optimizer.state.items():
                for name, value in state.items():
                    if isinstance(value, Tensor):
                        tensors[f"{self.names[parameter]}/{name}"] = value
        return tensors

    def load_state_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """The inverse of `state_tensors`: state that is not among `tensors` is forgotten."""
        for optimizer in self.optimizers:
            optimizer.state.clear()
        by_name = {self.names[p]: (o, p) for o in self.optimizers for g in o.param_groups for p in g["params"]}
        for key, value in tensors.items():
            parameter_name, _, name = key.rpartition("/")
            optimizer, parameter = by_name[parameter_name]
            optimizer.state[parameter][name] = value.clone()


def muon(model: nn.Module, settings: OptimizerSettings) -> OptimizerGroup:
    """Muon for matrices, AdamW for the rest: the default."""
    matrices, others = _split(model)
    groups: list[torch.optim.Optimizer] = [_adamw(others, settings)]
    if matrices:
        optimizer = Muon(
            matrices.values(),
            lr=settings.matrix_rate,
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
            num_steps=settings.newton_schulz_steps,
        )
        for group in optimizer.param_groups:
            group["top_momentum"] = settings.momentum
            group["momentum_warmup_steps"] = settings.momentum_warmup_steps
        groups.append(optimizer)
    return OptimizerGroup(groups, _names(model))


def adamw(model: nn.Module, settings: OptimizerSettings) -> OptimizerGroup:
    """AdamW for everything (Loshchilov & Hutter 2019, arXiv:1711.05101)."""
    matrices, others = _split(model)
    return OptimizerGroup([_adamw({**matrices, **others}, settings)], _names(model))


def adam(model: nn.Module, settings: OptimizerSettings) -> OptimizerGroup:
    """Adam for everything (Kingma & Ba 2015, arXiv:1412.6980); weight decay is not applied, use l2."""
    optimizer = torch.optim.Adam(
        model.parameters(), lr=settings.rate, betas=(settings.beta1, settings.beta2), fused=True
    )
    return OptimizerGroup([optimizer], _names(model))


def sgd(model: nn.Module, settings: OptimizerSettings) -> OptimizerGroup:
    """Stochastic gradient descent with momentum (Sutskever et al. 2013); weight decay as L2, its classic form."""
    optimizer = torch.optim.SGD(
        model.parameters(), lr=settings.rate, momentum=settings.momentum, weight_decay=settings.weight_decay
    )
    return OptimizerGroup([optimizer], _names(model))


def lion(model: nn.Module, settings: OptimizerSettings) -> OptimizerGroup:
    """Lion for everything, at LION_SHARE of the rate and with so much more decay (Chen et al. 2023, arXiv:2302.06675)."""
    groups = _decaying(dict(model.named_parameters()), settings.weight_decay / LION_SHARE)
    optimizer = Lion(groups, lr=settings.rate * LION_SHARE, betas=(settings.beta1, settings.beta2))
    return OptimizerGroup([optimizer], _names(model))


def adafactor(model: nn.Module, settings: OptimizerSettings) -> OptimizerGroup:
    """Adafactor for everything: a row and a column instead of a matrix of second moments, no momentum.

    Shazeer & Stern 2018 (arXiv:1804.04235). Steps are relative to the root mean square of each tensor.
    """
    groups = _decaying(dict(model.named_parameters()), settings.weight_decay)
    return OptimizerGroup([torch.optim.Adafactor(groups, lr=settings.rate * ADAFACTOR_SHARE)], _names(model))


def matrices_of(model: nn.Module) -> dict[str, Tensor]:
    """The parameters that Muon, L1 and L2 act on, by name."""
    return _split(model)[0]


def _adamw(parameters: Mapping[str, Tensor], settings: OptimizerSettings) -> torch.optim.Optimizer:
    groups = _decaying(parameters, settings.weight_decay)
    return torch.optim.AdamW(groups, lr=settings.rate, betas=(settings.beta1, settings.beta2), fused=True)


def _decaying(parameters: Mapping[str, Tensor], weight_decay: float) -> list[dict[str, Any]]:
    """Groups of torch's optimizers: tensors of two dimensions decay, norms and biases do not."""
    decayed = [p for p in parameters.values() if p.ndim >= 2]
    plain = [p for p in parameters.values() if p.ndim < 2]
    groups: list[dict[str, Any]] = [{"params": decayed, "weight_decay": weight_decay}]
    if plain:
        groups.append({"params": plain, "weight_decay": 0.0})
    return groups


def _split(model: nn.Module) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    matrices: dict[str, Tensor] = {}
    others: dict[str, Tensor] = {}
    for name, parameter in model.named_parameters():
        (matrices if name.startswith("body.") and parameter.ndim == 2 else others)[name] = parameter
    return matrices, others


def _names(model: nn.Module) -> dict[Tensor, str]:
    return {parameter: name for name, parameter in model.named_parameters()}
