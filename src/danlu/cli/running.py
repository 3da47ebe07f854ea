"""One command from its parsed line to its printed result. The only file that loads recipes."""

import importlib
import os
from collections.abc import Iterator
from typing import Any

from danlu.cli import COMMANDS
from danlu.cli.chat import chat
from danlu.cli.commands import ALL
from danlu.cli.declaration import Command
from danlu.cli.parsing import Call
from danlu.cli.progress import Progress
from danlu.cli.results import json_line
from danlu.cli.summaries import summary
from danlu.cli.terminal import Terminal, printable
from danlu.core.clock import process_age
from danlu.core.quantities import parse_duration


def run_command(call: Call, out: Terminal, err: Terminal) -> int:
    """Runs the recipe of `call`: progress goes to `err`, the result to `out`. Gives the exit code: that of the result
    where it has one (a gate that does not pass), else 0."""
    command = ALL[call.name]
    named = dict(call.values)
    placed = [named.pop(positional.key) for positional in command.positionals]
    if call.name == "chat":
        _chat(placed[0], named, out, err)
        return 0
    recipe = _load(call.name)
    if command.timed:
        named["already"] = process_age()
    if call.name == "generate":
        text = _stream(recipe(*placed, **named), out)
        if call.json:
            out.line(json_line({"prompt": placed[1], "text": text}, out))
        return 0
    if command.watched:
        with _watcher(command, named.get("duration"), err) as watch:
            result = recipe(*placed, **named, watch=watch)
    else:
        result = recipe(*placed, **named)
    if os.environ.get("RANK", "0") != "0":
        return 0  # torchrun starts one process for each rank; the first speaks for all
    for line in summary(call.name, result, out.width()):
        out.line(printable(line) if out.is_terminal else line)
    if call.json:
        out.line(json_line(result, out))
    return int(getattr(result, "exit_code", 0))


def _load(name: str) -> Any:
    module, _, attribute = COMMANDS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def _watcher(command: Command, duration: str | None, err: Terminal) -> Any:
    progress = Progress(expected=command.stages, budget=parse_duration(duration) if duration else None, age=process_age)
    if err.live():
        from danlu.cli.screen import Screen

        return Screen(err, progress)
    from danlu.cli.plainlog import PlainLog

    return PlainLog(err, progress)


def _stream(pieces: Iterator[str], out: Terminal) -> str:
    """Writes the pieces as they come; stops when nobody reads them any more. The whole text."""
    whole: list[str] = []
    for piece in pieces:
        whole.append(piece)
        out.write(printable(piece) if out.is_terminal else piece)
        out.flush()
        if out.gone:
            break
    out.line()
    return "".join(whole)


def _chat(path: Any, named: dict[str, Any], out: Terminal, err: Terminal) -> None:
    model = _load("chat")(path)
    chat(lambda line: model.stream(line, **named), out, err)
