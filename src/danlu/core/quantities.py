"""Durations and counts as people write them: `30m`, `1h30m`, `2m` parameters, `64k` tokens."""

import re
from decimal import Decimal

from danlu.core.errors import UsageError
from danlu.core.language import Text

UNIT_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
COUNT_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "g": 10**9}
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])")
_COUNT = re.compile(r"(\d+(?:\.\d+)?)([kmbg]?)")


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `30m`, `1h30m`, `1.5h`, `2d`. Raises UsageError for anything else or for zero."""
    parts = _PART.findall(text.strip().lower())
    if not parts or "".join(n + u for n, u in parts) != text.strip().lower() or not any(float(n) for n, _ in parts):
        raise UsageError(
            Text("a duration cannot be read", "无法读取时长"),
            got=repr(text),
            allowed=Text(
                "a positive number with d, h, m or s, e.g. 90s, 30m, 1h30m", "正数加 d、h、m 或 s，如 90s、30m、1h30m"
            ),
            fix=Text("write for example --for 30m", "例如写 --for 30m"),
        )
    return sum(float(number) * UNIT_SECONDS[unit] for number, unit in parts)


def parse_count(text: str | int) -> int:
    """A whole number from `4096`, `64k`, `2m`, `1.5m`, `1b`. Raises UsageError for anything else."""
    match = _COUNT.fullmatch(str(text).strip().lower().replace("_", ""))
    if match is None:
        raise UsageError(
            Text("a count cannot be read", "无法读取数量"),
            got=repr(text),
            allowed=Text(
                "a number, with k (thousand), m (million) or b (billion) behind it",
                "数字，可加 k（千）、m（百万）或 b（十亿）",
            ),
            fix=Text("write for example 2m", "例如写 2m"),
        )
    return round(Decimal(match[1]) * COUNT_UNITS[match[2]])


def format_duration(seconds: float) -> str:
    """`95` -> `1m35s`, `7260` -> `2h01m`, `4.21` -> `4.2s`."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    minutes = round(seconds / 60)
    if minutes < 48 * 60:
        return f"{minutes // 60}h{minutes % 60:02d}m"
    return f"{seconds / 86400:.1f}d"


def format_count(count: float) -> str:
    """`1234567` -> `1.23M`, `4096` -> `4.1K`, `950` -> `950`."""
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if count >= limit:
            return f"{count / limit:.2f}{unit}" if count / limit < 10 else f"{count / limit:.1f}{unit}"
    return str(round(count))


def format_bytes(count: float) -> str:
    """`1536` -> `1.5 kB` (decimal units, as disks are sold)."""
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= limit:
            return f"{count / limit:.2f} {unit}" if count / limit < 10 else f"{count / limit:.1f} {unit}"
    return f"{round(count)} B"
