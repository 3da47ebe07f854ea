"""Errors that are the user's to mend: four parts each, and an exit code.

    DanluError
    |-- UsageError (2)         wrong command line or settings
    |-- DataError (3)          bad input data
    |-- ArtifactError (4)      a damaged or mismatched artifact
    |-- DiskError (5)          no space, no permission, a failing disk
    |-- OutOfMemoryError (6)   does not fit into memory
    |-- FolderInUseError (7)   another danlu process works in the folder
    |-- WorkerLostError (8)    a process of the group died
    |-- DivergedError (20)     training diverged
    `-- InterruptedRun (130 SIGINT, 143 SIGTERM)   saved, and left on request

Anything else that escapes is a bug of danlu (exit code 1). `assert` is for our own mistakes, never for input.
"""

import difflib
from collections.abc import Iterable
from typing import Any

from danlu.core.language import Language, Text, language, say_in

WORDS = {
    "got": Text("got", "实际"),
    "allowed": Text("allowed", "允许"),
    "fix": Text("try", "建议"),
}


class DanluError(Exception):
    """What went wrong, the value got, what is allowed, what to do next.

    `what`, `allowed` and `fix` are `Text`s whose placeholders are filled from `values` (a value may itself be a
    `Text`); `got` is a `Text` or any value, shown as it is.
    """

    exit_code = 1

    def __init__(self, what: Text, *, got: object, allowed: Text, fix: Text, **values: object) -> None:
        self.what, self.got, self.allowed, self.fix, self.values = what, got, allowed, fix, values
        super().__init__(self.render("en"))

    def __reduce__(self) -> tuple[Any, ...]:
        """An error of a worker process travels whole: made again without `__init__`, whose arguments differ by class."""
        return _again, (type(self), self.args), self.__dict__

    def render(self, chosen: Language | None = None) -> str:
        """The message in `chosen` (default: the reader's language), one line for each of the four parts."""
        tongue = chosen or language()
        values = {k: say_in(tongue, v) if isinstance(v, Text) else v for k, v in self.values.items()}
        parts = {
            "got": say_in(tongue, self.got, **values) if isinstance(self.got, Text) else str(self.got),
            "allowed": say_in(tongue, self.allowed, **values),
            "fix": say_in(tongue, self.fix, **values),
        }
        lines = [say_in(tongue, self.what, **values)]
        lines += [f"  {say_in(tongue, WORDS[name])}: {text}" for name, text in parts.items()]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.render()


def _again(kind: type[DanluError], args: tuple[Any, ...]) -> DanluError:
    return kind.__new__(kind, *args)


class UsageError(DanluError):
    """Wrong command line or settings."""

    exit_code = 2


class DataError(DanluError):
    """Input data that cannot be used."""

    exit_code = 3


class ArtifactError(DanluError):
    """An artifact that is damaged, unfinished, of another kind, or made from other inputs."""

    exit_code = 4


class DiskError(DanluError):
    """The disk is full, read-only, failing, or access is denied."""

    exit_code = 5


class OutOfMemoryError(DanluError):
    """The work does not fit into memory."""

    exit_code = 6


class FolderInUseError(DanluError):
    """Another danlu process works in the same folder."""

    exit_code = 7


class WorkerLostError(DanluError):
    """A process of the group died or stopped answering."""

    exit_code = 8


class DivergedError(DanluError):
    """Training diverged: the loss stayed non-finite after every remedy."""

    exit_code = 20


class InterruptedRun(DanluError):
    """A signal asked the run to stop; its state is saved and the same command goes on."""

    def __init__(self, signal_number: int, *, saved: object) -> None:
        self.exit_code = 128 + signal_number
        super().__init__(
            Text("stopped by signal {signal}; the state is saved", "收到信号 {signal}，已保存并停止"),
            got=saved,
            allowed=Text("the same command goes on from here", "再次运行同一命令即可继续"),
            fix=Text("run the same command again", "再次运行同一命令"),
            signal=signal_number,
        )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to `name`, or None when none is close (difflib ratio below 0.5)."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return matches[0] if matches else None


def unknown_name(noun: Text, name: str, known: Iterable[str], *, kind: type[DanluError] = UsageError) -> DanluError:
    """The error for a name that is in no table: shows the nearest known name and all of them."""
    names = sorted(known)
    close = nearest(name, names)
    listed = ", ".join(names) or "-"
    fix = (
        Text("write '{close}' if that is what you mean", "如果您指的是 '{close}'，请改写为它")
        if close
        else Text("choose one of the names above", "请从上面的名称中选择")
    )
    return kind(
        Text("unknown {noun} '{name}'", "未知的{noun} '{name}'"),
        got=name,
        allowed=Text("one of: {listed}", "可选：{listed}"),
        fix=fix,
        name=name,
        listed=listed,
        close=close or "",
        noun=noun,
    )
