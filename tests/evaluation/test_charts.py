"""Charts are well-formed, deterministic, and draw what they are given."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.language import Text
from danlu.evaluation.charts import MAX_POINTS, Axes, Level, Series, bar_chart, line_chart, nice_ticks

AXES = Axes(x=Text("steps", "步数"), y=Text("bits", "比特"))
TITLE = Text("curve <&>", "曲线 <&>")
numbers = st.floats(-1e9, 1e9, allow_nan=False)


@given(ys=st.lists(numbers, min_size=2, max_size=12), levels=st.lists(numbers, max_size=3))
def test_any_numbers_give_a_picture(ys: list[float], levels: list[float]) -> None:
    series = [Series(xs=list(range(len(ys))), ys=ys, style="valid", dots=True, label=Text("a<b", "甲<乙"))]
    drawn = line_chart(
        series, axes=AXES, title=TITLE, levels=[Level(value=v, style="gzip", label=Text("g", "线")) for v in levels]
    )
    root = ElementTree.fromstring(drawn)
    assert len(root.findall(".//circle")) == len(ys)
    assert len([line for line in root.findall(".//line") if "level" in line.get("class", "")]) == len(levels)
    assert "a&lt;b" in drawn
    assert drawn == line_chart(
        series, axes=AXES, title=TITLE, levels=[Level(value=v, style="gzip", label=Text("g", "线")) for v in levels]
    )


def test_labels_do_not_touch() -> None:
    levels = [Level(value=2.0 + i / 1000, style="xz", label=Text(f"line {i}", f"线 {i}")) for i in range(5)]
    drawn = line_chart([Series(xs=[0, 1], ys=[1, 3], style="train")], axes=AXES, title=TITLE, levels=levels)
    labels = [e for e in ElementTree.fromstring(drawn).findall(".//text") if "label" in e.get("class", "")]
    places = [float(e.get("y", "0")) for e in labels]
    assert min(b - a for a, b in pairwise(places)) >= 15.9


def test_long_series_are_thinned() -> None:
    drawn = line_chart([Series(xs=list(range(100_000)), ys=[1.0] * 100_000, style="train")], axes=AXES, title=TITLE)
    line = ElementTree.fromstring(drawn).find(".//polyline")
    assert line is not None
    assert MAX_POINTS / 2 <= len(line.get("points", "").split()) <= MAX_POINTS
    assert len(drawn) < 10_000


def test_nothing_to_draw_is_empty() -> None:
    assert line_chart([], axes=AXES, title=TITLE) == ""
    assert line_chart([Series(xs=[1.0], ys=[2.0], style="valid")], axes=AXES, title=TITLE) == ""
    assert bar_chart([], title=TITLE, unit=TITLE) == ""


def test_bars_have_lengths_in_proportion() -> None:
    rows = [Level(value=v, style="gzip", label=Text("b", "条")) for v in (1.0, 2.0, 4.0)]
    bars = ElementTree.fromstring(bar_chart(rows, title=TITLE, unit=TITLE)).findall(".//rect")
    lengths = [float(bar.get("width", "0")) for bar in bars]
    assert lengths[1] / lengths[0] == pytest.approx(2, abs=0.01)
    assert lengths[2] / lengths[0] == pytest.approx(4, abs=0.01)


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-3, 1e6), count=st.integers(1, 8))
def test_ticks_lie_inside_and_are_few(low: float, span: float, count: int) -> None:
    ticks = nice_ticks(low, low + span, count)
    assert len(ticks) <= count + 1
    slack = 1e-6 * (abs(low) + span)
    assert all(low - slack <= tick <= low + span + slack for tick in ticks)
