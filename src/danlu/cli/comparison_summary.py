"""What `danlu compare` prints: one table for each kind of score, what can be said of it, and what each model wrote last."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from danlu.cli.layout import cut, display_width, pad, wrap
from danlu.cli.results import plain_values
from danlu.core.language import Text, say
from danlu.core.quantities import format_count

HEADINGS = {
    "code": Text("Bits per byte of the held-out text, lower is better:", "留出文本的每字节比特数，越低越好："),
    "hidden tokens": Text(
        "Pseudo bits per byte, each token hidden and filled in, lower is better:",
        "伪每字节比特数（逐个遮蔽词元再填回），越低越好：",
    ),
    "hidden spans": Text(
        "Pseudo bits per byte, spans taken out and written again, lower is better:",
        "伪每字节比特数（取出片段再写回），越低越好：",
    ),
}
PARAMETERS = Text("{value} parameters", "{value} 参数")
SPEED = Text("{value} tokens/s", "{value} 词元/秒")
PEAK = Text("{value:.0%} of peak", "峰值的 {value:.0%}")
WROTE = Text("What each wrote last:", "各模型最后写出的内容：")
SAMPLE_LINES = 3


def comparison_lines(result: Any, width: int) -> Iterator[str]:
    """The tables, the verdict, the samples."""
    plain = plain_values(result)
    rows = plain["runs"]
    longest = min(max(8, width - 26), max((display_width(str(row["name"])) for row in rows), default=8))
    for kind, group in groupby(rows, key=lambda row: row.get("kind", "code")):
        yield from wrap(say(HEADINGS[kind]), width)
        for row in sorted(group, key=_bits):
            yield from _row(row, longest, width)
    yield from wrap(say(result.verdict), width)
    yield from _samples(rows, width)


def _row(row: Mapping[str, Any], longest: int, width: int) -> Iterator[str]:
    interval, bits = row.get("interval"), _bits(row)
    line = f"  {pad(cut(str(row['name']), longest), longest)}  {bits:6.3f}"
    room = width - display_width(line)
    between = f"  {interval['low']:.3f} .. {interval['high']:.3f}" if interval else ""
    if len(between) <= room:
        line, room = line + pad(between, 16 if interval else 0), room - len(between)
    for words, name, shown in _FACTS:
        if isinstance(row.get(name), (int, float)):
            part = "  " + pad(say(words, value=shown(row[name])), 16)
            if display_width(part.rstrip()) <= width - display_width(line):
                line += part
    yield line.rstrip()


_FACTS = (
    (PARAMETERS, "parameters", format_count),
    (SPEED, "tokens_per_second", format_count),
    (PEAK, "share_of_peak", float),
)


def _bits(row: Mapping[str, Any]) -> float:
    return float(row["pseudo_bits_per_byte"] if row.get("pseudo") else row["bits_per_byte"])


def _samples(rows: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    """The first sample of each run, at most three lines of it."""
    shown = [(str(row["name"]), next(iter(row["samples"].items()))) for row in rows if row.get("samples")]
    if not shown:
        return
    yield ""
    yield say(WROTE)
    for name, (prompt, text) in shown:
        whole = " ".join((text if text.startswith(prompt) or "[" in text else f"{prompt} | {text}").split())
        yield f"  {cut(name, width - 2)}"
        lines = wrap(whole, max(16, width - 4))
        yield from (f"    {line}" for line in lines[:SAMPLE_LINES])
