"""The promised names: commands, their first-class options, their recipes."""

import importlib
import inspect
import tomllib
from pathlib import Path

import pytest

import danlu
from danlu.cli import COMMANDS
from danlu.cli.commands import ALL
from danlu.cli.parsing import options_of, parse

# Frozen. A new first-class option is a decision that changes this list; everything else is `a.b=value`.
FIRST_CLASS = {
    "demo": ["--for", "--json"],
    "doctor": ["--fresh", "--full", "--json"],
    "plan": ["--for", "--steps", "--tokens", "--valid", "--arch", "--objective", "--tokenizer", "--size", "--seed",
             "--settings", "--json"],
    "pretrain": ["--out", "--for", "--steps", "--tokens", "--valid", "--arch", "--objective", "--tokenizer", "--size",
                 "--seed", "--settings", "--json"],
    "extend": ["--for", "--json"],
    "evaluate": ["--on", "--json"],
    "generate": ["--json"],
    "chat": [],
    "compare": ["--json"],
    "export": ["--to", "--out", "--json"],
    "import": ["--out", "--json"],
    "convert": ["--i-trust-this-file", "--out", "--json"],
    "corpus build": ["--out", "--settings", "--json"],
    "corpus report": ["--out", "--tokenizer", "--card", "--json"],
    "corpus verify": ["--json"],
    "corpus explain": ["--run", "--json"],
    "corpus check": ["--json"],
    "corpus what-if": ["--preset", "--json"],
    "corpus plan": ["--settings", "--json"],
    "corpus quality train": ["--good", "--bad", "--out", "--json"],
    "tokenizer train": ["--out", "--kind", "--vocab-size", "--settings", "--json"],
}  # fmt: skip


def test_first_class_options_are_frozen() -> None:
    assert {name: [o.name for o in options_of(command)] for name, command in ALL.items()} == FIRST_CLASS


def test_every_command_has_a_recipe_and_every_recipe_a_command() -> None:
    assert sorted(ALL) == sorted(COMMANDS)


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_recipe_takes_what_the_command_hands_over(name: str) -> None:
    module, _, attribute = COMMANDS[name].partition(":")
    recipe = getattr(importlib.import_module(module), attribute)
    command = ALL[name]
    options = [] if name == "chat" else [o.key for o in command.options if not o.setting]
    options += ["overrides"] * (command.overrides and name != "chat")
    options += ["watch"] * command.watched + ["already"] * command.timed
    inspect.signature(recipe).bind(*([None] * len(command.positionals)), **dict.fromkeys(options))


@pytest.mark.parametrize("name", sorted(ALL))
def test_both_languages_say_something_of_everything(name: str) -> None:
    command = ALL[name]
    for text in (command.summary, *(o.help for o in command.options), *(p.help for p in command.positionals)):
        assert text.en.strip()
        assert any("\u4e00" <= character <= "\u9fff" for character in text.zh) or text.en == text.zh, text


@pytest.mark.parametrize("example", [e for command in ALL.values() for e in command.examples])
def test_examples_parse(example: str) -> None:
    import shlex

    words = shlex.split(example)
    assert words.pop(0) == "danlu"
    assert parse(words).name in example


def test_the_entry_point_exists() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["scripts"]["danlu"] == "danlu.cli.main:main"
    assert project["project"]["version"] == danlu.__version__
