"""Compiling a network before its first step, where the run's settings say so."""

import time
from contextlib import nullcontext

import torch

from danlu.core.events import Watcher
from danlu.core.settings import plain
from danlu.models.model import LanguageModel
from danlu.recipes.run_folder import RunFolder
from danlu.recipes.settings import PretrainSettings
from danlu.recipes.stages import stage
from danlu.runtime.compiling import compiled_shape, remember_compiled, use_own_cache


def compile_stage(run: RunFolder, settings: PretrainSettings, model: LanguageModel, watch: Watcher) -> None:
    """One pass forth and back, so that the compiler's seconds do not count as a step's. Leaves no gradient behind.

    Where the compiler fails the run goes on without it, and says so.
    """
    if settings.runtime.device.compile != "on":
        return
    use_own_cache()
    began = time.perf_counter()
    with stage("compile", watch):
        if not model.body.compile_for_training():
            return
        try:
            _pass(model, settings)
        except Exception as problem:  # whatever a compiler chain throws, there is the plain way
            model.body.run_plain()
            line = f"{type(problem).__name__}: {problem}".split("\n", 1)[0][:300]
            run.events.append({"event": "decision", "name": "compile", "value": "off", "reason": line}, durable=True)
            watch({"event": "warning", "text": line})
            return
    shape = compiled_shape(
        settings.arch,
        plain(settings.model),
        micro_batch_tokens=settings.training.micro_batch_tokens,
        dtype=settings.runtime.device.dtype,
    )
    remember_compiled(shape, time.perf_counter() - began)


def _pass(model: LanguageModel, settings: PretrainSettings) -> None:
    training = settings.training
    rows = min(training.micro_batch_tokens, training.batch_tokens) // model.context_length
    ids_BT = torch.zeros(max(1, rows), model.context_length, dtype=torch.int64)
    model.train()
    bfloat16 = settings.runtime.device.dtype == "bfloat16"
    with torch.autocast("cpu", dtype=torch.bfloat16) if bfloat16 else nullcontext():
        loss = model(ids_BT).hidden_BTC.float().sum()
    loss.backward()
    model.zero_grad(set_to_none=True)
