"""The lines of `danlu corpus build`, `report`, `verify` and of `danlu tokenizer train`: the funnel, what is in a corpus."""

from collections.abc import Iterator, Mapping
from typing import Any

from danlu.cli.layout import cut, display_width, wrap
from danlu.cli.results import plain_values
from danlu.cli.terminal import printable
from danlu.cli.wording import COMMA, table
from danlu.core.language import Text, say
from danlu.core.quantities import format_bytes, format_count, format_duration

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
FOLDER = Text("folder", "目录")
KIND = Text("kind", "类型")
ENTRIES = Text("vocabulary", "词表")
FIT = Text("fit", "贴合程度")
PER_TOKEN = Text("{value:.2f} bytes of text per token", "每个词元对应 {value:.2f} 字节文本")
COVERAGE = Text("coverage", "覆盖率")
COVERED_WORDS = Text("{value:.1%} of the words have an entry", "{value:.1%} 的词收入词表")
COVERED_CHARACTERS = Text("{value:.1%} of the characters have an entry", "{value:.1%} 的字符收入词表")
EDITS = Text("edits", "修改")
TOKENS = Text("tokens per character", "每字符词元数")
COUNTED = Text("{count} tokens of {name}", "{name} 共 {count} 个词元")
ESTIMATED = Text("about {count} tokens (an estimate)", "约 {count} 个词元（估计）")
DOUBLES = Text("duplicates", "重复")
ALIKE = Text("near ones by similarity", "近似重复的相似度")
PRIVACY = Text("personal data", "个人信息")
CONTAMINATED = Text("evaluation items", "评测题目")
ITEMS_SEEN = Text(
    "{num_items_seen} of {num_items} seen in {num_documents} documents (see contamination.json)",
    "{num_items} 道题中有 {num_items_seen} 道见于 {num_documents} 篇文档（详见 contamination.json）",
)
LICENCES = Text("licences", "许可证")
PAGE = Text("page", "网页")
CARD = Text("data card", "数据卡")
MOST_SHOWN = 8
SAMPLE_LINES = 2


def built_lines(result: Any, width: int) -> Iterator[str]:
    """`corpus build`: what came in, what stays, where it is."""
    plain: Mapping[str, Any] = plain_values(result)
    rows = [
        (say(CORPUS), str(plain["path"])),
        (say(KEPT), say(OF, kept=plain["documents_kept"], all=plain["documents_in"])),
        (say(SPLITS), _sizes(plain["bytes_of_splits"])),
        (say(DROPPED), _counts(plain["dropped"])),
        (say(SKIPPED), _counts(plain.get("files_skipped") or {})),
        (say(TIME), format_duration(plain["seconds"])),
        (say(NEXT), f"danlu corpus report {plain['path']}"),
    ]
    yield from table([(name, value) for name, value in rows if value], width)


def report_lines(result: Any, width: int) -> Iterator[str]:
    """`corpus report`: funnel, languages, domains, duplicates, privacy, lengths, samples of what was dropped."""
    plain: Mapping[str, Any] = plain_values(result)
    yield from wrap(say(FUNNEL), width)
    yield f"  {plain['documents_in']:>9}  {say(CAME_IN)}"
    for step in plain["steps"]:
        yield cut(f"  {-step['num_documents']:>9}  {step['reason']} ({format_bytes(step['num_bytes'])})", width)
    yield f"  {plain['documents_kept']:>9}  {say(KEPT)}"
    yield ""
    yield from table([(name, value) for name, value in _contents(plain) if value], width)
    if any(plain["samples"].values()):
        yield ""
        yield from wrap(say(SAMPLES), width)
        for reason, samples in plain["samples"].items():
            yield from _sample_lines(reason, samples[:1], width)
    yield ""
    written = [(say(PAGE), plain["page"]), (say(CARD), plain["card"])]
    yield from table([(name, value) for name, value in written if value], width)


def _contents(plain: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is in the corpus, a line each."""
    lengths = plain["percentiles"].get("num_bytes", {})
    yield say(SPLITS), _sizes(plain["bytes_kept"])
    yield say(LANGUAGES), _counts(plain["languages"])
    yield say(DOMAINS), _sizes(plain["domains"])
    yield say(LENGTHS), say(COMMA).join(f"{share}%: {format_bytes(value)}" for share, value in lengths.items())
    yield say(TOKENS), _tokens(plain)
    yield say(DOUBLES), _counts(plain["doubles"]["kinds"])
    yield say(ALIKE), say(COMMA).join(f"{step}: {count}" for step, count in plain["doubles"]["similarities"].items())
    yield say(PRIVACY), _counts({kind: found["num_changes"] for kind, found in plain["privacy"].items()})
    yield say(SEEN), str(plain["valid_seen_in_train"])
    yield say(CONTAMINATED), _contamination(plain["contamination"])
    yield say(LICENCES), _sizes({row["name"]: row["num_bytes"] for row in plain["licences"]})
    yield say(EDITS), _counts({name: found["num_changes"] for name, found in plain["edits"].items()})
    yield say(SKIPPED), _counts(plain["files_skipped"])


def _contamination(found: Mapping[str, Any]) -> str:
    """Evaluation items seen and the documents that hold them; empty where no evaluation file was named."""
    return say(ITEMS_SEEN, **found) if "num_items" in found else ""


def _tokens(plain: Mapping[str, Any]) -> str:
    """Tokens per character of each language, and the tokens all in all."""
    if not plain["tokens"]:
        return ""
    rows = [f"{row['language']} {row['tokens_per_character']:.2f}" for row in plain["tokens"][:MOST_SHOWN]]
    whole = format_count(sum(row["num_tokens"] for row in plain["tokens"]))
    said = say(COUNTED if plain["tokens_from"] else ESTIMATED, count=whole, name=plain["tokens_from"])
    return say(COMMA).join([*rows, said])


def verified_lines(result: Any, width: int) -> Iterator[str]:
    """`corpus verify`."""
    plain: Mapping[str, Any] = plain_values(result)
    yield from wrap(say(VERIFIED, path=plain["path"], count=plain["documents_kept"]), width)


def tokenizer_lines(result: Any, width: int) -> Iterator[str]:
    """`tokenizer train`: where it is, how large, and how well it fits the text."""
    plain: Mapping[str, Any] = plain_values(result)
    facts = plain["facts"]
    quality = facts.get("quality") or {}
    fit, covered = quality.get("bytes_per_token"), facts.get("covered")
    of_what = COVERED_WORDS if plain["settings"].get("kind") == "word" else COVERED_CHARACTERS
    usable = not facts.get("rewrites")  # no language model takes one that loses text
    rows = [
        (say(FOLDER), str(plain["path"])),
        (say(KIND), str(plain["settings"].get("kind", "-"))),
        (say(ENTRIES), str(facts.get("vocab_size", "-"))),
        (say(FIT), say(PER_TOKEN, value=fit) if fit else ""),
        (say(COVERAGE), say(of_what, value=covered) if covered is not None else ""),
        (say(NEXT), f"danlu pretrain ... --tokenizer {plain['path']}" if usable else ""),
    ]
    yield from table([(name, value) for name, value in rows if value], width)


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
