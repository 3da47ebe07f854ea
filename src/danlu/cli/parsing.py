"""From arguments to a command and its values. Every problem of a line is found before any work, and told at once.

Own code, and short: typer 0.29 imports pydantic as soon as a command has a parameter, and its help page took
0.48 s of CPU here (0.59 s with its rich layout); the promise is 0.5 s without pydantic.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from danlu.cli.commands import ALL
from danlu.cli.declaration import Command, Option
from danlu.cli.options import JSON
from danlu.core.errors import DanluError, UsageError, unknown_name
from danlu.core.language import Text, say

COMMAND = Text("command", "命令")
OPTION = Text("option", "选项")
BEHIND = Text("{what} behind {option}", "{option} 后的{what}")
_OVERRIDE = re.compile(r"[A-Za-z_]\w*(\.\w+)*=", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a line asks for. `name` is a command, or a group or "" with `help`; `values` are the recipe's arguments."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    json: bool = False
    help: bool = False
    version: bool = False


def parse(arguments: Sequence[str]) -> Call:
    """The call that `arguments` (without the program's name) make; raises UsageError that lists every problem."""
    words = list(arguments)
    if words and words[0] in ("--version", "-V"):
        return Call(name="", version=True)
    if not words or words[0] in ("--help", "-h"):
        return Call(name="", help=True)
    if _is_group(words[0]):
        size = next((n for n in (3, 2) if " ".join(words[:n]) in ALL), 2)
        name, rest = " ".join(words[:size]), words[size:]
        group = " ".join(word for word in words[:3] if not word.startswith("-"))
        if name not in ALL and _is_group(group):
            return Call(name=group, help=True)
    else:
        name, rest = words[0], words[1:]
    if name.startswith("-"):
        raise unknown_name(OPTION, name, ("--help", "--version"))
    if name not in ALL:
        raise unknown_name(COMMAND, name, ALL)
    if "--help" in rest or "-h" in rest:
        return Call(name=name, help=True)
    return _Reading(ALL[name]).call(rest)


def _is_group(name: str) -> bool:
    """Whether commands such as `NAME something` exist: `corpus`, `corpus quality`."""
    return any(known.startswith(name + " ") for known in ALL)


def options_of(command: Command) -> tuple[Option, ...]:
    """The options of a command with those that all commands share."""
    return command.options if command.name == "chat" else (*command.options, JSON)


class _Reading:
    """One pass over the words of one command, which collects problems instead of stopping at the first."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._options = {spelling: o for o in options_of(command) for spelling in (o.name, o.short) if spelling}
        self._values: dict[str, Any] = {}
        self._overrides: list[str] = []
        self._problems: list[DanluError] = []

    def call(self, words: list[str]) -> Call:
        """The finished call."""
        loose = self._take_options(words)
        self._take_positionals(loose)
        for option in self._command.options:
            if option.required and option.key not in self._values:
                self._missing(_spelled(option), option.help)
        if self._problems:
            raise _together(self._problems, self._command)
        json = bool(self._values.pop("json", False))
        if self._command.overrides:
            named = [
                f"{o.key}={self._values.pop(o.key)}"
                for o in self._command.options
                if o.setting and o.key in self._values
            ]
            self._values["overrides"] = (*named, *self._overrides)
        return Call(name=self._command.name, values=self._values, json=json)

    def _take_options(self, words: list[str]) -> list[str]:
        """Reads the options; gives back the other words in order."""
        loose: list[str] = []
        waiting = list(words)
        while waiting:
            word = waiting.pop(0)
            if word == "--":
                return loose + waiting
            if not word.startswith("-") or word == "-":
                loose.append(word)
                continue
            name, equals, value = word.partition("=")
            option = self._options.get(name)
            if option is None:
                self._problems.append(
                    unknown_name(OPTION, name, ["--help", *(o.name for o in options_of(self._command))])
                )
            elif option.metavar is None:
                self._values[option.key] = True
            elif equals or (waiting and waiting[0] not in self._options):
                self._read(option, value if equals else waiting.pop(0))
            else:
                self._missing(say(BEHIND, what=say(option.metavar), option=name), option.help)
                self._values[option.key] = None
        return loose

    def _take_positionals(self, loose: list[str]) -> None:
        for positional in self._command.positionals:
            if positional.many:
                given = [word for word in loose if not self._is_override(word)]
                loose = [word for word in loose if self._is_override(word)]
                if given:
                    self._values[positional.key] = [positional.read(word) for word in given]
                    continue
            elif loose:
                self._values[positional.key] = positional.read(loose.pop(0))
                continue
            self._missing(say(positional.metavar), positional.help)
        for word in loose:
            if self._is_override(word):
                self._overrides.append(word)
            else:
                self._problems.append(_one_too_many(word, self._command))

    def _is_override(self, word: str) -> bool:
        """`a.b=value`, unless a file has that very name (`./a=b` is always a file)."""
        return self._command.overrides and _OVERRIDE.match(word) is not None and not Path(word).exists()

    def _read(self, option: Option, value: str) -> None:
        try:
            self._values[option.key] = option.read(value)
        except UsageError as problem:
            self._problems.append(
                UsageError(
                    Text("{option} was given wrongly: {problem}", "{option} 的写法有误：{problem}"),
                    got=problem.got,
                    allowed=problem.allowed,
                    fix=problem.fix,
                    **problem.values,
                    option=option.name,
                    problem=problem.what,
                )
            )

    def _missing(self, what: str, meaning: Text) -> None:
        self._problems.append(
            UsageError(
                Text("{name} is missing", "缺少{name}"),
                got=Text("nothing", "无"),
                allowed=meaning,
                fix=Text("danlu {command} --help shows the whole line", "danlu {command} --help 给出完整写法"),
                name=what,
                command=self._command.name,
            )
        )


def _spelled(option: Option) -> str:
    """`--for TIME`, in the reader's language."""
    return f"{option.name} {say(option.metavar)}" if option.metavar else option.name


def usage_line(command: Command) -> str:
    """`danlu evaluate RUN [options] [a.b=value ...]`."""
    parts = ["danlu", command.name]
    for positional in command.positionals:
        parts.append(say(positional.metavar) + ("..." if positional.many else ""))
    parts += [f"{o.short or o.name} {say(o.metavar)}" for o in command.options if o.required and o.metavar]
    parts.append(say(Text("[options]", "[选项]")))
    if command.overrides:
        parts.append(say(Text("[a.b=value ...]", "[a.b=值 ...]")))
    return " ".join(parts)


def _one_too_many(word: str, command: Command) -> DanluError:
    return UsageError(
        Text("'{word}' is one argument too many", "多余的参数 '{word}'"),
        got=word,
        allowed=Text("this: {usage}", "写法：{usage}"),
        fix=Text("leave it out, or put text with blanks between quotes", "去掉它；含空格的文本请加引号"),
        word=word,
        usage=usage_line(command),
    )


def _together(problems: list[DanluError], command: Command) -> DanluError:
    """One problem as it is; several in one error, a line each."""
    if len(problems) == 1:
        return problems[0]
    return UsageError(
        Text("{count} problems in this line", "这行命令有 {count} 处问题"),
        got="".join("\n    " + problem.render().replace("\n", "\n    ") for problem in problems),
        allowed=Text("this: {usage}", "写法：{usage}"),
        fix=Text("danlu {command} --help shows every option", "danlu {command} --help 列出所有选项"),
        count=len(problems),
        usage=usage_line(command),
        command=command.name,
    )
