"""`danlu plan`: the quote of a run, before anything is trained."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from danlu.core.artifacts import is_finished
from danlu.core.events import Watcher, ignore
from danlu.core.settings import build
from danlu.corpus.store import Corpus, open_corpus
from danlu.evaluation.references import ngram_line
from danlu.models import ARCHITECTURES
from danlu.recipes import stages
from danlu.recipes.finish import most_ngram_bytes
from danlu.recipes.objective_choice import check_objective
from danlu.recipes.quote import Quote, plan_run
from danlu.recipes.requests import check_sources, requested_tree
from danlu.recipes.settings import PretrainSettings, check_budget, check_names, settings_kind
from danlu.runtime.measure import measured_machine


def plan(
    sources: Sequence[str | Path] | str | Path,
    *,
    duration: str | None = None,
    settings_file: str | Path | None = None,
    overrides: Sequence[str] = (),
    watch: Watcher = ignore,
    **options: Any,
) -> Quote:
    """What `pretrain` with the same arguments would choose and expect. Reads the text, measures the machine, trains nothing.

    Raises what `pretrain` raises before its first step.
    """
    given = [Path(s) for s in ([sources] if isinstance(sources, str | Path) else sources)]
    valid = [Path(options["valid"])] if options.get("valid") else []
    tree = requested_tree(duration=duration, settings_file=settings_file, overrides=overrides, options=options)
    settings = build(settings_kind(str(tree.get("arch", "gpt"))), tree)
    check_budget(settings.budget)
    check_names(settings)
    check_objective(settings.objective, ARCHITECTURES.load(settings.arch), settings.model)
    check_sources([*given, *valid])
    if len(given) == 1 and is_finished(given[0], "corpus"):
        return _quote(open_corpus(given[0]), settings, tree, watch)
    with tempfile.TemporaryDirectory(prefix="danlu-plan-") as folder:
        return _quote(stages.corpus_stage(Path(folder), given, valid, settings, watch), settings, tree, watch)


def _quote(corpus: Corpus, settings: PretrainSettings, tree: dict[str, Any], watch: Watcher) -> Quote:
    with stages.stage("references", watch):
        texts = ([d.text for d in corpus.documents(split)] for split in ("train", "valid"))
        line = ngram_line(*texts, max_bytes=most_ngram_bytes(settings.budget.seconds))
    with stages.stage("calibrate", watch):
        machine = measured_machine()
    facts = stages.text_facts(corpus, settings.tokenizer.kind, line.bits_per_byte if line else None)
    return plan_run(ARCHITECTURES.load(settings.arch), settings.budget, facts, machine, tree).quote
