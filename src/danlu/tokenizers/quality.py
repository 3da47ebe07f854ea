"""How good a tokenizer is on a text: length of tokens, use of the vocabulary, per script, and the round trip checked."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from danlu.tokenizers.tokenizer import Tokenizer

SCRIPTS = (  # name, first and last code point of its main blocks
    ("Latin", ((0x41, 0x5A), (0x61, 0x7A), (0xAA, 0xAA), (0xBA, 0xBA), (0xC0, 0x24F), (0x1E00, 0x1EFF))),
    (
        "Han",
        ((0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
    ),
    ("Kana", ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F))),
    ("Hangul", ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7FF))),
    ("Cyrillic", ((0x400, 0x52F),)),
    ("Arabic", ((0x600, 0x6FF), (0x750, 0x77F))),
    ("Greek", ((0x370, 0x3FF), (0x1F00, 0x1FFF))),
    ("digits", ((0x30, 0x39), (0xFF10, 0xFF19))),
)
OTHER, PART = "other", "parts of characters"


@dataclass(frozen=True, kw_only=True)
class ScriptUse:
    """Tokens whose first letter is of one script: how many, and their UTF-8 bytes."""

    num_tokens: int
    bytes_per_token: float


@dataclass(frozen=True, kw_only=True)
class TokenizerQuality:
    """Measured on some texts. Shares are 0 to 1.

    `used` is the share of entries that occur; `split_characters` the share of characters above ASCII that the
    vocabulary has no entry for, so that they became bytes; `round_trip_failures` counts texts that did not come back.
    """

    num_texts: int
    num_tokens: int
    num_bytes: int
    bytes_per_token: float
    characters_per_token: float
    used: float
    unused_entries: int
    split_characters: float
    round_trip_failures: int
    scripts: dict[str, ScriptUse]


def measure_quality(tokenizer: Tokenizer, texts: Iterable[str]) -> TokenizerQuality:
    """Encodes `texts` one by one, decodes them again, and counts. Empty input gives zeros."""
    counts = np.zeros(tokenizer.vocab_size, dtype=np.int64)
    num_texts = num_bytes = num_characters = failures = 0
    for text in texts:
        (ids,) = tokenizer.encode_batch([text])
        counts += np.bincount(ids, minlength=tokenizer.vocab_size)
        num_texts, num_characters = num_texts + 1, num_characters + len(text)
        num_bytes += len(text.encode())
        failures += tokenizer.decode(ids) != text
    num_tokens = int(counts.sum())
    entries = [tokenizer.token_bytes(number) for number in range(tokenizer.vocab_size)]
    learnable = tokenizer.vocab_size - len(tokenizer.control_ids())
    occurring = int((counts > 0).sum())
    return TokenizerQuality(
        num_texts=num_texts,
        num_tokens=num_tokens,
        num_bytes=num_bytes,
        bytes_per_token=num_bytes / max(1, num_tokens),
        characters_per_token=num_characters / max(1, num_tokens),
        used=occurring / learnable,
        unused_entries=learnable - occurring,
        split_characters=_split_characters(entries, counts),
        round_trip_failures=failures,
        scripts=_scripts(entries, counts),
    )


def quality_facts(quality: TokenizerQuality) -> dict[str, Any]:
    """Plain values with six decimals, for a manifest or a report."""
    rounded: dict[str, Any] = _rounded(asdict(quality))
    return rounded


def script_of(entry: bytes) -> str:
    """The script of the first letter or digit of an entry; other for signs, a class of its own for cut characters."""
    try:
        text = entry.decode()
    except UnicodeDecodeError:
        return PART
    for character in text:
        for name, ranges in SCRIPTS:
            if any(low <= ord(character) <= high for low, high in ranges):
                return name
    return OTHER


def _scripts(entries: list[bytes], counts: npt.NDArray[np.int64]) -> dict[str, ScriptUse]:
    tokens: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for number in np.flatnonzero(counts).tolist():
        name, count = script_of(entries[number]), int(counts[number])
        tokens[name] = tokens.get(name, 0) + count
        sizes[name] = sizes.get(name, 0) + count * len(entries[number])
    return {
        name: ScriptUse(num_tokens=tokens[name], bytes_per_token=sizes[name] / tokens[name]) for name in sorted(tokens)
    }


def _split_characters(entries: list[bytes], counts: npt.NDArray[np.int64]) -> float:
    """Share of characters of several bytes whose first byte came in an entry that does not hold the rest of them."""
    split = whole = 0
    for number in np.flatnonzero(counts).tolist():
        entry, count = entries[number], int(counts[number])
        first_bytes = sum(byte >= 0xC0 for byte in entry)
        complete = sum(ord(c) > 0x7F for c in entry.decode(errors="ignore"))
        whole += count * complete
        split += count * max(0, first_bytes - complete)
    return split / max(1, split + whole)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(inner) for name, inner in value.items()}
    return round(value, 6) if isinstance(value, float) else value
