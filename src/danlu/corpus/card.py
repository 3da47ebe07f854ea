"""The data card of a corpus: README.md with the YAML header that the Hugging Face hub and `datasets` read.

Format: huggingface.co/docs/hub/datasets-cards. It holds facts of the build alone, no date and no path of a machine, so
equal corpora have equal cards. English and Chinese stand one below the other.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from danlu.core.disk import write_durably
from danlu.core.language import Language, Text, say_in
from danlu.core.quantities import format_bytes
from danlu.corpus.cleaning import cleaners_of
from danlu.corpus.report import CorpusReport
from danlu.corpus.rules.judge import preset_of
from danlu.corpus.settings import CorpusSettings
from danlu.corpus.store import Corpus
from danlu.corpus.tallies import UNKNOWN

CARD = "README.md"
MOST_ROWS = 40
SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "n>1B")
# Licences that the hub knows by these names; another one is `other` with its own name beside it.
KNOWN_LICENCE = re.compile(
    r"(cc0-1\.0|cc-by(-sa|-nc|-nd|-nc-sa|-nc-nd)?-[234]\.0|apache-2\.0|mit|bsd(-[23]-clause)?|a?gpl-[23]\.0|"
    r"lgpl-[23](\.[01])?|gfdl|odc-by|odbl|pddl|unlicense|unknown|mpl-2\.0)"
)

ABOUT = Text(
    "A corpus of {kept} documents ({bytes}), made by danlu {version} from {files} file(s).",
    "由 danlu {version} 从 {files} 个文件构建的语料，共 {kept} 篇文档（{bytes}）。",
)
SPLITS = Text(
    "Column `split` says `train` ({train}) or `valid` ({valid}); duplicates are never on both sides.",
    "列 `split` 取值 `train`（{train}）或 `valid`（{valid}）；重复文档不会分在两侧。",
)
CONTENTS = Text("Contents", "内容")
PROCESSING = Text("Processing", "处理过程")
FUNNEL = Text("What was dropped", "丢弃的内容")
SOURCES = Text("Sources", "来源")
RULES = Text("Rules and limits", "规则与界限")
LANGUAGE_HEAD = Text("language | documents | bytes", "语言 | 文档数 | 字节数")
DOMAIN_HEAD = Text("domain | documents | bytes", "领域 | 文档数 | 字节数")
LICENCE_HEAD = Text("licence | documents | bytes", "许可证 | 文档数 | 字节数")
FUNNEL_HEAD = Text("reason | meaning | documents | bytes", "原因 | 含义 | 文档数 | 字节数")
RULE_HEAD = Text("rule | least | most | source", "规则 | 下限 | 上限 | 出处")
SOURCE_HEAD = Text("file | documents | bytes | SHA-256", "文件 | 文档数 | 字节数 | SHA-256")
PRESET = Text(
    "Preset `{preset}`; cleaners: {cleaners}; near duplicates {near}; seed {seed}.",
    "预设 `{preset}`；清洗步骤：{cleaners}；近似重复：{near}；随机种子 {seed}。",
)
DROPPED_TOO = Text("dropped", "丢弃")
KEPT_TOO = Text("kept", "保留")
PRIVACY = Text("Personal data: {counts}.", "个人信息：{counts}。")
NO_PRIVACY = Text(
    "Personal data was not looked for, so the texts may hold some.", "未检查个人信息，文本中可能含有个人信息。"
)
LICENCE_NOTE = Text(
    "The licence of the texts is that of their sources; danlu does not know it unless the files say it.",
    "文本的许可证以其来源为准；除非文件自身说明，danlu 无从得知。",
)
MORE = Text("... and {count} more", "……另有 {count} 项")


def write_card(corpus: Corpus, report: CorpusReport) -> Path:
    """Writes README.md into the corpus folder, beside the files that its manifest lists, and gives its path."""
    path = corpus.artifact.path / CARD
    write_durably(path, data_card(corpus, report).encode())
    return path


def data_card(corpus: Corpus, report: CorpusReport) -> str:
    """The card as text."""
    lines = ["---", *_header(corpus, report), "---", "", f"# {_one_line(corpus.artifact.path.resolve().name)}"]
    tongue: Language
    for tongue in ("en", "zh"):
        lines += ["", *_body(corpus, report, tongue)]
    return "\n".join(lines) + "\n"


def _header(corpus: Corpus, report: CorpusReport) -> Iterator[str]:
    """Strings as JSON, which is YAML too, so that no name breaks out of its place."""
    yield "pretty_name: " + _quoted(corpus.artifact.path.resolve().name)
    languages = [row.name for row in report.language_tallies if row.name not in ("und", UNKNOWN)]
    if languages:
        yield "language:"
        yield from (f"- {_quoted(name)}" for name in languages)
    names = [row.name for row in report.licences] or [UNKNOWN]
    known = [name.lower() for name in names]
    if all(KNOWN_LICENCE.fullmatch(name) for name in known):
        yield "license:"
        yield from (f"- {name}" for name in known)
    else:
        yield "license: other"
        yield "license_name: " + _quoted(", ".join(names[:8]))
    yield "size_categories:"
    yield f"- {SIZES[min(len(SIZES) - 1, max(0, len(str(max(0, report.documents_kept))) - 3))]}"
    yield "task_categories:"
    yield "- text-generation"
    yield "tags:"
    yield "- danlu"
    yield "configs:"
    yield "- config_name: default"
    yield "  data_files:"
    yield "  - split: train"
    yield "    path: documents/*.parquet"


def _body(corpus: Corpus, report: CorpusReport, tongue: Language) -> Iterator[str]:
    from danlu import __version__

    def tell(text: Text, **values: object) -> str:
        return say_in(tongue, text, **values)

    whole = format_bytes(sum(report.bytes_kept.values()))
    sources = corpus.sources()
    yield tell(ABOUT, kept=report.documents_kept, bytes=whole, version=__version__, files=len(sources))
    yield tell(SPLITS, **{name: format_bytes(size) for name, size in report.bytes_kept.items()})
    yield from ("", f"## {tell(CONTENTS)}", "")
    for head, rows in (
        (LANGUAGE_HEAD, report.language_tallies),
        (DOMAIN_HEAD, report.domain_tallies),
        (LICENCE_HEAD, report.licences),
    ):
        yield from _table(tongue, head, [(row.name, row.num_documents, format_bytes(row.num_bytes)) for row in rows])
    yield tell(LICENCE_NOTE)
    yield from ("", f"## {tell(PROCESSING)}", "", _processing(corpus, tongue), _privacy(report, tongue), "")
    if report.steps:
        yield from (f"### {tell(FUNNEL)}", "")
        yield from _table(
            tongue,
            FUNNEL_HEAD,
            [(s.reason, tell(s.meaning), s.num_documents, format_bytes(s.num_bytes)) for s in report.steps],
        )
    if report.rules:
        yield from (f"### {tell(RULES)}", "")
        yield from _table(
            tongue, RULE_HEAD, [(r.rule, _limit(r.least), _limit(r.most), r.source) for r in report.rules]
        )
    if sources:
        yield from (f"### {tell(SOURCES)}", "")
        files = [(s["name"], s["documents"], format_bytes(s["bytes"]), f"`{s['sha256']}`") for s in sources]
        yield from _table(tongue, SOURCE_HEAD, files)


def _processing(corpus: Corpus, tongue: Language) -> str:
    settings = CorpusSettings.model_validate(corpus.artifact.settings)
    preset = preset_of(settings)
    near = preset.near if settings.duplicates.near is None else settings.duplicates.near
    return say_in(
        tongue,
        PRESET,
        preset=settings.preset,
        cleaners=", ".join(cleaners_of(settings)),
        near=say_in(tongue, DROPPED_TOO if near else KEPT_TOO),
        seed=settings.seed,
    )


def _privacy(report: CorpusReport, tongue: Language) -> str:
    counts = ", ".join(f"{kind} {found.num_changes}" for kind, found in report.privacy.items())
    return say_in(tongue, PRIVACY, counts=counts) if counts else say_in(tongue, NO_PRIVACY)


def _table(tongue: Language, head: Text, rows: Sequence[Sequence[object]]) -> Iterator[str]:
    if not rows:
        return
    titles = say_in(tongue, head).split(" | ")
    yield "| " + " | ".join(titles) + " |"
    yield "|" + " --- |" * len(titles)
    for row in rows[:MOST_ROWS]:
        yield "| " + " | ".join(_one_line(str(cell)) for cell in row) + " |"
    if len(rows) > MOST_ROWS:
        yield "| " + " | ".join([say_in(tongue, MORE, count=len(rows) - MOST_ROWS), *[""] * (len(titles) - 1)]) + " |"
    yield ""


def _one_line(text: str) -> str:
    """Safe inside a table cell and a heading: no line breaks, bars, tags or control characters."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown.replace("|", "\\|").replace("<", "&lt;").strip()[:300]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _limit(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
