"""A finished model goes on with a text."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from danlu.core.events import Watcher, ignore
from danlu.core.settings import plain, resolve
from danlu.generation.decode import generate_text
from danlu.generation.fill import fill_text
from danlu.generation.middle import fill_middle, fills_middles
from danlu.generation.sampling import SamplingSettings
from danlu.recipes.load import load


def generate(
    model_path: Path | str, prompt: str, *, overrides: Sequence[str] = (), watch: Watcher = ignore
) -> Iterator[str]:
    """Pieces of the continuation of `prompt` by the model of a run (or its `model` folder), as they are ready.

    A model that reads both ways gives the prompt with each blank (`___`) filled in by one token; one that learnt to fill in
    the middle gives it with its blank filled in by text.

    `overrides`: settings of sampling such as "temperature=0.5" (SamplingSettings). Raises UsageError for wrong settings
    and ArtifactError for a folder without a usable model or tokenizer, both before the first piece.
    """
    settings = resolve(SamplingSettings, overrides=overrides)
    model = load(model_path)
    watch({"event": "generate", "model": str(model.path), "settings": plain(settings)})
    if not model.network.continues:
        return iter([fill_text(model.network, model.tokenizer, prompt)])
    if fills_middles(model.tokenizer, prompt):
        return fill_middle(model.network, model.tokenizer, prompt, settings)
    return generate_text(model.network, model.tokenizer, prompt, settings)
