"""What a cleaner is: it mends one thing in a text and says how often, with settings of its own where it has some."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """A text after a cleaner, and how many places it changed.

    `kinds` tells them apart where that matters, e.g. `(("email", 2), ("phone", 1))`; its counts add up to `num_changes`.
    """

    text: str
    num_changes: int
    kinds: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cleaner:
    """A row of CLEANERS that takes settings: `clean(text, settings)` gets the field `settings` of CleaningSettings.

    A row without settings that needs to say something of itself leaves the field empty, and is given None.

    `rewrites` says that it changes good writing on purpose, so that no preset may have it without being asked.
    """

    clean: Callable[[str, Any], Cleaned]
    settings: str = ""
    rewrites: bool = False


# A row without settings is the bare function.
Row = Cleaner | Callable[[str], Cleaned]
