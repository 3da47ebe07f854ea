"""Bytes become text: strict UTF-8 first, then the legacy encoding whose text looks most like writing.

GB18030 and Big5 accept each other's bytes, so that decoding without an error proves nothing. What tells them apart is
what comes out: real Chinese consists of frequent characters, a wrong table gives rare ones. `score` measures that.
"""

import codecs
from collections import Counter
from dataclasses import dataclass
from functools import cache

REPLACEMENT = "\ufffd"
SAMPLE_BYTES = 64 * 1024
SEEMS_TEXT = (
    0.45  # score from which a legacy encoding is believed; right ones reach 0.6 to 0.9, wrong ones stay below 0.35
)

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BOM_BEGINS = frozenset(bom[:1] for bom, _ in BOMS)
# Order decides ties; the first is by far the most frequent one in the wild.
LEGACY = ("gb18030", "big5hkscs", "shift_jis", "euc_jp", "euc_kr", "cp1252")

_FREQUENT = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实"
    "這個們來為國說時會對於著過發後裡學當沒動還進樣開從實與無長見問間車馬書話點電機關東門"
    "のにはをたがでてとしれさいるなあもこそらりうよまかくっだ이다는을의에가고하지로은도한사자"
)
_PUNCTUATION = "，。、；：？！「」『』《》〈〉（）【】“”‘’—…·　～"
_LETTERS = "äöüßéèêëàâçñôîïùûáíóúãõåæøœìòÿ"


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """Text, the encoding it was read with (`mixed` for UTF-8 with legacy lines) and how many characters were lost."""

    text: str
    encoding: str
    num_repaired: int = 0


def decode(data: bytes, encoding: str = "auto") -> Decoded:
    """The text of `data`; never fails: what no encoding explains becomes U+FFFD and is counted.

    A byte order mark names the encoding and is no part of the text. `encoding` other than "auto" is believed after that.
    """
    if data[:1] in _BOM_BEGINS:
        for bom, name in BOMS:
            if data.startswith(bom):
                return _repairing(data[len(bom) :], name)
    if encoding != "auto":
        return _repairing(data, encoding)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data)
    if b"\0" in data and _has_many_nuls(data[:SAMPLE_BYTES]):
        return _decode_legacy(data)
    return Decoded(text=text, encoding="utf-8")


def guess(sample: bytes) -> str:
    """The encoding of a file that begins with `sample` and is not strict UTF-8: a row of LEGACY, UTF-16, `utf-8` or `mixed`."""
    unmarked = [name for name in ("utf-16-le", "utf-16-be") if _may_be_utf16(sample, name)]
    if not unmarked and _utf8_lines(sample) >= 0.1:
        return "mixed"
    if unmarked and _has_many_nuls(sample):
        return unmarked[0]
    best, best_score = "utf-8", SEEMS_TEXT
    for name in (*LEGACY, *unmarked):
        # A sample may end within a character: one lost character at the end is no error.
        text = sample.decode(name, "replace").rstrip(REPLACEMENT)
        found = score(text)
        if found > best_score + 0.02:
            best, best_score = name, found
    return best


def encoding_of(head: bytes) -> str:
    """The encoding of a file that begins with `head` (which may end within a character)."""
    for bom, name in BOMS:
        if head.startswith(bom):
            return name
    return "utf-8" if _is_utf8(head) and not _has_many_nuls(head) else guess(head)


def _has_many_nuls(head: bytes) -> bool:
    """NUL bytes are valid UTF-8, yet a text full of them is Latin UTF-16 without a mark."""
    return b"\0" in head and head.count(0) > 0.3 * len(head)


def score(text: str) -> float:
    """How much `text` looks like writing, from about -2 (noise) to 1: the mean over its characters beyond ASCII."""
    table = _points()
    total, count = 0.0, 0
    for character, times in Counter(text[:8192]).items():
        if character > "\x7f" or character < "\t":
            total += times * (table.get(character) or _points_of_range(ord(character)))
            count += times
    return total / count if count else 0.0


def repair_surrogates(text: str) -> Decoded:
    r"""`text` with lone surrogates (which JSON's `\ud800` lets in) replaced by U+FFFD and counted."""
    try:
        text.encode()
    except UnicodeEncodeError:
        mended = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return Decoded(text=mended, encoding="utf-8", num_repaired=mended.count(REPLACEMENT) - text.count(REPLACEMENT))
    return Decoded(text=text, encoding="utf-8")


def _repairing(data: bytes, encoding: str) -> Decoded:
    """Decodes with replacement; counts only what this decoding lost, not a U+FFFD that stood in the file."""
    try:
        return Decoded(text=data.decode(encoding), encoding=encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        genuine = data.count(REPLACEMENT.encode(encoding)) if encoding.startswith("utf") else 0
        return Decoded(text=text, encoding=encoding, num_repaired=max(1, text.count(REPLACEMENT) - genuine))


def _decode_legacy(data: bytes) -> Decoded:
    sample = data[:SAMPLE_BYTES]
    if len(data) > SAMPLE_BYTES and _is_utf8(sample):
        # The sample is sound, the bad bytes come later: look at those lines.
        return _decode_lines(data)
    name = guess(sample)
    if name in ("mixed", "utf-8"):
        return _decode_lines(data)
    return _repairing(data, name)


def _decode_lines(data: bytes) -> Decoded:
    """UTF-8 with lines of another encoding in between (pasted together from several files)."""
    pieces, num_repaired, mixed = [], 0, False
    for line in data.split(b"\n"):
        try:
            pieces.append(line.decode())
            continue
        except UnicodeDecodeError:
            pass
        name = "utf-8" if _utf8_parts(line) else guess(line)
        if name in LEGACY:
            try:
                pieces.append(line.decode(name))
                mixed = True
                continue
            except UnicodeDecodeError:
                pass
        decoded = _repairing(line, "utf-8")
        num_repaired += decoded.num_repaired
        pieces.append(decoded.text)
    return Decoded(text="\n".join(pieces), encoding="mixed" if mixed else "utf-8", num_repaired=num_repaired)


def _is_utf8(sample: bytes) -> bool:
    """Whether `sample` is UTF-8 but for a character cut off at its end."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _utf8_lines(sample: bytes) -> float:
    """Share of the lines beyond ASCII that are strict UTF-8: valid multi-byte sequences do not happen by chance."""
    lines = [line for line in sample.split(b"\n") if not line.isascii()]
    # Two bytes may be valid by chance (GBK for one character), longer sequences hardly ever.
    sound = sum(1 for line in lines if _is_utf8(line) and len(line) - len(line.decode("utf-8", "ignore")) >= 2)
    return sound / len(lines) if lines else 0.0


def _utf8_parts(line: bytes) -> bool:
    """Whether most bytes beyond ASCII in a broken line belong to valid UTF-8: then it is damaged, not legacy."""
    kept = line.decode("utf-8", "ignore")
    beyond = sum(1 for byte in line if byte > 0x7F)
    return beyond > 0 and sum(len(c.encode()) for c in kept if c > "\x7f") > 0.6 * beyond


def _may_be_utf16(sample: bytes, name: str) -> bool:
    """UTF-16 without a mark: pairs of bytes give plausible writing, which no other encoding does by chance."""
    sample = sample[: len(sample) & ~1]
    high, low = (sample[1::2], sample[0::2]) if name.endswith("le") else (sample[0::2], sample[1::2])
    if len(sample) < 8 or low.count(0) > 0.1 * len(low):
        return False
    beyond_ascii = sum(1 for byte in high if byte) / len(high)
    if beyond_ascii < 0.3:  # Latin text: every second byte is NUL
        return True
    return score(sample.decode(name, "replace")) > 0.6


@cache
def _points() -> dict[str, float]:
    """Points of single characters: frequent ones, and the first level of GB 2312 and Big5 (the common characters)."""
    table: dict[str, float] = {}
    for lead in range(0xB0, 0xD8):
        for trail in range(0xA1, 0xFF):
            table.update(dict.fromkeys(bytes((lead, trail)).decode("gb2312", "ignore"), 0.7))
    for lead in range(0xA4, 0xC7):
        for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF)):
            table.update(dict.fromkeys(bytes((lead, trail)).decode("big5", "ignore"), 0.7))
    table.update(dict.fromkeys(_LETTERS, 0.8))
    table.update(dict.fromkeys(_LETTERS.upper().replace("SS", ""), 0.2))
    table.update(dict.fromkeys(_PUNCTUATION, 0.9))
    table.update(dict.fromkeys(_FREQUENT, 1.0))
    return table


_RANGES = (
    (0x0000, 0x001F, -2.0),  # control characters
    (0x0080, 0x009F, -2.0),
    (0x00A0, 0x00BF, -0.1),  # signs of Latin-1
    (0x00C0, 0x024F, 0.2),
    (0x0370, 0x052F, 0.3),  # Greek, Cyrillic
    (0x2000, 0x206F, 0.5),
    (0x3040, 0x30FF, 0.85),  # kana
    (0x3400, 0x9FFF, 0.05),  # rare Han
    (0xAC00, 0xD7A3, 0.65),  # Hangul
    (0xD800, 0xF8FF, -2.0),  # surrogates, private use
    (0xFF01, 0xFF5E, 0.3),
    (0xFF61, 0xFF9F, -0.3),  # half-width kana: what a wrong Shift-JIS gives
    (0xFFF0, 0xFFFF, -2.0),
)


def _points_of_range(code: int) -> float:
    return next((points for low, high, points in _RANGES if low <= code <= high), -0.2)


def looks_binary(head: bytes) -> bool:
    """Whether the first bytes of a file are no text of any known encoding: NUL bytes or many control characters."""
    if not head or any(head.startswith(bom) for bom, _ in BOMS):
        return False
    controls = sum(1 for byte in head if byte < 32 and byte not in (9, 10, 11, 12, 13, 27))
    if b"\0" in head and (_may_be_utf16(head, "utf-16-le") or _may_be_utf16(head, "utf-16-be")):
        return False
    return controls > 0.02 * len(head) or (controls > 0 and len(head) > 32 and head.count(0) > 0.01 * len(head))
