"""`import danlu` is quick and free of torch; its public names are those of the command line, and all of them load."""

import ast
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import danlu
from danlu.cli import COMMANDS

# Frozen: programs rely on these names.
PUBLIC = [
    "DanluError", "__version__", "compare", "convert", "corpus_build", "corpus_check", "corpus_explain", "corpus_plan",
    "corpus_quality_train", "corpus_report", "corpus_verify", "corpus_what_if", "demo", "doctor", "documents_of_step", "evaluate", "export",
    "extend", "generate", "import_model", "load", "plan", "pretrain", "tokenizer_train",
]  # fmt: skip
CPU_SECONDS = 0.2


def test_public_names_are_frozen() -> None:
    assert sorted(danlu.__all__) == PUBLIC
    assert set(PUBLIC) <= set(dir(danlu))


def test_every_command_is_a_function() -> None:
    others = {"import": "import_model"}  # a word of the language itself
    names = {name: others.get(name, name).replace(" ", "_").replace("-", "_") for name in COMMANDS}
    rows = {names[name]: row for name, row in COMMANDS.items() if name != "chat"}
    assert rows.items() <= danlu.PUBLIC.items()


@pytest.mark.parametrize("name", sorted(danlu.PUBLIC))
def test_every_name_loads(name: str) -> None:
    assert getattr(danlu, name).__doc__


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(danlu.__file__).read_text(encoding="utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.asname: f"{node.module}:{alias.name}"
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == danlu.PUBLIC


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="pretrain"):
        danlu.pretrian  # noqa: B018


def test_import_brings_in_nothing_heavy() -> None:
    program = "import danlu, json, sys; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = json.loads(ran.stdout)
    assert not {"torch", "pydantic", "numpy", "rich", "danlu.recipes", "danlu.core"} & set(loaded)


@pytest.mark.serial
def test_import_is_quick() -> None:
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", "import danlu"], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < CPU_SECONDS
