"""The one tensor of momentum per weight that Muon and Lion keep."""

import torch
from torch import Tensor


def momentum_of(optimizer: torch.optim.Optimizer, parameter: Tensor) -> Tensor:
    """The momentum of `parameter`, of its shape, kept in the optimizer's state; zeros when it is asked for first."""
    state = optimizer.state[parameter]
    if "momentum" not in state:
        state["momentum"] = torch.zeros_like(parameter)
    momentum: Tensor = state["momentum"]
    return momentum
