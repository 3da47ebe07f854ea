"""The lines that a finished command leaves behind: what came out, how to read it, what to do next."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from danlu.cli.comparison_summary import comparison_lines
from danlu.cli.corpus_summary import built_lines, report_lines, tokenizer_lines, verified_lines
from danlu.cli.document_summary import explanation_lines
from danlu.cli.gate_summary import check_lines, plan_lines, what_if_lines
from danlu.cli.layout import cut, display_width, pad, wrap
from danlu.cli.machine_summary import machine_lines
from danlu.cli.probe_summary import language_lines, probe_lines
from danlu.cli.quality_summary import quality_lines
from danlu.cli.results import plain_values
from danlu.cli.wording import COMMA, quote_lines, table
from danlu.core.language import Text, say
from danlu.core.quantities import format_bytes, format_count, format_duration

THIS_MODEL = Text("this model", "本模型")
FINISHED = Text("{folder} is finished.", "{folder} 已完成。")
BITS = Text("Bits per byte of the held-out text, lower is better:", "留出文本的每字节比特数，越低越好：")
PSEUDO = Text(
    "Pseudo bits per byte of the held-out text (each token hidden and filled in; compares with its like only): {bits:.3f}",
    "留出文本的伪每字节比特数（逐个遮蔽再填回，只与同类模型比较）：{bits:.3f}",
)
PSEUDO_SAMPLE = Text("estimated from {share:.0%} of the tokens, evenly spread", "由均匀分布的 {share:.0%} 词元估计")
NGRAMS = Text("n-grams", "n 元模型")
FACTS = (
    ("perplexity", Text("perplexity {value} per token", "每词元困惑度 {value}"), lambda v: f"{v:.2f}"),
    ("parameters", Text("{value} parameters", "{value} 个参数"), format_count),
    ("steps", Text("{value} steps", "{value} 步"), str),
    ("seconds", Text("{value} of work", "用时 {value}"), format_duration),
    ("tokens_per_second", Text("{value} tokens/s", "{value} 词元/秒"), format_count),
)
QUOTED = Text("the quote said {value} bits per byte ({low} to {high})", "报价为每字节 {value} 比特（{low} 至 {high}）")
INTERVAL = Text("between {low} and {high} with 95 % confidence", "95 % 置信区间 {low} 至 {high}")
ACCURACY = Text("{value:.1%} of the next tokens guessed", "下一词元猜中 {value:.1%}")
CALIBRATION = Text(
    "calibration error {value:.3f} (0: as sure as it is right)", "校准误差 {value:.3f}（0 表示自信与正确相符）"
)
SCORED = Text("{size} scored, {count} document(s)", "评分 {size}，{count} 篇文档")
ROUND_TRIP = Text(
    "the tokenizer of this model loses text: {changed} of {count} document(s) do not come back, {unknown} token(s) stand for "
    "what it cannot spell; such text costs too few bits",
    "该模型的分词器会丢失文本：{count} 篇中有 {changed} 篇无法还原，{unknown} 个词元代表无法表示的内容；这些文本的比特数偏低",
)
DOMAINS = Text("Bits per byte of each domain:", "各领域的每字节比特数：")
FOLDER = Text("folder", "目录")
FORMAT = Text("format", "格式")
SIZE = Text("size", "大小")
PROVEN = Text("proven", "已验证")
PROOF = Text(
    "{program} loaded it; largest difference of the scores {difference}", "{program} 已加载；分数最大相差 {difference}"
)
MODEL, TOKENIZER = Text("model", "模型"), Text("tokenizer", "分词器")
PARAMETERS = Text("{architecture}, {count} parameters", "{architecture}，{count} 个参数")
LEFT_OUT = Text("left out", "未采用")
CONTEXT = Text("context", "上下文")
WINDOW = Text(
    "{length} tokens, the window of its attention, of {most} positions",
    "{length} 个词元（其注意力窗口），原为 {most} 个位置",
)
HEAD = Text("head", "输出头")
NO_HEAD = Text(
    "none in the folder: the model gives vectors, not scores of tokens", "目录中没有：模型只给出向量，不能为词元评分"
)
SAME = Text(
    "{program} reads the same ids; largest difference of the scores {difference}",
    "{program} 得到相同编号；分数最大相差 {difference}",
)
UNPROVEN = Text("not proven", "未验证")
NOT_COMPARED = Text(
    "transformers was not asked: it is not installed here, or proof=false was set",
    "未与 transformers 比较：此处没有安装它，或设置了 proof=false",
)
REPORT = Text("report", "报告")
NEXT = Text("Next:", "接下来：")
WRITE_LINE = ('danlu generate {folder} "..."', Text("let it write", "让它续写"))
FILL_LINE = ('danlu generate {folder} "... ___ ..."', Text("let it fill the blank", "让它填空"))
NEXT_LINES = (
    ("danlu evaluate {folder} --on FILE", Text("measure it on other text", "在别的文本上衡量")),
    ("danlu extend {folder} --for 10m", Text("train it for longer", "再多训练一会儿")),
)
NUM_BAR = 24


def summary(name: str, result: Any, width: int) -> list[str]:
    """Lines for people about the result of the command `name`, at most `width` columns where that can be."""
    return list(_SUMMARIES.get(name, _any)(result, width))


def _run(result: Any, width: int) -> Iterator[str]:
    """A trained run: its figure beside the reference lines, where it is, what to do with it."""
    plain = plain_values(result)
    folder = plain.get("folder", "")
    yield ""
    yield say(FINISHED, folder=folder)
    yield from _race(plain, width)
    yield from _facts(plain, width)
    yield from _quoted(plain, width)
    yield ""
    yield from table([(say(REPORT), f"{folder}/report.html")], width)
    yield ""
    yield say(NEXT)
    first = FILL_LINE if plain.get("pseudo") else WRITE_LINE
    lines = [(line.format(folder=folder), say(meaning)) for line, meaning in (first, *NEXT_LINES)]
    longest = max(display_width(line) for line, _ in lines)
    beside = longest + 4 + max(display_width(meaning) for _, meaning in lines) <= width
    for line, meaning in lines:
        yield f"  {pad(line, longest)}  {meaning}" if beside else f"  {line}"


def _evaluation(result: Any, width: int) -> Iterator[str]:
    """The figure beside the reference lines, how sure it is, and each domain where there are several."""
    plain = plain_values(result)
    yield from _race(plain, width)
    yield from _facts(plain, width)
    for line in _sureness(plain):
        yield from ("  " + part for part in wrap(line, width - 2))
    domains = plain.get("domains") or []
    if len(domains) > 1:
        yield ""
        yield from wrap(say(DOMAINS), width)
        longest = min(width - 12, max(display_width(str(row["domain"])) for row in domains))
        for row in sorted(domains, key=lambda row: row["bits_per_byte"]):
            yield f"  {pad(cut(str(row['domain']), longest), longest)}  {row['bits_per_byte']:6.3f}"
    yield from language_lines(plain, width)
    yield from probe_lines(plain, width)


def _sureness(plain: Mapping[str, Any]) -> Iterator[str]:
    interval = plain.get("interval")
    if interval:
        yield say(INTERVAL, low=f"{interval['low']:.3f}", high=f"{interval['high']:.3f}")
    if isinstance(plain.get("accuracy"), (int, float)):
        yield say(ACCURACY, value=plain["accuracy"])
    calibration = plain.get("calibration")
    if calibration:
        yield say(CALIBRATION, value=calibration["expected_calibration_error"])
    if plain.get("num_bytes"):
        yield say(SCORED, size=format_bytes(plain["num_bytes"]), count=plain.get("num_documents"))
    lost = plain.get("round_trip")
    if lost and lost["num_changed"]:
        count, changed, unknown = (lost[f"num_{name}"] for name in ("documents", "changed", "unknown_tokens"))
        yield say(ROUND_TRIP, count=count, changed=changed, unknown=unknown)


def _plan(result: Any, width: int) -> Iterator[str]:
    plain = plain_values(result)
    yield from quote_lines(plain.get("quote", plain), width)


def _export(result: Any, width: int) -> Iterator[str]:
    """Where the copy is, and who has loaded it and got the same figures."""
    plain = plain_values(result)
    rows = [(say(FOLDER), str(plain.get("path", ""))), (say(FORMAT), str(plain.get("format", "")))]
    if isinstance(plain.get("num_bytes"), (int, float)):
        rows.append((say(SIZE), format_bytes(plain["num_bytes"])))
    for proof in plain.get("proofs") or []:
        difference = f"{proof.get('largest_difference', math.nan):.1e}"
        rows.append((say(PROVEN), say(PROOF, program=proof.get("program"), difference=difference)))
    if plain.get("format") == "huggingface" and "transformers" not in plain.get("proven_with", ()):
        rows.append((say(UNPROVEN), say(NOT_COMPARED)))
    yield from table(rows, width)


def _imported(result: Any, width: int) -> Iterator[str]:
    """What was taken in, what was left out, and who gave the same figures."""
    plain = plain_values(result)
    size = say(PARAMETERS, count=format_count(plain["parameters"]), architecture=plain["architecture"])
    rows = [(say(FOLDER), str(plain["path"])), (say(MODEL), size), (say(TOKENIZER), plain["tokenizer_from"])]
    if plain["context_length"] < plain["max_positions"]:
        words = say(WINDOW, length=plain["context_length"], most=plain["max_positions"])
        rows.append((say(CONTEXT), words))
    if plain["left_out"]:
        rows.append((say(LEFT_OUT), ", ".join(plain["left_out"])))
    if not plain["head"]:
        rows.append((say(HEAD), say(NO_HEAD)))
    for proof in plain["proofs"]:
        difference = f"{proof['largest_difference']:.1e}"
        rows.append((say(PROVEN), say(SAME, program=proof["program"], difference=difference)))
    if not plain["proven_with"]:
        rows.append((say(UNPROVEN), say(NOT_COMPARED)))
    yield from table(rows, width)


def _race(plain: Mapping[str, Any], width: int) -> Iterator[str]:
    """Bits per byte of the model and of the reference lines, the best first, as bars."""
    own = plain.get("bits_per_byte")
    if isinstance(plain.get("pseudo_bits_per_byte"), float):
        yield from wrap(say(PSEUDO, bits=plain["pseudo_bits_per_byte"]), width)
        if plain.get("share_scored", 1.0) < 1:
            yield from wrap(say(PSEUDO_SAMPLE, share=plain["share_scored"]), width)
    if not isinstance(own, (int, float)):
        return
    lines = plain.get("reference_lines") or {}
    names = {"ngram": say(NGRAMS), "xz": "xz -9e", "gzip": "gzip -9"}
    rows = [(names[name], lines[name]) for name in names if isinstance(lines.get(name), (int, float))]
    rows = sorted([(say(THIS_MODEL), own), *rows], key=lambda row: row[1])
    longest = max(display_width(name) for name, _ in rows)
    room = min(NUM_BAR, width - longest - 12)
    most = max(value for _, value in rows) or 1.0
    yield from wrap(say(BITS), width)
    for name, value in rows:
        bar = "=" * max(1, round(room * value / most)) if room >= 4 else ""
        yield f"  {pad(name, longest)}  {value:6.3f}  {bar}".rstrip()


def _facts(plain: Mapping[str, Any], width: int) -> Iterator[str]:
    words = [
        say(words, value=shown(plain[name]))
        for name, words, shown in FACTS
        if isinstance(plain.get(name), (int, float))
    ]
    line = ""
    for word in words:
        if line and display_width(line + say(COMMA) + word) > width - 2:
            yield "  " + line
            line = word
        else:
            line = line + say(COMMA) + word if line else word
    if line:
        yield "  " + line


def _quoted(plain: Mapping[str, Any], width: int) -> Iterator[str]:
    """What was foretold, beside what came."""
    quoted = plain.get("quoted") or {}
    names = ("bits_per_byte", "bits_per_byte_low", "bits_per_byte_high")
    if all(isinstance(quoted.get(name), (int, float)) for name in names):
        value, low, high = (f"{quoted[name]:.2f}" for name in names)
        yield from ("  " + line for line in wrap(say(QUOTED, value=value, low=low, high=high), width - 2))


def _any(result: Any, width: int) -> Iterator[str]:
    """Whatever came back: text as it is, fields as a table."""
    plain = plain_values(result)
    if isinstance(plain, str):
        yield from plain.split("\n")
    elif isinstance(plain, dict):
        yield from table([(key, _shown(value)) for key, value in plain.items()], width)
    elif isinstance(plain, list):
        yield from (_shown(item) for item in plain)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    return "-" if value is None else str(value)


_SUMMARIES: dict[str, Callable[[Any, int], Iterator[str]]] = {
    "demo": _run,
    "pretrain": _run,
    "extend": _run,
    "evaluate": _evaluation,
    "plan": _plan,
    "export": _export,
    "import": _imported,
    "compare": comparison_lines,
    "tokenizer train": tokenizer_lines,
    "corpus build": built_lines,
    "corpus report": report_lines,
    "corpus verify": verified_lines,
    "corpus explain": explanation_lines,
    "corpus check": check_lines,
    "corpus what-if": what_if_lines,
    "corpus plan": plan_lines,
    "corpus quality train": quality_lines,
    "doctor": machine_lines,
}
