"""`danlu chat`: a line from the keyboard, its continuation from the model, until the input ends."""

import sys
from collections.abc import Callable, Iterator

from danlu.cli.terminal import Terminal, printable
from danlu.core.language import Text, say

WELCOME = Text(
    "It goes on with what you type. It learnt to continue text, not to answer questions. Ctrl-D or an empty line ends.",
    "它会接着您的输入往下写。它学的是续写文本，而不是回答问题。Ctrl-D 或空行结束。",
)


def chat(continue_text: Callable[[str], Iterator[str]], out: Terminal, err: Terminal) -> None:
    """Reads lines until the end of the input or an empty one; pieces appear as they are ready.

    The prompt and the welcome go to the side for errors, so that standard output holds the model's text only.
    """
    err.line(say(WELCOME))
    while not out.gone:
        err.write("> ")
        err.flush()
        line = sys.stdin.readline().rstrip("\n") if sys.stdin else ""
        if not line:
            err.line()
            return
        for piece in continue_text(line):
            out.write(printable(piece) if out.is_terminal else piece)
            out.flush()
        out.line()
