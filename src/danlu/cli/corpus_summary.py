"""The lines of `danlu corpus ...` and `danlu tokenizer train`: the funnel, what is in a corpus, and why a document is where it is."""

from collections.abc import Iterator, Mapping
from typing import Any

from danlu.cli.layout import cut, display_width, wrap
from danlu.cli.results import plain_values
from danlu.cli.terminal import printable
from danlu.cli.wording import COMMA, table
from danlu.core.language import Text, say
from danlu.core.quantities import format_bytes, format_duration

CORPUS = Text("corpus", "语料")
KEPT = Text("kept", "保留")
OF = Text("{kept} of {all} documents", "{all} 篇文档中的 {kept} 篇")
SPLITS = Text("text", "文本")
DROPPED = Text("dropped", "丢弃")
SKIPPED = Text("files skipped", "略过的文件")
TIME = Text("time", "用时")
NEXT = Text("next", "接下来")
FUNNEL = Text("Funnel, in documents:", "漏斗（按文档计）：")
CAME_IN = Text("came in", "读入")
LANGUAGES = Text("languages", "语言")
DOMAINS = Text("domains", "领域")
LENGTHS = Text("bytes of a document", "每篇文档的字节数")
SEEN = Text("held-out text seen in training", "留出文本在训练中出现")
SAMPLES = Text("Dropped, for example:", "被丢弃的例子：")
VERIFIED = Text(
    "{path}: every byte is as recorded ({count} documents)", "{path}：每个字节都与记录一致（{count} 篇文档）"
)
IS_KEPT = Text("kept, in the split '{split}'", "保留，划入 '{split}'")
IS_DROPPED = Text("dropped: {reason}, {value} (limit {limit})", "丢弃：{reason}，{value}（界限 {limit}）")
RULES = Text("Rules, with what was measured and what is allowed:", "各条规则、测得的值与允许的范围：")
FOLDER = Text("folder", "目录")
KIND = Text("kind", "类型")
ENTRIES = Text("vocabulary", "词表")
FIT = Text("fit", "贴合程度")
PER_TOKEN = Text("{value:.2f} bytes of text per token", "每个词元对应 {value:.2f} 字节文本")
RANGE = Text("{least} to {most}", "{least} 至 {most}")
AT_LEAST = Text("at least {least}", "至少 {least}")
AT_MOST = Text("at most {most}", "至多 {most}")
FATE = Text("fate", "去留")
TWIN = Text("twin", "孪生文档")
EDITS = Text("edits", "修改")
BEGINNING = Text("begins", "开头")
MOST_SHOWN = 8
SAMPLE_LINES = 2


def built_lines(result: Any, width: int) -> Iterator[str]:
    """`corpus build`: what came in, what stays, where it is."""
    plain: Mapping[str, Any] = plain_values(result)
    rows = [
        (say(CORPUS), str(plain["path"])),
        (say(KEPT), say(OF, kept=plain["documents_kept"], all=plain["documents_in"])),
        (say(SPLITS), _sizes(plain["bytes_kept"])),
        (say(DROPPED), _counts(plain["dropped"])),
        (say(SKIPPED), _counts(plain.get("files_skipped") or {})),
        (say(TIME), format_duration(plain["seconds"])),
        (say(NEXT), f"danlu corpus report {plain['path']}"),
    ]
    yield from table([(name, value) for name, value in rows if value], width)


def report_lines(result: Any, width: int) -> Iterator[str]:
    """`corpus report`: funnel, languages, domains, lengths, samples of what was dropped."""
    plain: Mapping[str, Any] = plain_values(result)
    yield from wrap(say(FUNNEL), width)
    yield f"  {plain['documents_in']:>9}  {say(CAME_IN)}"
    for step in plain["steps"]:
        yield f"  {-step['num_documents']:>9}  {step['reason']} ({format_bytes(step['num_bytes'])})"
    yield f"  {plain['documents_kept']:>9}  {say(KEPT)}"
    yield ""
    lengths = plain["percentiles"].get("num_bytes", {})
    rows = [
        (say(SPLITS), _sizes(plain["bytes_kept"])),
        (say(LANGUAGES), _counts(plain["languages"])),
        (say(DOMAINS), _sizes(plain["domains"])),
        (say(LENGTHS), say(COMMA).join(f"{share}%: {format_bytes(value)}" for share, value in lengths.items())),
        (say(SEEN), str(plain["valid_seen_in_train"])),
        (say(SKIPPED), _counts(plain["files_skipped"])),
    ]
    yield from table([(name, value) for name, value in rows if value], width)
    if any(plain["samples"].values()):
        yield ""
        yield from wrap(say(SAMPLES), width)
        for reason, samples in plain["samples"].items():
            yield from _sample_lines(reason, samples[:1], width)


def explanation_lines(result: Any, width: int) -> Iterator[str]:
    """`corpus explain`: the fate of one document, and what each rule measured."""
    plain: Mapping[str, Any] = plain_values(result)
    fate = (
        say(IS_KEPT, split=plain["split"])
        if plain["kept"]
        else say(IS_DROPPED, reason=plain["reason"], value=_figure(plain["value"]), limit=_figure(plain["limit"]))
    )
    rows = [
        (plain["id"], f"{plain['source']}:{plain['offset']}"),
        (say(FATE), fate),
        (say(TWIN), f"{plain['twin']} ({plain['twin_source']})" if plain["twin"] else ""),
        (say(EDITS), say(COMMA).join(plain["edits"])),
        (say(LANGUAGES), plain["language"]),
        (say(BEGINNING), cut(" ".join(printable(plain["text"][:400]).split()), 2 * width)),
    ]
    yield from table([(name, value) for name, value in rows if value], width)
    if plain["judgements"]:
        yield ""
        yield from wrap(say(RULES), width)
        yield from table([_judgement(row) for row in plain["judgements"]], width, indent=0)


def verified_lines(result: Any, width: int) -> Iterator[str]:
    """`corpus verify`."""
    plain: Mapping[str, Any] = plain_values(result)
    yield from wrap(say(VERIFIED, path=plain["path"], count=plain["documents_kept"]), width)


def tokenizer_lines(result: Any, width: int) -> Iterator[str]:
    """`tokenizer train`: where it is, how large, and how well it fits the text."""
    plain: Mapping[str, Any] = plain_values(result)
    facts = plain["facts"]
    quality = facts.get("quality") or {}
    fit = quality.get("bytes_per_token")
    rows = [
        (say(FOLDER), str(plain["path"])),
        (say(KIND), str(plain["settings"].get("kind", "-"))),
        (say(ENTRIES), str(facts.get("vocab_size", "-"))),
        (say(FIT), say(PER_TOKEN, value=fit) if fit else ""),
        (say(NEXT), f"danlu pretrain ... --tokenizer {plain['path']}"),
    ]
    yield from table([(name, value) for name, value in rows if value], width)


def _judgement(row: Mapping[str, Any]) -> tuple[str, str]:
    """The rule's name, marked where it was broken; the value, the limits, what they mean."""
    least, most = row["least"], row["most"]
    limits = RANGE if None not in (least, most) else AT_LEAST if most is None else AT_MOST
    shown = say(limits, least=_figure(least), most=_figure(most))
    return ("  " if row["passed"] else "! ") + row["rule"], f"{_figure(row['value'])} ({shown}) {row['meaning']}"


def _sample_lines(reason: str, samples: list[Mapping[str, Any]], width: int) -> Iterator[str]:
    for sample in samples:
        text = " ".join(printable(sample["text"]).split())
        head = f"  {reason}: "
        shown = wrap(cut(text, SAMPLE_LINES * max(8, width - display_width(head))), max(8, width - 4))
        yield head.rstrip()
        yield from ("    " + line for line in shown)


def _counts(values: Mapping[str, int]) -> str:
    """The most frequent first; the rest as dots."""
    ordered = sorted(values.items(), key=lambda item: -item[1])
    shown = [f"{name} {count}" for name, count in ordered[:MOST_SHOWN]]
    return say(COMMA).join(shown + ["..."] * (len(ordered) > MOST_SHOWN))


def _sizes(values: Mapping[str, int]) -> str:
    ordered = sorted(values.items(), key=lambda item: -item[1])
    shown = [f"{name} {format_bytes(size)}" for name, size in ordered[:MOST_SHOWN]]
    return say(COMMA).join(shown + ["..."] * (len(ordered) > MOST_SHOWN))


def _figure(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
