"""From an exception to an exit code and four parts in the reader's language."""

import errno
import os
import platform
import shlex
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from danlu import __version__
from danlu.core.disk import disk_errors
from danlu.core.errors import DanluError, OutOfMemoryError, UsageError
from danlu.core.language import Text, say

INTERRUPTED = 130
TERMINATED = 143
# Words with which torch's allocators (CPU, CUDA) and numpy report that memory ran out.
_NO_MEMORY = ("not enough memory", "can't allocate memory", "CUDA out of memory", "Unable to allocate")


class Terminated(BaseException):
    """SIGTERM or SIGHUP came while nothing was there to save."""


def request_to_stop(problem: BaseException) -> BaseException | None:
    """The signal that `problem` is, or in whose handling it was raised; None where none was.

    A signal may come while a library closes its files, whose own clean-up then fails: shutil.rmtree closes a file twice.
    """
    seen: BaseException | None = problem
    while seen is not None and not isinstance(seen, (KeyboardInterrupt, Terminated)):
        seen = seen.__context__
    return seen


def exit_code(problem: BaseException) -> int:
    """What the process ends with because of `problem`."""
    if isinstance(problem, DanluError):
        return problem.exit_code
    if isinstance(problem, KeyboardInterrupt):
        return INTERRUPTED
    return TERMINATED if isinstance(problem, Terminated) else 1


def as_danlu_error(problem: BaseException, arguments: Sequence[str]) -> DanluError:
    """`problem` in four parts: as it is, or as the user's (memory, disk, a path of theirs), else as a bug of ours."""
    if isinstance(problem, DanluError):
        return problem
    if isinstance(problem, MemoryError) or _is_memory(problem):
        return _out_of_memory(problem)
    if isinstance(problem, OSError):
        found = _of_the_system(problem, arguments)
        if found is not None:
            return found
    if isinstance(problem, ModuleNotFoundError) and problem.name and not problem.name.startswith("danlu"):
        return _missing_library(problem.name)
    return _bug(problem, arguments)


def parts_of(problem: DanluError) -> dict[str, Any]:
    """The error as plain values for the JSON line; the parts are in the reader's language."""
    values = {name: say(value) if isinstance(value, Text) else value for name, value in problem.values.items()}
    return {
        "error": type(problem).__name__,
        "exit_code": problem.exit_code,
        "what": say(problem.what, **values),
        "got": say(problem.got) if isinstance(problem.got, Text) else str(problem.got),
        "allowed": say(problem.allowed, **values),
        "fix": say(problem.fix, **values),
    }


def _is_memory(problem: BaseException) -> bool:
    return isinstance(problem, RuntimeError) and any(words in str(problem) for words in _NO_MEMORY)


def _out_of_memory(problem: BaseException) -> DanluError:
    return OutOfMemoryError(
        Text("memory ran out", "内存不足"),
        got=str(problem).split("\n")[0] or type(problem).__name__,
        allowed=Text("work that fits into the memory of this machine", "能放入本机内存的工作"),
        fix=Text(
            "close other programs, choose a smaller --size, or halve training.micro_batch_tokens; then run the same"
            " command again",
            "请关闭其他程序，或选更小的 --size，或将 training.micro_batch_tokens 减半；然后再次运行同一命令",
        ),
    )


def _of_the_system(problem: OSError, arguments: Sequence[str]) -> DanluError | None:
    """An OSError of the disk, or about a path that stands in the command; None for any other."""
    named = os.fsdecode(problem.filename) if isinstance(problem.filename, (str, bytes)) else ""
    if problem.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG) and named in arguments:
        return UsageError(
            Text("{path} cannot be opened", "无法打开 {path}"),
            got=problem.strerror,
            allowed=Text("a file or folder that exists", "已存在的文件或目录"),
            fix=Text("check the spelling, and the folder you are in", "请检查拼写以及当前所在目录"),
            path=named,
        )
    try:
        with disk_errors(Path(named or ".")):
            raise problem
    except DanluError as found:
        return found
    except OSError:
        return None


def _missing_library(name: str) -> DanluError:
    return UsageError(
        Text("the library {name} is not installed", "未安装程序库 {name}"),
        got=Text("an environment without it", "缺少它的环境"),
        allowed=Text("the environment that `make setup` makes", "`make setup` 建立的环境"),
        fix=Text("run make setup, or install {name} with pip", "运行 make setup，或用 pip 安装 {name}"),
        name=name.partition(".")[0],
    )


def _bug(problem: BaseException, arguments: Sequence[str]) -> DanluError:
    return DanluError(
        Text("danlu made a mistake; this is not your fault", "danlu 自身出错，并非您的问题"),
        got=f"{type(problem).__name__}: {problem}",
        allowed=Text("the details are in {file}", "详细信息在 {file}"),
        fix=Text(
            "run the same command again, it goes on from what was finished; if it fails again, report it with that file",
            "再次运行同一命令，它会从已完成处继续；若仍失败，请附上该文件报告问题",
        ),
        file=_crash_file(problem, arguments),
    )


def _crash_file(problem: BaseException, arguments: Sequence[str]) -> str:
    """Saves the traceback, and what a reader of it needs; nothing of the environment. Its path, or a dash."""
    facts = [
        f"danlu {__version__}, Python {platform.python_version()}, {platform.platform()}",
        *(f"{name} {sys.modules[name].__version__}" for name in ("torch", "numpy") if name in sys.modules),
        "danlu " + shlex.join(arguments),
        "",
        "".join(traceback.format_exception(problem)),
    ]
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="danlu-crash-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
        ) as handle:
            handle.write("\n".join(facts))
    except OSError:
        return "-"
    return handle.name
