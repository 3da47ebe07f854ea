"""Work on foreign data in a process that can be killed: a page or PDF that never ends costs its time limit, no more.

One such process serves one process of the build, and is used again for each page, so that starting it (about 0.3 s) is
paid once. Requests and answers are a line of JSON followed by bytes. The time limit counts processor seconds, so that a
busy machine drops no page that an idle one keeps; the clock on the wall gets ten times as much.
"""

import atexit
import json
import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, cast, final

WALL_FACTOR = 10.0  # a process that sleeps uses no processor time and must end too
WALL_LEAST = 5.0
_PIPE_BLOCK = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The text that the work gave and its facts, or the `reason` (and `got`) why there is none."""

    text: str = ""
    facts: dict[str, Any]
    reason: str = ""
    got: str = ""


def ask(job: str, data: bytes, seconds: float, **arguments: Any) -> Answer:
    """Does the `job` (a row of JOBS in confined_work) on `data`, within `seconds` of processor time.

    The reason of an answer without text is `too_slow`, or `reader_failed` when the process died or the job raised.
    """
    worker = _worker()
    try:
        header, text = worker.exchange({"job": job, "seconds": seconds, "arguments": arguments}, data)
    except (_TooSlowError, EOFError, OSError) as problem:
        slow = isinstance(problem, _TooSlowError) or worker.ended_by_time()
        worker.close()
        if slow:
            return Answer(facts={}, reason="too_slow", got=f"more than {seconds:g} s")
        return Answer(facts={}, reason="reader_failed", got=f"the process for {job} died")
    return Answer(text=text, facts=header["facts"], reason=header["reason"], got=header["got"])


class _TooSlowError(Exception):
    """No answer within the time on the wall."""


@final
class _Worker:
    """The other process, seen from here."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        path = os.pathsep.join(entry for entry in sys.path if entry)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "danlu.corpus.readers.confined_work"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def exchange(self, request: dict[str, Any], data: bytes) -> "tuple[dict[str, Any], str]":
        """Sends one request and waits for its answer. Raises _TooSlowError, EOFError, OSError."""
        stdin, stdout = cast(BinaryIO, self._process.stdin), cast(BinaryIO, self._process.stdout)
        stdin.write(json.dumps({**request, "size": len(data)}).encode() + b"\n")
        stdin.write(data)
        stdin.flush()
        until = time.monotonic() + max(WALL_LEAST, WALL_FACTOR * request["seconds"])
        line = bytearray()
        while b"\n" not in line:
            line += self._some(stdout, until)
        head, _, body = bytes(line).partition(b"\n")
        header = json.loads(head)
        pieces, count = [body], len(body)
        while count < header["size"]:
            pieces.append(self._some(stdout, until))
            count += len(pieces[-1])
        return header, b"".join(pieces).decode()

    def ended_by_time(self) -> bool:
        """Whether the process ended itself because its processor time was over."""
        from signal import SIGPROF

        try:
            return self._process.wait(timeout=1.0) == -SIGPROF
        except subprocess.TimeoutExpired:
            return False

    def close(self) -> None:
        """Ends the process; what it was doing is lost."""
        if self.owner != os.getpid():
            return
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not sent cannot be sent any more
                cast(BinaryIO, stream).close()
        self._process.wait()

    def _some(self, stdout: BinaryIO, until: float) -> bytes:
        ready, _, _ = select.select([stdout], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise _TooSlowError
        data = os.read(stdout.fileno(), _PIPE_BLOCK)
        if not data:
            raise EOFError
        return data


_current: list[_Worker] = []  # one at most


def _worker() -> _Worker:
    """The worker of this process: a forked child does not share its parent's."""
    if _current and (_current[0].owner != os.getpid() or not _current[0].alive):
        _current[0].close()
        _current.clear()
    if not _current:
        _current.append(_Worker())
    return _current[0]


@atexit.register
def _close() -> None:
    while _current:
        _current.pop().close()
