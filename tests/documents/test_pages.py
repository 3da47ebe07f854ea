"""Documents hold together: both languages, links, targets, options."""

import re
import shlex

import pytest

from danlu.cli.commands import ALL
from danlu.cli.parsing import parse

from .pages import ENGLISH, PAGES, ROOT, blocks, chinese, commands, headings, links, read

SET_UP = (
    "git clone ADDRESS danlu",
    "cd danlu",
    "source .venv/bin/activate",
    "pip install --no-deps ./examples/convolution",
)


def test_pages_with_commands_exist_in_both_languages() -> None:
    assert "README.md" in ENGLISH
    with_commands = {page for page in PAGES if commands(page) and not page.endswith(".zh-CN.md")}
    assert with_commands - set(ENGLISH) <= {"CONTRIBUTING.md", "ARCHITECTURE.md"}


@pytest.mark.parametrize("page", ENGLISH)
def test_both_languages_carry_the_same_commands_and_the_same_parts(page: str) -> None:
    assert blocks(page) == blocks(chinese(page))
    assert headings(page) == headings(chinese(page))


@pytest.mark.parametrize("page", ENGLISH)
def test_both_languages_have_the_same_tables_and_links(page: str) -> None:
    def rows(name: str) -> int:
        return len(re.findall(r"^\|", read(name), re.MULTILINE))

    def targets(name: str) -> set[str]:
        return {link.replace(".zh-CN.md", ".md") for link in links(name)}

    assert rows(page) == rows(chinese(page))
    assert targets(page) - {page.rpartition("/")[2]} == targets(chinese(page)) - {page.rpartition("/")[2]}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for link in links(page):
        assert ((ROOT / page).parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_understood(page: str) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for line in commands(page):
        first, *rest = shlex.split(line)
        if first == "make":
            assert rest[0] in targets, line
        elif first == "danlu":
            parse(rest)
        else:
            assert line in SET_UP, line


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_readme_shows_every_command(page: str) -> None:
    shown = read(page)
    for name in ALL:
        group, _, part = name.partition(" ")
        assert f"`danlu {name}" in shown or (f"`danlu {group} " in shown and f"`{part}`" in shown), name
