"""The process behind `confined`: takes requests on standard input, one after another, until its parent is gone."""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

MEMORY_BYTES = 4 * 2**30  # address space; pdfium ends its process where a document wants more
SHOWN = 200


class Work(NamedTuple):
    """What a job gives: a text with facts about it, or the reason why there is none."""

    text: str
    facts: dict[str, Any]
    reason: str = ""
    got: str = ""


def _html(data: bytes, **_: Any) -> Work:
    from danlu.corpus.readers.html_text import page_text

    text, kind = page_text(data.decode("utf-8", "replace"))
    return Work(text, {"kind": kind})


def _chapter(data: bytes, **_: Any) -> Work:
    from danlu.corpus.readers.html_text import visible_text

    return Work(visible_text(data.decode("utf-8", "replace")), {})


def _wiki(data: bytes, **arguments: Any) -> Work:
    from danlu.corpus.readers.wikitext import plain_text

    return Work(plain_text(data.decode("utf-8", "replace"), arguments["variant"]), {})


def _pdf(data: bytes, **_: Any) -> Work:
    from danlu.corpus.readers.pdf_text import document_text

    return document_text(os.fsdecode(data))


JOBS: dict[str, Callable[..., Work]] = {"html": _html, "chapter": _chapter, "wiki": _wiki, "pdf": _pdf}


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers each request; the kernel ends this process when a job uses more processor time than its request allows."""
    while line := requests.readline():
        request = json.loads(line)
        data = requests.read(request["size"])
        signal.setitimer(signal.ITIMER_PROF, request["seconds"])
        try:
            work = JOBS[request["job"]](data, **request["arguments"])
        except Exception as problem:  # foreign data may break a foreign parser in any way; it is told
            work = Work("", {}, "reader_failed", f"{type(problem).__name__}: {problem}"[:SHOWN])
        signal.setitimer(signal.ITIMER_PROF, 0)
        text = work.text.encode("utf-8", "replace")
        got = work.got.encode("utf-8", "replace").decode()
        header = {"size": len(text), "facts": work.facts, "reason": work.reason, "got": got}
        answers.write(json.dumps(header).encode() + b"\n" + text)
        answers.flush()


def main() -> None:
    """Takes standard input and output for itself: what a library prints goes nowhere."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or hard > MEMORY_BYTES:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, hard))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
