"""What a kind of personal data is: the pattern of candidates, how sure their form makes us, and the made-up values."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class Certainty(IntEnum):
    """How sure the form alone makes us. Words that speak for it add one, words against take one; PLAIN is enough.

    RESERVED is a value that belongs to nobody (a made-up one, or one for examples): it stays, and no kind takes it.
    """

    NONE = -9
    WEAK = 0
    PLAIN = 1
    STRONG = 2
    RESERVED = 9


@dataclass(frozen=True, kw_only=True)
class Draw:
    """A long random number from which a made-up value takes what it needs. Equal arguments, equal values."""

    number: int

    def below(self, limit: int, place: int = 0) -> int:
        """A number from 0 to `limit` - 1; another `place`, another number."""
        return (self.number >> 16 * place) % limit

    def digits(self, count: int) -> str:
        """`count` decimal digits, at most 60."""
        return str(self.number % 10**60).zfill(60)[60 - count :]


def draw(*use: str | int) -> Draw:
    """The draw of one use, e.g. `draw(seed, key, "email", 0)`."""
    name = "/".join(str(part) for part in use)
    return Draw(number=int.from_bytes(hashlib.sha256(name.encode()).digest(), "little"))


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of personal data.

    `trigger` is a sign without which no text holds any (checked once for all kinds), `judge` says how sure a match is,
    `value` makes equal values equal, `invent` gives a value of nobody in the form of the match. `lifts` and `lowers`
    are words around it, read in LIFT_BEFORE, LIFT_AFTER and LOWER_BEFORE characters; `in_addresses`: web addresses too.
    """

    name: str
    trigger: str
    pattern: re.Pattern[str]
    judge: Callable[[re.Match[str]], Certainty]
    value: Callable[[str], str]
    invent: Callable[[str, Draw], str]
    lifts: re.Pattern[str] | None = None
    lowers: re.Pattern[str] | None = None
    in_addresses: bool = False


def words(english: str, chinese: str) -> re.Pattern[str]:
    """A pattern of words in both languages; the English ones stand alone."""
    return re.compile(f"(?<![A-Za-z])(?:{english})(?![A-Za-z])|{chinese}", re.IGNORECASE)


def digits_of(text: str) -> str:
    """The ASCII digits in `text`."""
    return "".join(character for character in text if "0" <= character <= "9")


def pour(shape: str, digits: str) -> str:
    """`shape` with its digits (and X, in its last place) replaced by `digits` in order; what is over in `shape` stays."""
    left = iter(digits)
    last = len(shape) - 1
    return "".join(
        next(left, character) if "0" <= character <= "9" or (place == last and character in "Xx") else character
        for place, character in enumerate(shape)
    )
