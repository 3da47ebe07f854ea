"""Lines of text in columns, where a Han character is two columns wide."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

# A word to keep whole, or one wide character with the closing punctuation that may not begin a line, or blanks.
_WIDE = "\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
_CLOSING = "\u3001\u3002\uff0c\uff1b\uff1a\uff1f\uff01\uff09\u300d\u300f\u300b\u201d,.;:!?)"
_PIECE = re.compile(f"\\s+|[{_WIDE}][{_CLOSING}]*|[^\\s{_WIDE}]+[{_CLOSING}]*")


def display_width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    return sum(_character_width(character) for character in text)


def pad(text: str, width: int) -> str:
    """`text` with blanks behind it up to `width` columns (longer text stays as it is)."""
    return text + " " * max(0, width - display_width(text))


def cut(text: str, width: int, mark: str = "...") -> str:
    """`text` cut to `width` columns, with `mark` where something is missing."""
    if display_width(text) <= width:
        return text
    if width < len(mark):
        return mark[:width]
    kept, room = "", width - len(mark)
    for character in text:
        room -= _character_width(character)
        if room < 0:
            break
        kept += character
    return kept + mark


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns: words stay whole where they fit, Han text breaks anywhere."""
    lines = [""]
    for piece in _PIECE.findall(text):
        if "\n" in piece:
            lines.append("")
        elif piece.isspace():
            lines[-1] += " " if lines[-1] else ""
        elif display_width(lines[-1] + piece) <= width or not lines[-1]:
            lines[-1] += piece
        else:
            lines.append(piece)
    return [part for line in lines for part in _split(line.rstrip(), width)]


def two_columns(rows: Sequence[tuple[str, str]], width: int, *, indent: int = 2) -> Iterator[str]:
    """Lines `term   meaning`; where there is no room beside the terms, the meaning goes below its term."""
    longest = max((display_width(term) for term, _ in rows), default=0)
    column = indent + min(longest, max(16, width // 3)) + 2
    below = width - column < 24
    for term, meaning in rows:
        head = " " * indent + term
        lines = wrap(meaning, width - (indent + 4 if below else column)) if meaning else []
        if below or display_width(head) + 2 > column:
            yield head
            left = indent + 4 if below else column
        else:
            yield (pad(head, column) + (lines.pop(0) if lines else "")).rstrip()
            left = column
        yield from (" " * left + line for line in lines)


def _split(line: str, width: int) -> Iterator[str]:
    """Parts of a line that is too wide even as a single word (a path, a key)."""
    while display_width(line) > width:
        part = cut(line, width, "")
        if not part:
            break
        yield part
        line = line[len(part) :]
    yield line


def _character_width(character: str) -> int:
    if character < "\u0300":
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
