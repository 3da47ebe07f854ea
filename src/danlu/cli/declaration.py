"""What a command takes: rows that the parser reads and the help page prints. Nothing here imports a stage."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from danlu.core.language import Text


@dataclass(frozen=True, kw_only=True)
class Option:
    """A named value: `--name VALUE` (also `-x VALUE`), or a switch where `metavar` is None.

    `key` is the argument of the recipe (where `setting` is true: the setting, handed on as `key=value`);
    `read` turns the text into its value and raises UsageError.
    """

    name: str
    key: str
    help: Text
    metavar: Text | None = None
    short: str = ""
    required: bool = False
    setting: bool = False
    read: Callable[[str], Any] = str


@dataclass(frozen=True, kw_only=True)
class Positional:
    """A value by its place, always required; `many` takes one or more (only the last positional may)."""

    metavar: Text
    key: str
    help: Text
    many: bool = False
    read: Callable[[str], Any] = str


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command: its name (`corpus build`), what it does, what it takes, and lines that work.

    `overrides`: `a.b=value` may stand behind the positionals. `watched`: its recipe tells what it does as it does it.
    `timed`: its recipe is told how many seconds went by before it was called, for they count too.
    `stages` are those that its recipe will tell of, for the list on the screen.
    """

    name: str
    summary: Text
    positionals: tuple[Positional, ...] = ()
    options: tuple[Option, ...] = ()
    overrides: bool = False
    watched: bool = False
    timed: bool = False
    stages: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
