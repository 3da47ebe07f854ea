"""The house rules, held over every file: a finding says where it is and how to mend it."""

import subprocess
import sys

import pytest

from house_rules import rules
from house_rules.sources import Source, sources_below

SRC = sources_below("src")
TESTS = sources_below("tests")
BENCHMARKS = sources_below("benchmarks")

# Each rule with the files that it holds for.
RULES: list[tuple[rules.Rule, list[Source]]] = [
    (rules.imports_point_back, SRC),
    (rules.files_are_short, SRC + TESTS + BENCHMARKS),
    (rules.functions_are_short, SRC),
    (rules.names_say_something, SRC + TESTS + BENCHMARKS),
    (rules.no_torch_before_batches, SRC),
    (rules.nothing_unsafe, SRC),
    (rules.modules_take_few_arguments, SRC),
    (rules.everything_public_is_documented, SRC),
    (rules.everything_public_is_typed, SRC),
    (rules.messages_speak_both_languages, SRC),
    (rules.only_the_command_line_prints, SRC),
    (rules.classes_are_abstract_or_final, SRC),
    (rules.code_is_ascii, SRC + TESTS + BENCHMARKS),
    (rules.silenced_checks_name_their_code, SRC + TESTS + BENCHMARKS),
]

# For each rule a file that breaks it, with the line of the only finding, and one beside it that does not.
FUTURE = "src/danlu/corpus/x.py"
LONG = "    pass\n" * 40
EXAMPLES: list[tuple[rules.Rule, str, str, int, str]] = [
    (rules.imports_point_back, FUTURE, "def f():\n    import danlu.models", 2, "from danlu.core import errors"),
    (rules.imports_point_back, FUTURE, "from ..training import loop", 1, "from ..core import errors\nfrom . import y"),
    (rules.imports_point_back, FUTURE, "from danlu import cli", 1, "from danlu import __version__, core"),
    (rules.imports_point_back, FUTURE, "from danlu import pretrain", 1, "import danlurgy"),
    (rules.imports_point_back, "src/danlu/newpart/x.py", "", 1, ""),
    (rules.files_are_short, FUTURE, "x = 1\n" * 401, 401, "x = 1\n" * 400),
    (rules.functions_are_short, FUTURE, f"def f():\n{LONG}", 1, f'def f():\n    """A\n\n\n    b."""\n{LONG[:-9]}'),
    (rules.names_say_something, "src/danlu/core/utils.py", "", 1, ""),
    (rules.names_say_something, "src/danlu/common/x.py", "", 1, ""),
    (rules.no_torch_before_batches, FUTURE, "def f():\n    from torch import nn", 2, "import numpy"),
    (rules.nothing_unsafe, FUTURE, "import pickle", 1, "import json"),
    (rules.nothing_unsafe, FUTURE, "eval('1')", 1, "model.eval()"),
    (rules.nothing_unsafe, FUTURE, "from torch import load as read\nread('x')", 2, "load('x')"),
    (
        rules.nothing_unsafe,
        FUTURE,
        "import numpy as np\nnp.load('x')",
        2,
        "import numpy as np\nnp.load('x', allow_pickle=False)",
    ),
    (rules.nothing_unsafe, FUTURE, "import subprocess\nsubprocess.run('x', shell=True)", 2, "run('x', shell=False)"),
    (
        rules.modules_take_few_arguments,
        FUTURE,
        "from torch import nn\nclass A(nn.Module):\n    def __init__(self, a, b, c, d, *, e, f, g, h, i): ...",
        3,
        "from torch import nn\nclass A(nn.Module):\n    def __init__(self, a, b, c, d, *, e, f, g, h): ...",
    ),
    (
        rules.modules_take_few_arguments,
        FUTURE,
        "from torch import nn\nclass A(nn.Module):\n    def __init__(self, how: GPTSettings): ...",
        3,
        "class A:\n    def __init__(self, how: GPTSettings): ...",
    ),
    (rules.everything_public_is_documented, FUTURE, "x = 1", 1, "'''A module.'''"),
    (rules.everything_public_is_documented, FUTURE, "'''M.'''\nclass A: ...", 2, "'''M.'''\nclass _A: ..."),
    (
        rules.everything_public_is_documented,
        FUTURE,
        "'''M.'''\nclass A:\n    '''A.'''\n    def f(self): ...",
        4,
        "'''M.'''\nclass A:\n    '''A.'''\n    def f(self): '''F.'''\nclass B(A):\n    '''B.'''\n    def f(self): ...",
    ),
    (rules.everything_public_is_typed, FUTURE, "def f(a, b: int) -> None: ...", 1, "def f(a: int) -> None: ..."),
    (rules.everything_public_is_typed, FUTURE, "def f(*a: int): ...", 1, "def _f(a): ..."),
    (
        rules.messages_speak_both_languages,
        FUTURE,
        "from danlu.core.language import Text\nText('{a} lost', '{b} 丢失')",
        2,
        "from danlu.core.language import Text\nText(zh='丢失 {a.x}', en='{a} lost')\nText('{a}', '{a}')",
    ),
    (
        rules.messages_speak_both_languages,
        FUTURE,
        "from danlu.core.language import Text\nText(f'{a}', '丢')",
        2,
        "from rich.text import Text\nText(f'{a}')",
    ),
    (
        rules.messages_speak_both_languages,
        FUTURE,
        "from danlu.core.settings import setting\nsetting(1, 'Steps.', 'Steps.')",
        2,
        "from danlu.core.settings import setting\nsetting(1, 'Steps.', '步数。', ge=1)",
    ),
    (rules.only_the_command_line_prints, FUTURE, "print(1)", 1, "printer(1)"),
    (
        rules.classes_are_abstract_or_final,
        FUTURE,
        "class A: ...\nclass B(A): ...",
        2,
        "from abc import ABC\nclass A(ABC): ...\nclass B(A): ...\nclass E(ValueError): ...\nclass F(E): ...",
    ),
    (rules.code_is_ascii, FUTURE, "宽 = 1", 1, "x = '宽'  # 宽"),
    (rules.silenced_checks_name_their_code, FUTURE, "x = 1  # type: ignore", 1, "x = 1  # type: ignore[misc]"),
    (rules.silenced_checks_name_their_code, FUTURE, "x = 1  # noqa", 1, "x = 1  # noqa: E501"),
]


@pytest.mark.parametrize(("rule", "files"), RULES, ids=[rule.__name__ for rule, _ in RULES])
def test_house_rule(rule: rules.Rule, files: list[Source]) -> None:
    findings = list(rule(files))
    if findings:
        listed = "\n".join(f"  {finding}" for finding in findings)
        pytest.fail(f"{rule.__doc__}\n{listed}\n{len(findings)} finding(s)", pytrace=False)


@pytest.mark.parametrize(("rule", "path", "wrong", "line", "right"), EXAMPLES)
def test_rule_finds_the_breach_and_nothing_else(rule: rules.Rule, path: str, wrong: str, line: int, right: str) -> None:
    assert [finding.place for finding in rule([Source(path, wrong)])] == [f"{path}:{line}"]
    assert list(rule([Source(FUTURE, right)])) == []


def test_every_rule_has_an_example() -> None:
    assert {rule for rule, _ in RULES} == {example[0] for example in EXAMPLES}


IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    if "torch" in sys.modules:
        sys.exit(f"{name} brings torch in; look at what it imports from danlu.runtime and from other libraries")
"""


def test_no_torch_after_importing_corpus_and_tokenizers() -> None:
    names = [source.module for source in SRC if source.package in rules.WITHOUT_TORCH]
    ended = subprocess.run([sys.executable, "-c", IMPORT_ALL, *names], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
