"""A run in a notebook: its figures and its learning curve, as HTML with an inline picture, or as a matplotlib figure."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from danlu.core.events import read_events
from danlu.core.language import Text, language, say
from danlu.evaluation.charts import Axes, Level, Series, line_chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEP = Text("step", "步")
BITS = Text("bits per byte", "每字节比特数")
TRAINING = Text("training", "训练")
VALIDATION = Text("validation", "验证")
TITLE = Text("Bits per byte over the run", "训练过程中的每字节比特数")
REFERENCES = {
    "gzip": Text("gzip", "gzip 压缩"),
    "xz": Text("xz", "xz 压缩"),
    "ngram": Text("n-grams", "n 元模型"),
}
# The chart takes its look from the style sheet of the report's page; a notebook has none, and may be light or dark.
STYLE = """<style>
.danlu-run svg.chart { display: block; max-width: 720px; overflow: visible; font: 12px sans-serif; }
.danlu-run svg text { fill: currentColor; } .danlu-run svg .tick.y { text-anchor: end; }
.danlu-run svg .tick.x, .danlu-run svg .middle { text-anchor: middle; }
.danlu-run svg .grid { stroke: currentColor; opacity: .12; } .danlu-run svg .base { stroke: currentColor; opacity: .5; }
.danlu-run svg .line { fill: none; stroke-width: 1.5; stroke: #8a94a0; } .danlu-run svg .line.valid { stroke: #c2410c; }
.danlu-run svg .dot { fill: #c2410c; } .danlu-run svg .level { stroke: #6b7f94; stroke-dasharray: 5 4; }
.danlu-run td { text-align: left; padding: 2px 12px 2px 0; } .danlu-run .HIDDEN { display: none; }
</style>"""


def run_html(folder: Path, figures: Mapping[str, Any]) -> str:
    """A table of `figures` (name to number or text) and the learning curve of the run in `folder`, self-contained."""
    rows = "".join(
        f"<tr><td>{escape(str(name))}</td><td>{escape(_shown(value))}</td></tr>" for name, value in figures.items()
    )
    style = STYLE.replace("HIDDEN", "en" if language() == "zh" else "zh")
    return f'{style}<div class="danlu-run"><b>{escape(str(folder))}</b><table>{rows}</table>{_curve(folder)}</div>'


def plot_run(folder: Path) -> "Figure":
    """The learning curve as a matplotlib figure: training and validation bits per byte by step, reference lines."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axes = figure.add_subplot()
    for name, label, style in (("step", TRAINING.en, "-"), ("valid", VALIDATION.en, "o-")):
        steps, values = _points(folder, name)
        if steps:
            axes.plot(steps, values, style, label=label, linewidth=1, markersize=3)
    for name, value in _references(folder).items():
        axes.axhline(value, linestyle="--", linewidth=0.8, color="gray")
        axes.annotate(name, (1, value), xycoords=("axes fraction", "data"), fontsize=8)
    axes.set_xlabel(STEP.en)
    axes.set_ylabel(BITS.en)
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    return figure


def _curve(folder: Path) -> str:
    train, valid = _points(folder, "step"), _points(folder, "valid")
    series = [
        Series(xs=train[0], ys=train[1], style="train", label=TRAINING),
        Series(xs=valid[0], ys=valid[1], style="valid", label=VALIDATION, dots=True),
    ]
    levels = [Level(value=v, style=name, label=REFERENCES[name]) for name, v in _references(folder).items()]
    return str(line_chart(series, axes=Axes(x=STEP, y=BITS), title=TITLE, levels=levels))


def _points(folder: Path, kind: str) -> tuple[list[float], list[float]]:
    events = [e for e in read_events(folder / "metrics.jsonl") if e["event"] == kind]
    events = [e for e in events if isinstance(e.get("bits_per_byte"), (int, float))]
    return [float(e["step"]) for e in events], [float(e["bits_per_byte"]) for e in events]


def _references(folder: Path) -> dict[str, float]:
    found = [e for e in read_events(folder / "events.jsonl") if e["event"] == "references"]
    lines = found[-1]["lines"] if found else {}
    return {name: float(value) for name, value in lines.items() if name in REFERENCES}


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(item)}" for name, item in value.items())
    return f"{value:.4g}" if isinstance(value, float) else say(value) if isinstance(value, Text) else str(value)
