"""Help pages: complete, in both languages, tidy at 40 and 80 columns, and quick."""

import json
import os
import resource
import subprocess
import sys

import pytest

from danlu.cli.commands import ALL
from danlu.cli.helping import help_page
from danlu.cli.layout import display_width
from danlu.cli.parsing import options_of

PAGES = ["", "corpus", "tokenizer", *ALL]
CPU_SECONDS = 0.5  # the promise


@pytest.mark.parametrize("tongue", ["en", "zh"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_fit_the_terminal(name: str, tongue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", tongue)
    for width in (40, 80):
        examples = False
        for line in help_page(name, width=width, bold=False).splitlines():
            examples |= line in ("Examples", "示例")
            copied = examples or line.startswith("  danlu ")  # a line to copy is not broken
            assert copied or display_width(line) <= width, line


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_page_shows_every_option(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    page = help_page(name, width=80, bold=False)
    assert all(option.name in page for option in options_of(ALL[name]))


def test_the_first_page_shows_every_command_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", "en")
    lines = help_page("", width=80, bold=False).splitlines()
    for name in ALL:
        assert sum(line.startswith(f"  {name} ") for line in lines) == 1, name


def test_bold_is_for_terminals() -> None:
    assert "\x1b[1m" in help_page("", width=80, bold=True)
    assert "\x1b" not in help_page("", width=80, bold=False)


@pytest.mark.parametrize("line", ["--help", "corpus --help", "pretrain --help", "chat --help"])
def test_help_imports_nothing_heavy(line: str) -> None:
    program = (
        "import sys; from danlu.cli.main import main; code = main(sys.argv[1:]);"
        "print([name for name in ('torch', 'pydantic', 'numpy', 'rich', 'typer') if name in sys.modules]); sys.exit(code)"
    )
    ran = subprocess.run([sys.executable, "-c", program, *line.split()], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout.splitlines()[-1]) == []


@pytest.mark.serial
@pytest.mark.parametrize("line", ["--help", *(f"{name} --help" for name in ALL)])
def test_help_is_quick(line: str) -> None:
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "danlu", *line.split()], check=True, stdout=subprocess.DEVNULL, env={**os.environ}
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < CPU_SECONDS
