"""Text that was decoded with the wrong table is encoded back and decoded with the right one, where that is sure.

Four cases: UTF-8 read as GBK, UTF-8 read as Latin (by ftfy), and GBK, Big5, Shift-JIS or EUC read as Latin; what was lost
twice (U+FFFD read as GBK) becomes U+FFFD again. GBK read as UTF-8 is lost for good: readers look at the bytes for that.

Sure means measured: of the lines that look damaged, what comes out must look like writing (`encoding.score`) and what
went in must not. The reverse never holds on sound text, since frequent characters seldom make valid UTF-8.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from danlu.corpus.cleaners.cleaner import Cleaned
from danlu.corpus.encoding import REPLACEMENT, SAMPLE_BYTES, guess, score

LEAST_SIGNS = 4  # characters that must come out: fewer happen by chance
LOOKS_RIGHT = 0.5  # score from which what comes out is writing; real Chinese reaches 0.7
GAIN = 0.25  # by which it must look more like writing than before; damaged lines gain 0.4 to 0.8
MOST_LOST = 0.34  # lost characters for each one that came out, in lines that prove the damage: an odd run loses one
MOST_LOST_BESIDE = 1.0  # the same, in the other lines of a text whose damage is proven

# U+FFFD U+FFFD in UTF-8, read as GBK. Pages about encodings mention it, so a single one is none.
TWICE_LOST = "锟斤拷"
LEAST_TWICE_LOST = 3
LEAST_SHARE_TWICE_LOST = 0.02

_CP1252 = {
    ord(bytes((byte,)).decode("cp1252")): byte
    for byte in range(0x80, 0xA0)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_HIGH = "\x80-\xff" + "".join(map(chr, _CP1252))
_LATIN_RUN = re.compile(f"[\t -~{_HIGH}]+")
# Two characters of a double-byte table in a row; no language in Latin letters has four letters beyond ASCII in a row.
_DOUBLE_BYTES = re.compile("[\xa1-\xfe]{4}")
_CONTINUED = "\x80-\xbf" + "".join(map(chr, _CP1252))
_UTF8_AS_LATIN = re.compile(
    f"[\xc2-\xdf][{_CONTINUED}]|[\xe0-\xef][{_CONTINUED} ][{_CONTINUED}]|\xf0[{_CONTINUED}]{{3}}"
)
_QUOTES = frozenset("\"'`“‘「『")


@dataclass(frozen=True, kw_only=True)
class _Repair:
    """A line or run, what it was and what it may become."""

    before: str
    after: str


def repair(text: str) -> Cleaned:
    """`text` with damaged lines mended, as often as they were damaged; `kinds` counts the mended lines or runs."""
    counts: dict[str, int] = {}
    if not text.isascii():
        # Each layer shortens the text, so this ends.
        while found := _layer(text):
            kind, text, count = found
            counts[kind] = counts.get(kind, 0) + count
    return Cleaned(text=text, num_changes=sum(counts.values()), kinds=tuple(counts.items()))


def _layer(text: str) -> tuple[str, str, int] | None:
    """One layer of damage taken off: its kind, the text without it, how many lines or runs it had."""
    for kind, mend in (
        ("utf8_as_gbk", _gbk_layer),
        ("utf8_as_gbk", _gbk_quotes),
        ("as_latin", _double_byte_layer),  # before ftfy, which takes pairs out of GBK for UTF-8
        ("utf8_as_latin", _latin_layer),
    ):
        mended = mend(text)
        if mended is not None and len(mended[0]) < len(text):
            return kind, *mended
    count = text.count(TWICE_LOST)
    if count >= LEAST_TWICE_LOST and count * len(TWICE_LOST) >= LEAST_SHARE_TWICE_LOST * len(text):
        return "twice_lost", text.replace(TWICE_LOST, REPLACEMENT * 2), count
    return None


def _gbk_layer(text: str) -> tuple[str, int] | None:
    """UTF-8 read as GBK."""
    if not _utf8_as_gbk().search(text):
        return None
    lines = text.split("\n")
    repairs = {}
    for place, line in enumerate(lines):
        after = None if line.isascii() else _from_gbk(line)
        if after is not None and _lost(after) <= MOST_LOST_BESIDE:
            repairs[place] = _Repair(before=line, after=after)
    if not _is_gain([found for found in repairs.values() if _lost(found.after) <= MOST_LOST]):
        return None
    for place, found in repairs.items():
        lines[place] = found.after
    return "\n".join(lines), len(repairs)


def _from_gbk(line: str) -> str | None:
    """The UTF-8 text that `line` was before it was read as GBK, with U+FFFD where it is none."""
    try:
        data = line.encode("gb18030")
    except UnicodeEncodeError:
        return None
    try:
        after = data.decode()
    except UnicodeDecodeError:
        # Readers put U+FFFD or a question mark for the byte that had no partner.
        after = data.replace(REPLACEMENT.encode("gb18030"), b"\xff").decode("utf-8", "replace")
        after = re.sub(f"{REPLACEMENT}+[?{REPLACEMENT}]?", REPLACEMENT, after)
    return after if len(after) < len(line) else None


def _gbk_quotes(text: str) -> tuple[str, int] | None:
    """Quotation marks and dashes of English (E2 80 xx) read as GBK: `don't` with a curly apostrophe became `don鈥檛`."""
    if "鈥" not in text or not any(_beside_a_letter(found) for found in _gbk_quote().finditer(text)):
        return None
    mended, count = _gbk_quote().subn(lambda found: found.group().encode("gb18030").decode(), text)
    mended, num_lost = re.subn(f"鈥[?{REPLACEMENT}]", REPLACEMENT, mended)
    return mended, count + num_lost


def _beside_a_letter(found: re.Match[str]) -> bool:
    beside = found.string[max(0, found.start() - 1) : found.start()] + found.string[found.end() : found.end() + 1]
    return any(sign.isascii() and sign.isalpha() for sign in beside)


def _latin_layer(text: str) -> tuple[str, int] | None:
    """UTF-8 read as Latin-1 or Windows-1252, which ftfy knows: its own test of badness decides."""
    if not _UTF8_AS_LATIN.search(text):
        return None
    from ftfy import TextFixerConfig, fix_encoding  # 0.1 s, and few texts need it

    lines = text.split("\n")
    count = 0
    for place, line in enumerate(lines):
        if not line.isascii() and _UTF8_AS_LATIN.search(line) and not _is_quoted(line):
            # Single pairs within a line are left where they may as well be GBK.
            config = TextFixerConfig(fix_c1_controls=False, decode_inconsistent_utf8=not _DOUBLE_BYTES.search(line))
            after = fix_encoding(line, config)
            if len(after) < len(line):
                lines[place], count = after, count + 1
    return ("\n".join(lines), count) if count else None


def _is_quoted(line: str) -> bool:
    """Whether the damage is what the line is about: all of it stands in quotation marks."""
    return all(line[max(0, found.start() - 1) : found.start()] in _QUOTES for found in _UTF8_AS_LATIN.finditer(line))


def _double_byte_layer(text: str) -> tuple[str, int] | None:
    """GBK, Big5, Shift-JIS or EUC read as Latin-1 or Windows-1252: one table for the whole text."""
    if not _DOUBLE_BYTES.search(text):
        return None
    runs = [run for run in _LATIN_RUN.findall(text) if _DOUBLE_BYTES.search(run)]
    name = guess(b"\n".join(map(_latin_bytes, runs))[:SAMPLE_BYTES])
    if name not in ("gb18030", "big5hkscs", "shift_jis", "euc_jp", "euc_kr"):
        return None
    repairs: dict[str, _Repair] = {}
    for run in runs:
        after = _latin_bytes(run).decode(name, "replace")
        if _lost(after) <= MOST_LOST and len(after) < len(run) and score(after) > score(run):
            repairs[run] = _Repair(before=run, after=after)
    if not _is_gain(list(repairs.values())):
        return None
    count = 0

    def mended(found: re.Match[str]) -> str:
        nonlocal count
        known = repairs.get(found.group())
        count += known is not None
        return known.after if known else found.group()

    return _LATIN_RUN.sub(mended, text), count


def _latin_bytes(run: str) -> bytes:
    return run.translate(_CP1252).encode("latin-1")


def _lost(after: str) -> float:
    """Lost characters for each one that came out."""
    num_lost = after.count(REPLACEMENT)
    num_whole = sum(1 for sign in after if sign > "\x7f") - num_lost
    return num_lost / num_whole if num_whole else float("inf")


def _is_gain(repairs: list[_Repair]) -> bool:
    """Whether what comes out of all damaged places together is writing, and what went in is not."""
    before, after = "".join(found.before for found in repairs), "".join(found.after for found in repairs)
    if sum(1 for sign in after if sign > "\x7f") < LEAST_SIGNS:
        return False
    gained = score(after.replace(REPLACEMENT, ""))
    return gained >= LOOKS_RIGHT and gained - score(before) >= GAIN


@cache
def _utf8_as_gbk() -> re.Pattern[str]:
    """Two characters in a row that UTF-8 gives when read as GBK: bytes of a lead and a trail, then of a trail and more."""
    leads = "".join(_gbk_signs(range(0xE2, 0xF0), range(0x80, 0xC0)))
    trails = "".join(_gbk_signs(range(0x81, 0xC0), (*range(0x40, 0x7F), *range(0xC2, 0xF0))))
    return re.compile(f"[{re.escape(leads)}][{re.escape(trails)}]")


def _gbk_signs(leads: range, trails: range | tuple[int, ...]) -> Iterator[str]:
    for lead in leads:
        for trail in trails:
            yield bytes((lead, trail)).decode("gb18030", "ignore")


@cache
def _gbk_quote() -> re.Pattern[str]:
    """E2 80 and what GBK made of the third byte with the ASCII sign after it; E2 80 .. are quotation marks and dashes."""
    return re.compile(f"鈥[{re.escape(''.join(_gbk_signs(range(0x81, 0xC0), range(0x40, 0x7F))))}]")
