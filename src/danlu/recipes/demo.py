"""`danlu demo`: the whole way on text that ships with every Python, in a few minutes."""

import ast
import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from danlu.core.disk import write_durably
from danlu.core.events import Watcher, ignore
from danlu.recipes.finish import Outcome
from danlu.recipes.pretrain import pretrain

FOLDER = Path("runs/demo")
DURATION = "3m"
# Docstrings of a few characters ("See above.") teach nothing.
MIN_CHARACTERS = 40


def demo(
    *, watch: Watcher = ignore, already: float = 0.0, out: str | Path = FOLDER, duration: str = DURATION
) -> Outcome:
    """Trains on the documentation inside the running Python: its help topics and the docstrings of its library.

    About 2 MB of English. The text is written to `out`-text.jsonl (a line for each module), the run to `out`.
    """
    texts = Path(f"{out}-text.jsonl")
    if not texts.exists():
        write_durably(texts, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in python_texts()).encode())
    return pretrain(texts, out=out, duration=duration, watch=watch, already=already)


def python_texts() -> Iterator[dict[str, str]]:
    """`text` and `domain` of each help topic, and of each module of the standard library that has docstrings."""
    from pydoc_data.topics import topics

    for name in sorted(topics):
        yield {"domain": "topics", "text": topics[name].strip() + "\n"}
    library = Path(sysconfig.get_path("stdlib"))
    for source in sorted(library.rglob("*.py")):
        if {"site-packages", "test", "tests", "idlelib", "pydoc_data"} & set(source.relative_to(library).parts):
            continue
        text = "\n\n".join(_docstrings(source))
        if text:
            yield {"domain": "library", "text": text + "\n"}


def _docstrings(source: Path) -> Iterator[str]:
    """The docstrings of a module, read as text: nothing is imported or run."""
    try:
        tree: Any = ast.parse(source.read_bytes())
    except (SyntaxError, ValueError):
        return  # files that are broken on purpose, such as templates
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text and len(text) >= MIN_CHARACTERS:
                yield text
