"""The commands and programs of the documents are run as a reader runs them; `--for` is shortened to 20 seconds."""

import importlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from danlu.cli.main import main

from .pages import CALCULATED, ENGLISH, ROOT, blocks

SHORT = "20s"
IN_A_PROCESS_OF_THEIR_OWN = ("pretrain", "extend", "demo")  # their time counts from the start of the process


def _run_line(line: str, site: Path) -> None:
    first, *words = shlex.split(re.sub(r"--for \S+", f"--for {SHORT}", line))
    if first == "pip":
        _install(ROOT / words[-1], site)
    elif first == "danlu" and words[0] in IN_A_PROCESS_OF_THEIR_OWN and "--help" not in words:
        environment = {**os.environ, "PYTHONPATH": str(site)}
        ran = subprocess.run([sys.executable, "-m", "danlu", *words], capture_output=True, text=True, env=environment)
        assert ran.returncode == 0, f"{line}\n{ran.stdout}\n{ran.stderr}"
    elif first == "danlu":
        assert main(words) == 0, line


def _install(package: Path, site: Path) -> None:
    """As `pip install`, into a folder of this test and without a network."""
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(site)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(package)], check=True)
    importlib.invalidate_caches()


@pytest.mark.parametrize(
    "page",
    [page for page in ENGLISH if page not in CALCULATED and any(b.language in ("sh", "python") for b in blocks(page))],
)
def test_the_commands_of_a_page_run(page: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    for block in blocks(page):
        if block.language == "sh":
            for line in block.lines():
                _run_line(line, site)
        elif block.language == "python":
            program = re.sub(r'duration="\w+"', f'duration="{SHORT}"', block.text)
            exec(compile(program, page, "exec"), {})
    sys.modules.pop("convolution", None)
