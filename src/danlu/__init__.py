"""danlu turns a folder of text into a language model of one's own.

    import danlu
    run = danlu.pretrain("texts/", duration="10m")
    model = danlu.load(run.folder)
    print(model.generate("Once upon a time"))

Every command of the command line is a function here; each is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from danlu.core.errors import DanluError as DanluError
    from danlu.recipes.compare import compare as compare
    from danlu.recipes.convert import convert as convert
    from danlu.recipes.corpus import corpus_build as corpus_build
    from danlu.recipes.corpus import corpus_verify as corpus_verify
    from danlu.recipes.corpus_plan import corpus_plan as corpus_plan
    from danlu.recipes.corpus_questions import corpus_check as corpus_check
    from danlu.recipes.corpus_questions import corpus_explain as corpus_explain
    from danlu.recipes.corpus_questions import corpus_what_if as corpus_what_if
    from danlu.recipes.corpus_report import corpus_report as corpus_report
    from danlu.recipes.data_order import documents_of_step as documents_of_step
    from danlu.recipes.demo import demo as demo
    from danlu.recipes.doctor import doctor as doctor
    from danlu.recipes.evaluate import evaluate as evaluate
    from danlu.recipes.export import export as export
    from danlu.recipes.extend import extend as extend
    from danlu.recipes.generate import generate as generate
    from danlu.recipes.import_model import import_model as import_model
    from danlu.recipes.load import load as load
    from danlu.recipes.plan import plan as plan
    from danlu.recipes.pretrain import pretrain as pretrain
    from danlu.recipes.quality import corpus_quality_train as corpus_quality_train
    from danlu.recipes.tokenizer import tokenizer_train as tokenizer_train

# Public name -> "module:attribute". `import danlu` loads none of them: it is quick and free of torch.
PUBLIC = {
    "DanluError": "danlu.core.errors:DanluError",
    "compare": "danlu.recipes.compare:compare",
    "convert": "danlu.recipes.convert:convert",
    "corpus_build": "danlu.recipes.corpus:corpus_build",
    "corpus_check": "danlu.recipes.corpus_questions:corpus_check",
    "corpus_explain": "danlu.recipes.corpus_questions:corpus_explain",
    "corpus_plan": "danlu.recipes.corpus_plan:corpus_plan",
    "corpus_quality_train": "danlu.recipes.quality:corpus_quality_train",
    "corpus_report": "danlu.recipes.corpus_report:corpus_report",
    "corpus_what_if": "danlu.recipes.corpus_questions:corpus_what_if",
    "corpus_verify": "danlu.recipes.corpus:corpus_verify",
    "demo": "danlu.recipes.demo:demo",
    "documents_of_step": "danlu.recipes.data_order:documents_of_step",
    "doctor": "danlu.recipes.doctor:doctor",
    "evaluate": "danlu.recipes.evaluate:evaluate",
    "export": "danlu.recipes.export:export",
    "extend": "danlu.recipes.extend:extend",
    "generate": "danlu.recipes.generate:generate",
    "import_model": "danlu.recipes.import_model:import_model",
    "load": "danlu.recipes.load:load",
    "plan": "danlu.recipes.plan:plan",
    "pretrain": "danlu.recipes.pretrain:pretrain",
    "tokenizer_train": "danlu.recipes.tokenizer:tokenizer_train",
}
__all__ = ["__version__", *PUBLIC]


def __getattr__(name: str) -> Any:
    """Loads a public name on first use."""
    if name not in PUBLIC:
        raise AttributeError(f"module 'danlu' has no attribute {name!r}; it has: {', '.join(sorted(PUBLIC))}")
    module, _, attribute = PUBLIC[name].partition(":")
    found = getattr(import_module(module), attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *PUBLIC})
