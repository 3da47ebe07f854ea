"""Line charts as inline SVG: text stays text (so Chinese renders), colours come from the page (so they follow its theme).

Equal input gives equal bytes. Lengths are in units of the view box, which the page scales to its width.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from danlu.core.language import Text

LABEL_HEIGHT = 16.0  # labels at the right edge keep at least this distance
MAX_POINTS = 240  # more points than this are averaged in buckets: no screen shows more


@dataclass(frozen=True, kw_only=True)
class Series:
    """A line of points; `style` is a class of the page's style sheet, `label` stands at its end."""

    xs: Sequence[float]
    ys: Sequence[float]
    style: str
    label: Text | None = None
    dots: bool = False


@dataclass(frozen=True, kw_only=True)
class Level:
    """A horizontal line across the chart."""

    value: float
    style: str
    label: Text


@dataclass(frozen=True, kw_only=True)
class Size:
    """Outer size and margins."""

    width: float = 720
    height: float = 320
    left: float = 46
    right: float = 150
    top: float = 22
    bottom: float = 40


@dataclass(frozen=True, kw_only=True)
class Axes:
    """Labels of the axes, and the range of y where it is not that of the data (what lies outside is clipped)."""

    x: Text
    y: Text
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """From values to places: `place = origin + (value - low) * factor`."""

    low: float
    high: float
    origin: float
    factor: float

    def __call__(self, value: float) -> float:
        return self.origin + (value - self.low) * self.factor


SMALL = Size(width=270, height=160, left=42, right=12, top=22, bottom=34)


def line_chart(
    series: Sequence[Series], *, axes: Axes, title: Text, levels: Sequence[Level] = (), size: Size = Size()
) -> Markup:
    """One SVG element with axes, levels, lines and labels at the right edge. Empty when no series has two points."""
    drawn = [_thinned(s) for s in series if s.xs]
    if not any(len(s.xs) > 1 for s in drawn):
        return Markup("")
    x, y = _scales(drawn, levels, axes, size)
    name = f"clip-{int(size.width)}-{int(size.height)}"
    inner = f'x="{size.left}" y="{size.top - 6}" width="{size.width - size.left - size.right + 6}"'
    parts = [
        f'<svg class="chart" viewBox="0 0 {size.width:g} {size.height:g}" role="img">',
        f"<title>{_plain(title)}</title>",
        f'<defs><clipPath id="{name}"><rect {inner} height="{size.height - size.top - size.bottom + 6}"/></clipPath></defs>',
        *_axis_y(y, axes.y, size),
        *_axis_x(x, axes.x, size),
        *(_level(level, y, size) for level in levels),
        f'<g clip-path="url(#{name})">',
        *(part for s in drawn for part in _line(s, x, y)),
        "</g>",
        *_labels(drawn, levels, y, size),
        "</svg>",
    ]
    return Markup("\n".join(parts))


def bar_chart(rows: Sequence[Level], *, title: Text, unit: Text, width: float = 720, left: float = 128.0) -> Markup:
    """Horizontal bars from 0, one for each row, with its name before and its value behind. Empty without rows.

    `left` is the room for the names: 7 for each Latin letter.
    """
    if not rows:
        return Markup("")
    right, pitch = 64.0, 30.0
    most = max(row.value for row in rows) or 1.0
    counts = all(isinstance(row.value, int) for row in rows)
    parts = [f'<svg class="chart bars" viewBox="0 0 {width:g} {pitch * len(rows) + 4:g}" role="img">']
    parts.append(f"<title>{_plain(title)}; {_plain(unit)}</title>")
    for i, row in enumerate(rows):
        length, top = max(1.0, (width - left - right) * row.value / most), i * pitch + 4
        parts.append(f'<text class="name {row.style}" x="{left - 10:g}" y="{top + 16:.1f}">{_both(row.label)}</text>')
        parts.append(
            f'<rect class="bar {row.style}" x="{left:g}" y="{top:g}" width="{length:.1f}" height="22" rx="3"/>'
        )
        number = f"{row.value:,.0f}" if counts or most >= 100 else f"{row.value:.3f}"
        parts.append(f'<text class="value {row.style}" x="{left + length + 8:.1f}" y="{top + 16:.1f}">{number}</text>')
    return Markup("\n".join([*parts, "</svg>"]))


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """About `count` round numbers (1, 2, 2.5 or 5 times a power of ten apart) from `low` to `high`."""
    if not high > low:
        return [low]
    rough = (high - low) / max(1, count)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * unit for unit in (1, 2, 2.5, 5, 10) if power * unit >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 10) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def short_number(value: float) -> str:
    """`1500` -> `1.5K`, `0.25` -> `0.25`, `20` -> `20`."""
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= limit:
            return f"{value / limit:.4g}{unit}"
    return f"{value:.4g}"


def _thinned(series: Series) -> Series:
    """Means of equal buckets where there are more points than a screen shows."""
    size = -(-len(series.xs) // MAX_POINTS)
    if size <= 1:
        return series
    starts = range(0, len(series.xs), size)
    xs = [sum(series.xs[i : i + size]) / len(series.xs[i : i + size]) for i in starts]
    ys = [sum(series.ys[i : i + size]) / len(series.ys[i : i + size]) for i in starts]
    return Series(xs=xs, ys=ys, style=series.style, label=series.label, dots=series.dots)


def _scales(series: Sequence[Series], levels: Sequence[Level], axes: Axes, size: Size) -> list[_Scale]:
    xs = [x for s in series for x in s.xs]
    ys = [y for s in series for y in s.ys] + [level.value for level in levels]
    low = min(ys) if axes.low is None else axes.low
    high = max(ys) if axes.high is None else axes.high
    room = (high - low) * 0.06 or 1.0
    low, high = (low if axes.low is not None else low - room), high + room
    width, height = size.width - size.left - size.right, size.height - size.top - size.bottom
    first, last = min(0.0, *xs), max(xs)
    return [
        _Scale(low=first, high=last, origin=size.left, factor=width / ((last - first) or 1.0)),
        _Scale(low=low, high=high, origin=size.height - size.bottom, factor=-height / (high - low)),
    ]


def _axis_y(y: _Scale, label: Text, size: Size) -> list[str]:
    end = size.width - size.right
    parts = [f'<text class="axis" x="{size.left - 40:g}" y="{size.top - 10:g}">{_both(label)}</text>']
    for tick in nice_ticks(y.low, y.high, 5 if size.height > 200 else 3):
        place = y(tick)
        parts.append(f'<line class="grid" x1="{size.left:g}" x2="{end:g}" y1="{place:.1f}" y2="{place:.1f}"/>')
        parts.append(f'<text class="tick y" x="{size.left - 7:g}" y="{place + 4:.1f}">{short_number(tick)}</text>')
    return parts


def _axis_x(x: _Scale, label: Text, size: Size) -> list[str]:
    base, end = size.height - size.bottom, size.width - size.right
    parts = [f'<line class="base" x1="{size.left:g}" x2="{end:g}" y1="{base:g}" y2="{base:g}"/>']
    for tick in nice_ticks(x.low, x.high, 6 if size.width > 400 else 4):
        parts.append(f'<text class="tick x" x="{x(tick):.1f}" y="{base + 15:g}">{short_number(tick)}</text>')
    middle = (size.left + end) / 2
    parts.append(f'<text class="axis middle" x="{middle:g}" y="{size.height - 5:g}">{_both(label)}</text>')
    return parts


def _level(level: Level, y: _Scale, size: Size) -> str:
    place, end = y(level.value), size.width - size.right
    return f'<line class="level {level.style}" x1="{size.left:g}" x2="{end:g}" y1="{place:.1f}" y2="{place:.1f}"/>'


def _line(series: Series, x: _Scale, y: _Scale) -> list[str]:
    points = [f"{x(a):.1f},{y(b):.1f}" for a, b in zip(series.xs, series.ys, strict=True)]
    parts = [f'<polyline class="line {series.style}" points="{" ".join(points)}"/>'] if len(points) > 1 else []
    if series.dots:
        for point, value in zip(points, series.ys, strict=True):
            across, _, down = point.partition(",")
            parts.append(
                f'<circle class="dot {series.style}" cx="{across}" cy="{down}" r="3"><title>{value:.3f}</title></circle>'
            )
    return parts


def _labels(series: Sequence[Series], levels: Sequence[Level], y: _Scale, size: Size) -> list[str]:
    """Names at the right edge beside what they name, moved apart where they would touch."""
    wanted = [(y(s.ys[-1]), s.style, s.label) for s in series if s.label]
    wanted += [(y(level.value), level.style, level.label) for level in levels]
    wanted.sort(key=lambda entry: entry[0])
    places: list[float] = []
    for place, _, _ in wanted:
        places.append(max(place, places[-1] + LABEL_HEIGHT) if places else max(place, size.top))
    lowest = size.height - size.bottom + 4
    for i in reversed(range(len(places))):  # push up again what was pushed below the base line
        places[i] = min(places[i], lowest - LABEL_HEIGHT * (len(places) - 1 - i))
    left = size.width - size.right + 10
    return [
        f'<text class="label {style}" x="{left:g}" y="{place + 4:.1f}">{_both(label)}</text>'
        for place, (_, style, label) in zip(places, wanted, strict=True)
    ]


def _both(text: Text) -> str:
    """Both languages; the page hides one."""
    if text.en == text.zh:
        return str(escape(text.en))
    return f'<tspan class="en">{escape(text.en)}</tspan><tspan class="zh">{escape(text.zh)}</tspan>'


def _plain(text: Text) -> str:
    """Both languages in a row, for places that hold no elements."""
    return str(escape(text.en if text.en == text.zh else f"{text.en} · {text.zh}"))
