"""The lines of `danlu corpus check`, `what-if` and `plan`: verdicts, what would move, what a build would take."""

from collections.abc import Iterator, Mapping
from typing import Any

from danlu.cli.document_summary import figure, limits
from danlu.cli.layout import cut, wrap
from danlu.cli.results import plain_values
from danlu.cli.terminal import printable
from danlu.cli.wording import COMMA, table
from danlu.core.language import Text, say
from danlu.core.quantities import format_bytes, format_duration

TOPICS = {
    "volume": Text("volume", "数量"),
    "quality": Text("quality", "质量"),
    "diversity": Text("diversity", "多样性"),
}
VERDICT = Text("{topic}: {verdict}", "{topic}：{verdict}")
PASSES = Text("passes", "通过")
FAILS = Text("fails", "不通过")
READY = Text("{path} is ready for pretraining.", "{path} 可以用于预训练。")
NOT_READY = Text("{path} is not ready for pretraining: {failed}.", "{path} 尚不宜用于预训练：{failed}。")
LOOSEN = Text(
    "A limit that does not fit this text is set so: danlu corpus check {path} {name}=VALUE",
    "若界限不适合这份文本，可这样修改：danlu corpus check {path} {name}=值",
)
MOST_DOMAINS = 8  # that `check` shows; all of them stand in the report
DOMAINS = Text("Diversity of the domains, the least of {count} first:", "各领域的多样性（共 {count} 个，由低到高）：")
DIVERSE = Text(
    "distinct {distinct}, types {types}, compression {compression}",
    "五元组 {distinct}，词种 {types}，压缩比 {compression}",
)
UNKNOWN = Text("not measured", "未测得")
CHANGED = Text("Limits asked about:", "所问的界限：")
NO_CHANGE = Text("These are the limits of the build.", "与构建时的界限相同。")
OFF = Text("off", "关闭")
FROM_TO = Text("{before} -> {after}", "{before} -> {after}")
NOW = Text("now", "现在")
THEN = Text("then", "届时")
DOCUMENTS = Text("{count} documents, {size}", "{count} 篇文档，{size}")
ENTER = Text("would enter", "将进入")
LEAVE = Text("would leave", "将离开")
DOUBLES = Text("already there", "已有相同文本")
ENTERING = Text("Would enter, for example:", "将进入的例子：")
LEAVING = Text("Would leave, for example:", "将离开的例子：")
NOTE = Text("note", "注意")
SAMPLED = Text("sampled", "抽样")
SAMPLED_OF = Text(
    "{part} of {whole} ({share:.1%}), {count} documents", "{whole} 中的 {part}（{share:.1%}），{count} 篇文档"
)
TIME = Text("time", "用时")
TIME_OF = Text("about {time} with {workers} worker(s)", "约 {time}（{workers} 个工作进程）")
KEPT = Text("kept", "保留")
KEPT_OF = Text(
    "about {count} of {all} documents ({share:.0%}), {size}", "约 {all} 篇中的 {count} 篇（{share:.0%}），{size}"
)
DROPPED = Text("dropped", "丢弃")
DISK = Text("disk", "磁盘")
DISK_OF = Text("{size}, and {work} while it works", "{size}，构建期间另需 {work}")
MEMORY = Text("memory", "内存")
ABOUT = Text("about {size}", "约 {size}")
TOKENS = Text("tokens", "词元")
TOKENS_OF = Text("about {count} (bpe of 4,096 entries)", "约 {count}（4,096 词表的 bpe）")
LANGUAGES = Text("languages", "语言")
SKIPPED = Text("files skipped", "略过的文件")


def check_lines(result: Any, width: int) -> Iterator[str]:
    """`corpus check`: a line for each check, marked where it fails, and the verdict."""
    plain: Mapping[str, Any] = plain_values(result)
    for topic, passed in plain["verdicts"].items():
        yield say(VERDICT, topic=say(TOPICS[topic]), verdict=say(PASSES if passed else FAILS))
        yield from table([_check(row) for row in plain["checks"] if row["topic"] == topic], width, indent=0)
    yield from _domains(plain, width)
    yield ""
    path = plain["path"]
    if plain["passed"]:
        yield from wrap(say(READY, path=path), width)
        return
    yield from wrap(say(NOT_READY, path=path, failed=say(COMMA).join(plain["failed"])), width)
    row = next(row for row in plain["checks"] if not row["passed"])
    side = "least" if row["least"] is not None and row["value"] < row["least"] else "most"
    yield from wrap(say(LOOSEN, path=path, name=f"{row['topic']}.{side}_{row['name']}"), width)


def _check(row: Mapping[str, Any]) -> tuple[str, str]:
    value = say(UNKNOWN) if row["value"] is None else figure(row["value"])
    allowed = limits(row)
    return ("  " if row["passed"] else "! ") + row[
        "name"
    ], f"{value}{f' ({allowed})' if allowed else ''} {row['meaning']}"


def _domains(plain: Mapping[str, Any], width: int) -> Iterator[str]:
    """The least diverse domains, marked where they lie outside the limits; none where there is only one."""
    if len(plain["domains"]) < 2:
        return
    narrow = set(plain["narrow_domains"])
    rows = sorted(plain["domains"], key=lambda row: (row["name"] not in narrow, row["distinct"] or 1))
    yield ""
    yield from wrap(say(DOMAINS, count=len(rows)), width)
    shown = [
        (("! " if row["name"] in narrow else "  ") + cut(row["name"], width // 2 - 4), _diversity(row))
        for row in rows[:MOST_DOMAINS]
    ]
    yield from table(shown, width, indent=0)


def _diversity(row: Mapping[str, Any]) -> str:
    shown = {
        name: say(UNKNOWN) if row[name] is None else figure(row[name]) for name in ("distinct", "types", "compression")
    }
    return say(DIVERSE, **shown)


def what_if_lines(result: Any, width: int) -> Iterator[str]:
    """`corpus what-if`: the limits, the counts, and samples of what would move."""
    plain: Mapping[str, Any] = plain_values(result)
    yield from wrap(say(CHANGED if plain["changes"] else NO_CHANGE), width)
    yield from table([(row["rule"], _change(row)) for row in plain["changes"]], width)
    yield ""
    entering, leaving = plain["entering"], plain["leaving"]
    rows = [
        (say(NOW), _documents(plain["documents_before"], plain["bytes_before"])),
        (say(ENTER), _moved(entering)),
        (say(LEAVE), _moved(leaving)),
        (say(THEN), _documents(plain["documents_after"], plain["bytes_after"])),
        (say(DOUBLES), str(plain["num_doubles"]) if plain["num_doubles"] else ""),
        *((say(NOTE), note) for note in plain["notes"]),
    ]
    yield from table([(name, value) for name, value in rows if value], width)
    for heading, moved in ((ENTERING, entering), (LEAVING, leaving)):
        if moved["samples"]:
            yield ""
            yield from wrap(say(heading), width)
            for sample in moved["samples"]:
                yield from _sample(sample, width)


def _change(row: Mapping[str, Any]) -> str:
    before, after = (limits(row[side]) or say(OFF) for side in ("before", "after"))
    return f"{say(FROM_TO, before=before, after=after)}  {row['meaning']}"


def _documents(count: int, size: int) -> str:
    return say(DOCUMENTS, count=f"{count:,}", size=format_bytes(size))


def _moved(moved: Mapping[str, Any]) -> str:
    rules = list(moved["rules"].items())
    named = say(COMMA).join(f"{rule} {count}" for rule, count in rules[:6]) + (" ..." if len(rules) > 6 else "")
    counted = _documents(moved["num_documents"], moved["num_bytes"])
    return say(VERDICT, topic=counted, verdict=named) if named else counted


def _sample(sample: Mapping[str, Any], width: int) -> Iterator[str]:
    value = "" if sample["value"] is None else f" {figure(sample['value'])}"
    yield cut(printable(f"  {sample['id']}  {sample['rule']}{value}  {sample['source']}:{sample['offset']}"), width)
    text = " ".join(printable(sample["text"]).split())
    yield from ("    " + line for line in wrap(cut(text, 2 * max(8, width - 4) - 8), max(8, width - 4)))


def plan_lines(result: Any, width: int) -> Iterator[str]:
    """`corpus plan`: what a build would take and give, from a sample."""
    plain: Mapping[str, Any] = plain_values(result)
    share = plain["sampled_bytes"] / max(1, plain["source_bytes"])
    kept = plain["documents_kept"] / max(1, plain["documents_in"])
    sampled = say(
        SAMPLED_OF,
        part=format_bytes(plain["sampled_bytes"]),
        whole=format_bytes(plain["source_bytes"]),
        share=share,
        count=plain["sampled_documents"],
    )
    rows = [
        (say(SAMPLED), sampled),
        (say(TIME), say(TIME_OF, time=format_duration(plain["seconds"]), workers=plain["num_workers"])),
        (
            say(KEPT),
            say(
                KEPT_OF,
                count=f"{plain['documents_kept']:,}",
                all=f"{plain['documents_in']:,}",
                share=kept,
                size=format_bytes(plain["bytes_kept"]),
            ),
        ),
        (say(DROPPED), _counts(plain["dropped"])),
        (say(LANGUAGES), _counts(plain["languages"])),
        (say(TOKENS), say(TOKENS_OF, count=f"{plain['tokens']:,}")),
        (say(DISK), say(DISK_OF, size=format_bytes(plain["disk_bytes"]), work=format_bytes(plain["work_bytes"]))),
        (say(MEMORY), say(ABOUT, size=format_bytes(plain["memory_bytes"]))),
        (say(SKIPPED), _counts(plain["files_skipped"])),
        *((say(NOTE), note) for note in plain["notes"]),
    ]
    yield from table([(name, value) for name, value in rows if value], width)


def _counts(values: Mapping[str, int]) -> str:
    ordered = sorted(values.items(), key=lambda item: -item[1])
    shown = [f"{name} {count:,}" for name, count in ordered[:8]]
    return say(COMMA).join(shown + ["..."] * (len(ordered) > 8))
