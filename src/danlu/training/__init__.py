"""Batches + objective + model -> checkpoints: the loop, its step, optimizers, schedules, and exact resume."""

from danlu.core.language import Text
from danlu.core.registry import Registry

OPTIMIZERS = Registry(
    "danlu.optimizers",
    Text("optimizer", "优化器"),
    {
        "muon": "danlu.training.optimizers:muon",
        "adamw": "danlu.training.optimizers:adamw",
        "adam": "danlu.training.optimizers:adam",
        "lion": "danlu.training.optimizers:lion",
        "adafactor": "danlu.training.optimizers:adafactor",
        "sgd": "danlu.training.optimizers:sgd",
    },
)
SCHEDULES = Registry(
    "danlu.schedules",
    Text("schedule", "学习率计划"),
    {
        "trapezoid": "danlu.training.schedules:trapezoid",
        "cosine": "danlu.training.schedules:cosine",
        "linear": "danlu.training.schedules:linear",
        "constant": "danlu.training.schedules:constant",
    },
)
