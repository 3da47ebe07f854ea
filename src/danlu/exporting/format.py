"""What a row of FORMATS is: what it refuses, what it writes, and how it proves that the copy equals the original."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from danlu.core.settings import Settings
from danlu.exporting.source import ExportSource


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One program that loaded the copy, and how far its logits were from the original's (largest difference)."""

    program: str
    largest_difference: float
    num_texts: int


@dataclass(frozen=True, kw_only=True)
class ExportFormat:
    """One format. `settings` is the class of its settings, the same that all three functions take.

    `check` raises UsageError for a model that the format cannot hold, before any work; `write` writes the files into an
    empty folder; `prove` loads them back and raises ArtifactError unless they give equal ids and equal logits.
    """

    name: str
    settings: type[Settings]
    check: Callable[[ExportSource, Any], None]
    write: Callable[[ExportSource, Path, Any], None]
    prove: Callable[[ExportSource, Path, Any], list[Proof]]
