"""What a finished command prints: a few lines for people, and one JSON object for programs."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from danlu.cli.terminal import Terminal
from danlu.core.language import Text, say


def plain_values(value: Any) -> Any:
    """`value` as JSON knows it: dataclasses become objects, paths text, NaN and infinity their names."""
    if is_dataclass(value) and not isinstance(value, type):
        return _named({f.name: plain_values(getattr(value, f.name)) for f in fields(value) if f.name[0] != "_"})
    if isinstance(value, Text):
        return say(value)
    if isinstance(value, Mapping):
        return {str(key): plain_values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_values(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, Path):
        return str(value)
    return value.item() if hasattr(value, "item") else str(value)


def _named(plain: dict[str, Any]) -> dict[str, Any]:
    """A pseudo-likelihood has a name of its own, so that nobody takes it for the bits of a code."""
    if plain.get("pseudo") is True and "bits_per_byte" in plain:
        plain["pseudo_bits_per_byte"] = plain.pop("bits_per_byte")
    return plain


def json_line(value: Any, out: Terminal) -> str:
    """`value` as one line of JSON in the encoding of `out`; a value that is no object is put into one."""
    plain = plain_values(value)
    if not isinstance(plain, dict):
        plain = {"result": plain}
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False)
    return text if out.speaks(text) else json.dumps(plain, allow_nan=False)
