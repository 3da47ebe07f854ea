"""Standard output and error that no print can kill: closed pipes, lost terminals, ASCII locales, 40 columns."""

import os
import re
import sys
from typing import TextIO, final

# Escape sequences that end where they should: OSC, DCS and their kin up to BEL or ST; CSI; two-character ones.
_SEQUENCE = re.compile(
    "(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"
    "|(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|\x1b[ -/]*[0-~]"
)
# What is left: every C0 control but tab and newline, DEL, C1, and the marks that turn the direction of text around.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
DEFAULT_WIDTH = 80


def printable(text: str) -> str:
    """`text` without control characters and escape sequences (C0, C1, CSI, OSC); tabs and newlines stay.

    For whatever danlu did not write itself: model output, corpus text, file names. Safe for text that
    arrives in pieces: a sequence that is cut in two loses its escape character and shows as plain text.
    """
    return _CONTROL.sub("", _SEQUENCE.sub("", text))


@final
class Terminal:
    """One output stream. After the first failed write it is `gone`, and every further write does nothing."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.gone = stream is None
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        self.is_terminal = not self.gone and _is_terminal(stream)

    def speaks(self, text: str) -> bool:
        """Whether the encoding of the stream has every character of `text`."""
        try:
            text.encode(self.encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def width(self) -> int:
        """Columns: of `COLUMNS`, else of the terminal, else 80; never below 20."""
        try:
            return max(20, int(os.environ["COLUMNS"]))
        except (KeyError, ValueError):
            pass
        try:
            return max(20, os.get_terminal_size(self.fileno()).columns or DEFAULT_WIDTH)
        except (OSError, ValueError):
            return DEFAULT_WIDTH

    def styled(self) -> bool:
        """Whether bold and colour are welcome: a terminal that is not `dumb`, and no `NO_COLOR`."""
        return self.is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def live(self) -> bool:
        """Whether lines can be drawn again in place."""
        return self.is_terminal and os.environ.get("TERM", "dumb") != "dumb"

    def write(self, text: str) -> int:
        """Writes `text`; a character that the encoding lacks is shown as its escape. Never raises."""
        if self.gone or self._stream is None:
            return len(text)
        if not self.speaks(text):
            text = text.encode(self.encoding, "backslashreplace").decode(self.encoding)
        try:
            self._stream.write(text)
        except (OSError, ValueError):  # ValueError: the stream was closed
            self._lose()
        return len(text)

    def flush(self) -> None:
        """Hands what was written to the system. Never raises."""
        if self.gone or self._stream is None:
            return
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self._lose()

    def line(self, text: str = "") -> None:
        """Writes `text` and a newline, at once."""
        self.write(text + "\n")
        self.flush()

    def isatty(self) -> bool:
        """As `is_terminal`, under the name that libraries ask for."""
        return self.is_terminal

    def fileno(self) -> int:
        """The stream's descriptor; OSError where it has none."""
        if self._stream is None:
            raise OSError("no stream")
        return self._stream.fileno()

    def _lose(self) -> None:
        """From now on nowhere: what is buffered must not fail again when the interpreter ends."""
        self.gone = True
        if self._stream not in (sys.__stdout__, sys.__stderr__) or self._stream is None:
            return
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        except (OSError, ValueError):
            return


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except (OSError, ValueError):
        return False
