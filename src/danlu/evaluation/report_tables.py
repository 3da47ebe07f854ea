"""The tables of the report: plain rows in both languages, made from what a run tells of itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from danlu.core.language import Language, Text, say_in
from danlu.core.quantities import format_bytes, format_count, format_duration
from danlu.evaluation.run_record import DroppedDocument, RunRecord, finite

LANGUAGES: tuple[Language, Language] = ("en", "zh")
SAMPLE_CHARACTERS = 700
DROPPED_CHARACTERS = 240
MAX_DOMAINS = 40
SAMPLES_SHOWN = 6  # steps per prompt: first, last and some between

REFERENCE_NAMES = {
    "gzip": Text._make(["gzip -9"] * 2),
    "xz": Text._make(["xz -9e"] * 2),
    "ngram": Text("n-gram", "n 元模型"),
}

DECISIONS = {
    "device": Text("device", "设备"),
    "dtype": Text("number type", "数值类型"),
    "threads": Text("threads", "线程数"),
    "matmul_precision": Text("matrix precision", "矩阵精度"),
    "compile": Text("compilation", "编译"),
    "busy": Text("load of the machine", "机器负载"),
    "source": Text("measurement", "测量"),
    "size": Text("size", "模型大小"),
    "weights": Text("weights kept", "保留的权重"),
    "vocab_size": Text("vocabulary", "词表大小"),
    "epochs": Text("passes over the text", "遍历文本次数"),
    "mixture": Text("mixture of domains", "领域混合"),
    "batch_tokens": Text("tokens per step", "每步词元数"),
    "micro_batch": Text("micro-batch", "微批大小"),
}

REASONS = {
    "empty": Text("empty", "空文档"),
    "undecodable": Text("not decodable", "无法解码"),
    "exact_duplicate": Text("exact duplicate", "完全重复"),
    "duplicate": Text("exact duplicate", "完全重复"),
    "near_duplicate": Text("near duplicate", "近似重复"),
    "language": Text("other language", "其他语言"),
    "quality": Text("low quality", "质量较低"),
    "too_short": Text("too short", "过短"),
    "too_long": Text("too long", "过长"),
}

HAPPENINGS = {
    "resumed": Text("went on after an interruption", "中断后继续"),
    "cooldown": Text("cool-down of the learning rate began", "学习率开始冷却"),
    "rolled_back": Text("went back to the last good checkpoint", "回退到上一个完好的检查点"),
    "nonfinite": Text("a step with a non-finite loss was skipped", "跳过损失非有限的一步"),
    "damaged_checkpoint": Text("a damaged checkpoint was left aside", "忽略一个损坏的检查点"),
    "trained": Text("weights are final", "权重确定"),
}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One number of the header: its name, the value, and a word on it."""

    name: Text
    value: str
    hint: Text | None = None


@dataclass(frozen=True, kw_only=True)
class QuoteRow:
    """What was promised and what came out. `held`: None where nothing was promised in particular."""

    name: Text
    planned: str
    actual: str
    difference: str
    held: bool | None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One thing that was decided, and why."""

    name: Text
    value: Text
    reason: str


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something that went on in the run, at a step."""

    step: int | None
    what: Text
    detail: str


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What the model wrote for one prompt: the newest piece first, then how it was on the way."""

    prompt: str
    newest: Mapping[str, Any]
    earlier: Sequence[Mapping[str, Any]]


def fill(text: Text, **values: object) -> Text:
    """`text` with its placeholders filled in both languages (a value may itself be a `Text`)."""
    chosen = {
        tongue: {k: getattr(v, tongue) if isinstance(v, Text) else v for k, v in values.items()} for tongue in LANGUAGES
    }
    return Text._make(say_in(tongue, text, **chosen[tongue]) for tongue in LANGUAGES)


def same(text: object) -> Text:
    """A text that is the same in both languages."""
    return Text._make([str(text)] * 2)


def header_facts(record: RunRecord) -> list[Fact]:
    """The row of numbers below the verdict."""
    done, tokens = record.finished, record.tokens
    rows: list[Fact | None] = [
        _fact(done, "parameters", Text("parameters", "参数量"), format_count),
        _fact(done, "seconds", Text("time", "用时"), format_duration),
        _tokens_fact(record),
        _fact(done, "steps", Text("steps", "步数"), lambda v: f"{v:,.0f}"),
        _fact(done, "tokens_per_second", Text("tokens per second", "每秒词元"), format_count),
        _fact(done, "perplexity", Text("perplexity", "困惑度"), lambda v: f"{v:.4g}", Text("per token", "按词元")),
        _fact(done, "accuracy", Text("next-token accuracy", "下一词元准确率"), lambda v: f"{100 * v:.1f} %"),
    ]
    valid = tokens.get("valid", {}) if isinstance(tokens.get("valid"), Mapping) else {}
    if finite(valid.get("num_bytes")):
        hint = fill(Text("{count} documents", "{count} 篇文档"), count=f"{valid.get('num_documents', 0):,}")
        rows.append(Fact(name=Text("held-out text", "留出文本"), value=format_bytes(valid["num_bytes"]), hint=hint))
    return [row for row in rows if row is not None]


def quote_rows(record: RunRecord) -> list[QuoteRow]:
    """The quote beside the outcome: bits per byte against the band, seconds against 2 % (or 2 s)."""
    quote, done = record.last("quote"), {**_last_epochs(record), **record.finished}
    rows = []
    for name, label, show in _QUOTED:
        planned, actual = quote.get(name), done.get(name)
        if not finite(planned) or not finite(actual):
            continue
        text, held = show(planned), None
        if name == "bits_per_byte" and finite(quote.get(f"{name}_low")) and finite(quote.get(f"{name}_high")):
            low, high = quote[f"{name}_low"], quote[f"{name}_high"]
            text = f"{planned:.3f}  ({low:.3f} – {high:.3f})"
            held = low <= actual <= high
        if name == "seconds" and _has_time_budget(record):
            held = abs(actual - planned) <= max(2.0, 0.02 * planned)
        change = f"{100 * (actual - planned) / planned:+.1f} %" if planned else ""
        rows.append(QuoteRow(name=label, planned=text, actual=show(actual), difference=change, held=held))
    return rows


def decisions(record: RunRecord) -> list[Decision]:
    """Every decision with its reason, in the order in which they were taken; the newest of one name counts."""
    newest = {str(event.get("name")): event for event in record.of_kind("decision")}
    return [
        Decision(
            name=DECISIONS.get(name, same(name.replace("_", " "))),
            value=_shown(event.get("value", "")),
            reason=str(event.get("reason", "")),
        )
        for name, event in newest.items()
    ]


def happenings(record: RunRecord) -> list[Happening]:
    """What went on: interruptions, the cool-down, skipped steps; in order."""
    rows = []
    for event in record.events:
        kind = str(event.get("event"))
        what = HAPPENINGS.get(kind)
        if kind == "estimate" and event.get("stopped_early"):
            what = Text("stopping early", "提前停止")
        if what is not None:
            detail = str(event.get("reason") or event.get("problem") or "")
            step = event.get("step")
            rows.append(Happening(step=int(step) if finite(step) else None, what=what, detail=detail))
    return rows


def writings(record: RunRecord) -> list[Writing]:
    """The samples of each prompt, thinned to a few steps."""
    rows = []
    for prompt, samples in record.samples.items():
        count = min(SAMPLES_SHOWN, len(samples))
        places = sorted({round(i * (len(samples) - 1) / max(1, count - 1)) for i in range(count)}, reverse=True)
        shown = [
            {"step": samples[i].step, "text": clean(samples[i].text.removeprefix(prompt), SAMPLE_CHARACTERS)}
            for i in places
        ]
        rows.append(Writing(prompt=clean(prompt, SAMPLE_CHARACTERS), newest=shown[0], earlier=shown[1:]))
    return rows


def dropped_rows(samples: Sequence[DroppedDocument]) -> list[dict[str, Any]]:
    """Samples of dropped documents: why, where from, and how they begin."""
    rows = []
    for sample in samples:
        limit = f"{sample.value:.4g} / {sample.limit:.4g}" if finite(sample.value) and finite(sample.limit) else ""
        text = clean(" ".join(sample.text.split()), DROPPED_CHARACTERS)
        rows.append({"reason": reason_name(sample.reason), "limit": limit, "source": sample.source, "text": text})
    return rows


def domain_rows(record: RunRecord) -> list[Mapping[str, Any]]:
    """Scores per domain, the largest first; none when there is only one."""
    rows = [row for row in record.finished.get("domains") or [] if isinstance(row, Mapping)]
    return sorted(rows, key=lambda row: -row.get("num_bytes", 0))[:MAX_DOMAINS] if len(rows) > 1 else []


def mixture_rows(record: RunRecord) -> list[Mapping[str, Any]]:
    """The parts of a mixture, the largest share first: share, tokens, passes by the plan and as they came; mostly none."""
    planned: Mapping[str, Any] = {}
    for event in record.of_kind("decision"):
        planned = event.get("parts", {}) if event.get("name") == "mixture" else planned
    ended = record.last("mixed").get("parts", {})
    rows: list[Mapping[str, Any]] = [
        {"name": name, **part, "read": ended.get(name, {}).get("epochs")}
        for name, part in planned.items()
        if isinstance(part, Mapping) and finite(part.get("share"))
    ]
    return sorted(rows, key=lambda row: -row["share"])[:MAX_DOMAINS]


def reason_name(reason: str) -> Text:
    """A rule's name in both languages where it is known, else as it is."""
    return REASONS.get(reason, same(reason.replace("_", " ")))


def clean(text: str, most: int) -> str:
    """`text` cut to `most` characters; control characters become visible, since HTML does not allow them."""
    shown = text[:most] + ("…" if len(text) > most else "")
    return "".join(_visible(c) for c in shown)


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20 and character not in "\n\t":
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE:
        return "\ufffd"
    return character


def _shown(value: object) -> Text:
    if value is None:
        return same("")
    if isinstance(value, bool):
        return Text("yes", "是") if value else Text("no", "否")
    return same(f"{value:.4g}" if isinstance(value, float) else value)


def _last_epochs(record: RunRecord) -> dict[str, float]:
    last = next((line["epochs"] for line in reversed(record.steps) if finite(line.get("epochs"))), None)
    return {} if last is None else {"epochs": float(last)}


def _has_time_budget(record: RunRecord) -> bool:
    settings = record.of_kind("requested")
    budget = settings[0].get("settings", {}).get("budget", {}) if settings else {}
    return "seconds" in budget or not budget


def _fact(
    values: Mapping[str, Any], name: str, label: Text, show: Callable[[float], str], hint: Text | None = None
) -> Fact | None:
    value = values.get(name)
    return Fact(name=label, value=show(value), hint=hint) if finite(value) else None


def _tokens_fact(record: RunRecord) -> Fact | None:
    epochs = _last_epochs(record).get("epochs")
    hint = (
        None if epochs is None else fill(Text("{count} passes over the text", "文本 {count} 遍"), count=f"{epochs:.3g}")
    )
    return _fact(record.finished, "tokens", Text("tokens read", "已读词元"), format_count, hint)


_QUOTED: tuple[tuple[str, Text, Callable[[Any], str]], ...] = (
    ("bits_per_byte", Text("bits per byte", "每字节比特数"), lambda v: f"{v:.3f}"),
    ("seconds", Text("time", "用时"), format_duration),
    ("parameters", Text("parameters", "参数量"), format_count),
    ("steps", Text("steps", "步数"), lambda v: f"{v:,.0f}"),
    ("tokens", Text("tokens", "词元数"), format_count),
    ("tokens_per_second", Text("tokens per second", "每秒词元"), format_count),
    ("epochs", Text("passes over the text", "遍历文本次数"), lambda v: f"{v:.3g}"),
    ("memory_bytes", Text("memory", "内存"), format_bytes),
    ("disk_bytes", Text("disk", "磁盘"), format_bytes),
    ("watt_hours", Text("energy", "能耗"), lambda v: f"{v:.2g} Wh"),
)
