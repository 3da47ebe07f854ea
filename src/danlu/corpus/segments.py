"""Long texts in pieces that concatenate back exactly, cut where a reader would pause."""

import re

_BLANK_LINES = re.compile(r"\n[ \t\r]*\n+")
_LINE = re.compile(r"\n")
_SENTENCE = re.compile(r"[。！？；…][」』”’）]*|[.!?;]\s+|\s+")


def cut(text: str, cut_above: int, segment_bytes: int) -> list[str]:
    """`text` itself when it has at most `cut_above` UTF-8 bytes, else segments of about `segment_bytes`.

    Cuts stand behind a blank line where there is one, else behind a line, a sentence or a space, else between two
    characters. `"".join(cut(text, ...)) == text`.
    """
    if len(text) * 4 <= cut_above or len(text.encode()) <= cut_above:
        return [text]
    segments = []
    start = 0
    # Bytes for each character of this text: windows are counted in characters, which slices of str are.
    wanted = max(1, round(segment_bytes * len(text) / len(text.encode())))
    while len(text) - start > wanted * 3 // 2:
        end = pause(text, start + wanted // 2, start + wanted * 3 // 2, start + wanted)
        segments.append(text[start:end])
        start = end
    segments.append(text[start:])
    return segments


def pause(text: str, low: int, high: int, wanted: int) -> int:
    """The place to cut in `text[low:high]`: the strongest kind of pause there, of these the one nearest to `wanted`."""
    for pattern in (_BLANK_LINES, _LINE, _SENTENCE):
        ends = [match.end() for match in pattern.finditer(text, low, high)]
        if ends:
            return min(ends, key=lambda end: (abs(end - wanted), end))
    return min(max(wanted, low), high)
