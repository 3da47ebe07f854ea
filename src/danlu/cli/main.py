"""The entry point: reads the line, runs one recipe, prints, and decides the exit code."""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from danlu import __version__
from danlu.cli.failures import Terminated, as_danlu_error, exit_code, parts_of, request_to_stop
from danlu.cli.helping import help_page
from danlu.cli.parsing import Call, parse
from danlu.cli.terminal import Terminal, printable
from danlu.core.language import Text, language, say

STOPPED = Text(
    "stopped; what was finished is kept, the same command goes on",
    "已停止；完成的部分均已保留，再次运行同一命令即可继续",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `danlu ARGUMENTS` (default: those of the process) and gives back the exit code. Never raises."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    out, err = Terminal(sys.stdout), Terminal(sys.stderr)
    if language() == "zh" and not (out.speaks("丹炉") and err.speaks("丹炉")):
        os.environ["DANLU_LANG"] = "en"  # an encoding without Chinese would show escapes instead of words
    try:
        with _signals():
            code = _run(parse(words), out, err)
    except BaseException as problem:
        code = _failed(problem, words, out, err)
    out.flush()
    err.flush()
    return code


def _run(call: Call, out: Terminal, err: Terminal) -> int:
    if call.version:
        out.line(f"danlu {__version__}")
    elif call.help:
        out.line(help_page(call.name, width=out.width(), bold=out.styled()))
    else:
        from danlu.cli.running import run_command
        from danlu.runtime.threads import bound_spinning

        bound_spinning()  # before anything imports torch
        return run_command(call, out, err)
    return 0


def _failed(problem: BaseException, words: Sequence[str], out: Terminal, err: Terminal) -> int:
    """Says what happened, on the side for errors; the JSON line, where asked for, says it too."""
    if isinstance(problem, SystemExit):
        return problem.code if isinstance(problem.code, int) else int(problem.code is not None)
    asked = request_to_stop(problem)
    if asked is not None:
        err.line("\n" + say(STOPPED))
        return exit_code(asked)
    if isinstance(problem, BrokenPipeError):
        return 0
    shown = as_danlu_error(problem, words)
    err.line(printable(shown.render()))
    if "--json" in words:
        from danlu.cli.results import json_line

        out.line(json_line(parts_of(shown), out))
    return shown.exit_code


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM and a closed terminal end the command in order; a recipe that has something to save takes them itself."""
    taken = []
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _terminated)
                taken.append(number)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _terminated(number: int, frame: FrameType | None) -> None:
    raise Terminated(number)


if __name__ == "__main__":
    sys.exit(main())
