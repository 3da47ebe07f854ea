"""Measurements in words and figures, the same on the screen, in plain lines and in summaries."""

from collections.abc import Iterable, Mapping
from typing import Any

from danlu.cli.layout import display_width, pad, wrap
from danlu.cli.progress import Progress
from danlu.cli.terminal import printable
from danlu.core.language import Text, say
from danlu.core.quantities import format_bytes, format_count, format_duration

STEP = Text("step {step}", "第 {step} 步")
STEP_OF = Text("step {step} of {total}", "第 {step} 步，共 {total} 步")
LOSS = Text("loss {value:.3f}", "损失 {value:.3f}")
BITS = Text("{value:.3f} bits per byte", "{value:.3f} 比特/字节")
SPEED = Text("{value} tokens/s", "{value} 词元/秒")
PEAK = Text("{value:.0%} of peak", "峰值的 {value:.0%}")
LEFT = Text("{value} left", "剩余 {value}")
_NOTICES = {
    "resumed": Text("goes on from step {step}", "从第 {step} 步继续"),
    "stopped_early": Text(
        "step {step}: the held-out text gets no better; the cool-down begins early",
        "第 {step} 步：留出文本不再变好，提前开始降温",
    ),
    "nonfinite": Text(
        "step {step}: the loss is not finite; the step is skipped", "第 {step} 步：损失不是有限数，跳过该步"
    ),
    "mixture": Text("domains by the plan: {parts}", "按计划的领域混合：{parts}"),
    "proven": Text(
        "{program} loaded the copy; largest difference {difference:.1e}",
        "{program} 已加载副本；最大相差 {difference:.1e}",
    ),
}
COMMA = Text(", ", "，")
QUOTE = Text("The quote for this text on this machine:", "按这份文本与这台机器的报价：")
_QUOTE = (
    (
        Text("model", "模型"),
        (
            Text("{parameters} parameters", "{parameters} 个参数"),
            Text("vocabulary {vocab_size}", "词表 {vocab_size}"),
            Text("context {context_length}", "上下文 {context_length}"),
        ),
    ),
    (
        Text("training", "训练"),
        (
            Text("{tokens} tokens", "{tokens} 个词元"),
            Text("{steps} steps", "{steps} 步"),
            Text("{epochs} passes over the text", "文本读 {epochs} 遍"),
        ),
    ),
    (
        Text("time", "用时"),
        (Text("{seconds}", "{seconds}"), Text("{tokens_per_second} tokens/s", "{tokens_per_second} 词元/秒")),
    ),
    (
        Text("needs", "需要"),
        (
            Text("{memory_bytes} of memory", "内存 {memory_bytes}"),
            Text("{disk_bytes} of disk", "磁盘 {disk_bytes}"),
            Text("about {watt_hours} Wh", "约 {watt_hours} 瓦时"),
        ),
    ),
    (
        Text("expected", "预期"),
        (
            Text(
                "{bits_per_byte} bits per byte ({bits_per_byte_low} to {bits_per_byte_high})",
                "每字节 {bits_per_byte} 比特（{bits_per_byte_low} 至 {bits_per_byte_high}）",
            ),
        ),
    ),
)
VALID = Text("validation {value:.3f} (step {step})", "验证 {value:.3f}（第 {step} 步）")


def step_words(progress: Progress) -> str:
    """`step 120 of 400`."""
    if progress.total_steps:
        return say(STEP_OF, step=progress.step, total=progress.total_steps)
    return say(STEP, step=progress.step)


def measure_words(progress: Progress) -> list[str]:
    """Step, loss, bits per byte, speed, share of the measured peak: those that are known."""
    found = progress.measures
    words = [step_words(progress)]
    if "loss" in found:
        words.append(say(LOSS, value=found["loss"]))
    if "bits_per_byte" in found:
        words.append(say(BITS, value=found["bits_per_byte"]))
    if "tokens_per_second" in found:
        words.append(say(SPEED, value=format_count(found["tokens_per_second"])))
    if "share_of_peak" in found:
        words.append(say(PEAK, value=found["share_of_peak"]))
    return words


def notice(event: Mapping[str, Any]) -> str:
    """The line for an event that is worth one of its own, or nothing."""
    kind = event.get("event")
    if kind == "warning":
        return printable(str(event.get("text", ""))).replace("\n", " ")
    if kind not in _NOTICES:
        return ""
    values = {name: value for name, value in event.items() if isinstance(value, (str, int, float))}
    try:
        return printable(say(_NOTICES[kind], **values))
    except (KeyError, ValueError):
        return ""


def left_words(progress: Progress) -> str:
    """`3m20s left`, or nothing."""
    left = progress.seconds_left()
    return "" if left is None else say(LEFT, value=format_duration(left))


def valid_words(progress: Progress) -> str:
    """The last validation, or nothing."""
    if not progress.valid:
        return ""
    step, value = progress.valid[-1]
    return say(VALID, value=value, step=step)


def flow(words: Iterable[str], width: int, gap: str = "   ") -> list[str]:
    """Short phrases beside each other, in as many lines as they need; a phrase is never broken where it fits."""
    lines: list[str] = []
    for word in words:
        if lines and display_width(lines[-1]) + len(gap) + display_width(word) <= width:
            lines[-1] += gap + word
        else:
            lines += wrap(word, width)
    return lines


def table(rows: Iterable[tuple[str, str]], width: int, indent: int = 2) -> list[str]:
    """`name   value` lines, values under each other; a value that is too long goes on below itself."""
    shown = list(rows)
    longest = max((display_width(name) for name, _ in shown), default=0)
    column = min(longest + 2, max(12, width // 2))
    lines: list[str] = []
    for name, value in shown:
        room = max(8, width - indent - column)
        first, *rest = wrap(value, room)
        if display_width(name) > column - 1:
            lines.append(" " * indent + name)
            name = ""
        lines.append((" " * indent + pad(name, column) + first).rstrip())
        lines += [" " * (indent + column) + line for line in rest]
    return lines


def quote_lines(quote: Mapping[str, Any], width: int) -> list[str]:
    """What a plan foretells; a field that is missing leaves its part out."""
    rows: list[tuple[str, str]] = []
    for name, parts in _QUOTE:
        shown = [_quote_part(part, quote) for part in parts]
        if any(shown):
            rows.append((say(name), say(COMMA).join(filter(None, shown))))
    return [say(QUOTE), *table(rows, width)] if rows else []


def _quote_part(part: Text, quote: Mapping[str, Any]) -> str:
    values = {}
    for name, value in quote.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            values[name] = _figure(name, value)
    try:
        return say(part, **values)
    except KeyError:
        return ""


def _figure(name: str, value: float) -> str:
    if name.endswith("_bytes"):
        return format_bytes(value)
    if name == "seconds":
        return format_duration(value)
    if name.startswith("bits_per_byte") or name == "epochs":
        return f"{value:.2f}"
    if name == "watt_hours":
        return f"{value:.2g}"
    return format_count(value) if name in ("parameters", "tokens", "tokens_per_second") else f"{value:.0f}"
