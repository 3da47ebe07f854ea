"""The report of a run: one page that needs no network, in both languages, light and dark, ready for print.

Samples and documents are text that nobody vouches for: `pages.py` escapes everything.
"""

import shlex
from pathlib import Path
from typing import Any

from markupsafe import Markup

from danlu.core.disk import write_durably
from danlu.core.language import Text
from danlu.core.quantities import format_bytes
from danlu.evaluation import report_tables as tables
from danlu.evaluation.charts import SMALL, Axes, Level, Series, Size, bar_chart, line_chart
from danlu.evaluation.pages import both, render_page
from danlu.evaluation.report_tables import REFERENCE_NAMES, fill, same
from danlu.evaluation.run_record import RunRecord, finite, points, read_run

MINUTES = Text("minutes worked", "已工作分钟")
SECONDS = Text("seconds worked", "已工作秒数")
SHORT_RUN = 120.0  # seconds; below that the axis counts seconds
STEPS = Text("steps", "步数")
BITS = Text("bits per byte", "每字节比特数")
PSEUDO_BITS = Text("pseudo bits per byte", "伪每字节比特数")


def write_report(run: Path) -> Path:
    """Writes `report.html` of the run folder `run` and returns its path. Parts that the run lacks are left out."""
    path = run / "report.html"
    write_durably(path, render_report(read_run(run)).encode())
    return path


def render_report(record: RunRecord) -> str:
    """The page as text. Equal runs give equal pages."""
    return render_page("report.html.jinja", **_contents(record))


def _contents(record: RunRecord) -> dict[str, Any]:
    return {
        "record": record,
        "name": record.path.resolve().name,
        "shell_folder": shlex.quote(_shown_folder(record.path)),
        "verdict": verdict(record),
        "lead": _lead(record),
        "bars": _bars(record),
        "reference_note": _reference_note(record),
        "facts": tables.header_facts(record),
        "curve_minutes": learning_curve(record, "seconds"),
        "curve_steps": learning_curve(record, "step"),
        "small_charts": [c for c in _small_charts(record) if c],
        "writings": tables.writings(record),
        "quote": tables.quote_rows(record),
        "decisions": tables.decisions(record),
        "happenings": tables.happenings(record),
        "domains": tables.domain_rows(record),
        "mixture": tables.mixture_rows(record),
        "reliability": _reliability(record),
        "funnel": _funnel(record),
        "dropped": tables.dropped_rows(record.dropped),
    }


BITS_OF = Text("{bits} bits per byte", "每字节 {bits} 比特")


def verdict(record: RunRecord) -> Markup:
    """One line: bits per byte, and how many percent better or worse than the strongest reference line."""
    bits = record.finished.get("bits_per_byte")
    if not finite(bits):
        return both(Text("This run is not finished yet", "本次训练尚未完成"))
    shape = Text("{bits} pseudo bits per byte", "伪每字节 {bits} 比特") if record.pseudo else BITS_OF
    head = both(shape, bits=f"{bits:.3f}")
    lines = record.reference_lines
    if not lines:
        return head
    best = min(lines, key=lambda name: lines[name])
    percent = 100 * (lines[best] - bits) / lines[best]
    words = (
        Text(
            "{percent}\u00a0% better than {line}, the strongest reference line",
            "比最强的参照线（{line}）好 {percent}\u00a0%",
        )
        if percent >= 0
        else Text(
            "{percent}\u00a0% worse than {line}, the strongest reference line",
            "比最强的参照线（{line}）差 {percent}\u00a0%",
        )
    )
    tail = both(words, percent=f"{abs(percent):.1f}", line=REFERENCE_NAMES.get(best, same(best)))
    return Markup('{}<span class="en">: </span><span class="zh">：</span><span class="{}">{}</span>').format(
        head, "good" if percent >= 0 else "bad", tail
    )


FORESEES = Text(
    "Bits per byte say how well the model foresees text that it has never seen: 8 is guessing, lower is better. ",
    "每字节比特数表示模型对未见过的文本预测得多好：8 等于瞎猜，越低越好。",
)
FILLS_IN = Text(
    "This model reads both ways: each token of text that it has never seen was hidden and filled in from both sides. That"
    " is no code length, so it compares with other such models only, and with no reference line; lower is better. ",
    "该模型双向阅读：未见过的文本中每个词元都被遮蔽，再由两侧的内容填回。这不是编码长度，只能与同类模型比较，不能与参照线"
    "比较；越低越好。",
)


def _lead(record: RunRecord) -> Markup:
    interval = record.finished.get("interval")
    text = both(FILLS_IN if record.pseudo else FORESEES)
    share = record.finished.get("share_scored")
    if finite(share) and share < 1:
        text += both(
            Text(
                "To keep to the time, {share} of the tokens were asked for, evenly spread. ",
                "为遵守时限，只评估了均匀分布的 {share} 词元。",
            ),
            share=f"{share:.0%}",
        )
    if interval:
        unit = {"documents": Text("documents", "文档"), "windows": Text("windows of text", "文本窗口")}
        text += both(
            Text(
                "95 % interval {low} to {high}, from resampling {count} {unit}.",
                "95 % 置信区间 {low} 至 {high}（对 {count} 个{unit}重采样）。",
            ),
            low=f"{interval['low']:.3f}",
            high=f"{interval['high']:.3f}",
            count=f"{interval['num_units']:,}",
            unit=unit.get(str(interval.get("unit")), same(interval.get("unit", ""))),
        )
    return text


def _unit(record: RunRecord) -> Text:
    return PSEUDO_BITS if record.pseudo else BITS


def _bars(record: RunRecord) -> Markup:
    bits = record.finished.get("bits_per_byte")
    rows = [Level(value=v, style=n, label=REFERENCE_NAMES.get(n, same(n))) for n, v in record.reference_lines.items()]
    if finite(bits):
        rows.append(Level(value=float(bits), style="final", label=Text("this model", "本模型")))
    rows.sort(key=lambda row: -row.value)
    return bar_chart(rows, title=Text("this model and the reference lines", "本模型与参照线"), unit=_unit(record))


def _reference_note(record: RunRecord) -> Markup:
    """What the n-gram line was made from: a line that saw only a part of the training text says so."""
    ngram = (record.last("references").get("details") or {}).get("ngram") or {}
    if not (finite(ngram.get("order")) and finite(ngram.get("trained_bytes")) and finite(ngram.get("training_bytes"))):
        return Markup("")
    has_all = ngram["trained_bytes"] >= ngram["training_bytes"]
    words = (
        Text(
            "The n-gram model is of order {order} and was trained on the same training text ({part}).",
            "n 元模型为 {order} 阶，使用相同的训练文本（{part}）。",
        )
        if has_all
        else Text(
            "The n-gram model is of order {order} and was trained on only {part} of the {all} of training text.",
            "n 元模型为 {order} 阶，仅使用了 {all} 训练文本中的 {part}。",
        )
    )
    part, whole = format_bytes(ngram["trained_bytes"]), format_bytes(ngram["training_bytes"])
    return both(words, order=int(ngram["order"]), part=part, all=whole)


def learning_curve(record: RunRecord, x: str) -> Markup:
    """Bits per byte on training and validation text against `x` ("step" or "seconds"), with the reference lines."""
    train_x, train_y = points(record.steps, x, "bits_per_byte")
    valid_x, valid_y = points(record.looks, x, "bits_per_byte")
    last = max([*train_x, *valid_x], default=0.0)
    in_minutes = x == "seconds" and last > SHORT_RUN
    scale = 1 / 60 if in_minutes else 1.0
    levels = [Level(value=v, style=n, label=_named(n, v)) for n, v in record.reference_lines.items()]
    series = [
        Series(xs=[v * scale for v in train_x], ys=train_y, style="train", label=Text("training text", "训练文本")),
        Series(xs=[v * scale for v in valid_x], ys=valid_y, style="valid", dots=True, label=_validation_label(valid_y)),
    ]
    done = record.finished
    if finite(done.get("bits_per_byte")):
        bits = float(done["bits_per_byte"])
        label = fill(Text("whole text {bits}", "全部文本 {bits}"), bits=f"{bits:.3f}")
        series.append(Series(xs=[last * scale], ys=[bits], style="final", dots=True, label=label))
    known = [*(level.value for level in levels), *valid_y, *(train_y[len(train_y) // 20 :])]
    axes = Axes(
        x=STEPS if x == "step" else MINUTES if in_minutes else SECONDS, y=_unit(record), high=_upper(known, valid_y)
    )
    return line_chart(series, axes=axes, title=Text("learning curve", "学习曲线"), levels=levels)


def _upper(known: list[float], valid_y: list[float]) -> float | None:
    """The first losses of a run are near 8 and would press the rest of the curve flat: they run out of the picture."""
    if not known:
        return None
    later = sorted(known)
    return min(later[-1], max(2.2 * later[0], later[int(0.97 * (len(later) - 1))]))


def _named(name: str, value: float) -> Text:
    return fill(
        Text("{line} {value}", "{line} {value}"), line=REFERENCE_NAMES.get(name, same(name)), value=f"{value:.3f}"
    )


def _validation_label(valid_y: list[float]) -> Text | None:
    return Text("validation sample", "验证样本") if valid_y else None


def _small_charts(record: RunRecord) -> list[Markup]:
    wanted = (
        ("lr", Text("learning rate, share of the peak", "学习率（占峰值）"), 0.0),
        ("tokens_per_second", Text("tokens per second", "每秒词元"), 0.0),
        ("grad_norm", Text("gradient norm", "梯度范数"), 0.0),
    )
    charts = []
    for name, label, low in wanted:
        xs, ys = points(record.steps, "step", name)
        high = sorted(ys)[int(0.99 * (len(ys) - 1))] if ys and name == "grad_norm" else None
        axes = Axes(x=STEPS, y=label, low=low, high=high)
        charts.append(line_chart([Series(xs=xs, ys=ys, style="plain")], axes=axes, title=label, size=SMALL))
    return charts


def _reliability(record: RunRecord) -> dict[str, Any] | None:
    calibration = record.finished.get("calibration") or {}
    bins = calibration.get("bins") or []
    if not bins:
        return None
    chart = line_chart(
        [
            Series(xs=[0, 1], ys=[0, 1], style="train"),
            Series(xs=[b["confidence"] for b in bins], ys=[b["accuracy"] for b in bins], style="valid", dots=True),
        ],
        axes=Axes(x=Text("confidence", "置信度"), y=Text("share that was right", "实际正确率"), low=0.0, high=1.0),
        title=Text("reliability", "可靠性"),
        size=Size(width=340, height=300, left=44, right=14),
    )
    return {"chart": chart, "error": calibration.get("expected_calibration_error"), "bins": bins}


def _funnel(record: RunRecord) -> dict[str, Any] | None:
    facts = record.corpus
    if "documents_in" not in facts:
        return None
    dropped = dict(sorted((facts.get("dropped") or {}).items(), key=lambda entry: -entry[1]))
    rows = [
        Level(value=facts["documents_in"], style="in", label=Text("read", "读入")),
        *(Level(value=count, style="dropped", label=tables.reason_name(name)) for name, count in dropped.items()),
        Level(value=facts.get("documents_kept", 0), style="kept", label=Text("kept", "保留")),
    ]
    chart = bar_chart(rows, title=Text("documents", "文档"), unit=Text("documents", "篇"))
    return {"chart": chart, "kept": facts.get("documents_kept", 0), "read": facts["documents_in"], "dropped": dropped}


def _shown_folder(path: Path) -> str:
    """The folder as one would type it: relative to the working folder where it lies below it."""
    whole = path.resolve()
    here = Path.cwd()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(path)
