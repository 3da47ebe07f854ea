"""The report of a corpus as a page: funnel, samples, languages, duplicates side by side, privacy, licences, rules.

Texts of a corpus are text that nobody vouches for: `pages.py` escapes everything.
"""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from danlu.core.disk import write_durably
from danlu.core.language import Text
from danlu.core.quantities import format_bytes, format_count
from danlu.corpus.diversity import Diversity
from danlu.corpus.reasons import edit_meaning, reason_meaning
from danlu.corpus.report import CorpusReport
from danlu.corpus.tallies import EditCount
from danlu.evaluation.charts import Level, bar_chart
from danlu.evaluation.pages import both, render_page
from danlu.evaluation.report_tables import Fact, clean, fill, same

MOST = 30  # rows of a table of languages, domains, licences, problems
LEFT = 210.0  # room for the names of rules
DOCUMENTS = Text("documents", "文档数")
KEPT = Text("kept", "保留")
READ = Text("read", "读入")
BYTES = Text("{low} to {high}", "{low} 至 {high}")


@dataclass(frozen=True, kw_only=True)
class KindRow:
    """One kind of duplicates, in words."""

    meaning: Text
    count: int


@dataclass(frozen=True, kw_only=True)
class EditRow:
    """One kind of change, in words."""

    meaning: Text
    count: EditCount


def write_corpus_report(report: CorpusReport, folder: Path, out: Path) -> Path:
    """Writes the page of the corpus in `folder` to the file `out` and gives it back."""
    write_durably(out, render_corpus_report(report, folder).encode("utf-8", "replace"))
    return out


def render_corpus_report(report: CorpusReport, folder: Path) -> str:
    """The page as text; equal corpora in folders of one name give equal pages."""
    return render_page("corpus.html.jinja", **_contents(report, folder))


def _contents(report: CorpusReport, folder: Path) -> dict[str, Any]:
    return {
        "report": report,
        "name": folder.resolve().name,
        "shell_folder": shlex.quote(str(folder)),
        "verdict": _verdict(report),
        "lead": _lead(report),
        "facts": list(_facts(report)),
        "funnel": _funnel(report),
        "lengths": _lengths(report),
        "similarities": _similarities(report),
        "kinds": [KindRow(meaning=reason_meaning(name), count=n) for name, n in report.doubles.kinds.items()],
        "tokens": {row.language: row for row in report.tokens},
        "diversity": {row.name: _figures(row) for row in report.diversity},
        "token_note": _token_note(report),
        "contamination": _contamination(report),
        "edits": [EditRow(meaning=edit_meaning(name), count=found) for name, found in report.edits.items()],
        "settings": json.dumps(report.settings, indent=2, ensure_ascii=False),
        "most": MOST,
    }


def _figures(row: Diversity) -> list[str]:
    """Distinct runs, types, compression, as they are shown."""
    shares = ["–" if value is None else f"{value:.1%}" for value in (row.distinct, row.types)]
    return [*shares, "–" if row.compression is None else f"{row.compression:.2f}"]


def _verdict(report: CorpusReport) -> Markup:
    share = report.documents_kept / report.documents_in if report.documents_in else 0.0
    return both(
        Text("{kept} of {all} documents kept ({share})", "{all} 篇文档中保留 {kept} 篇（{share}）"),
        kept=f"{report.documents_kept:,}",
        all=f"{report.documents_in:,}",
        share=f"{share:.1%}",
    )


def _lead(report: CorpusReport) -> Markup:
    sizes = {name: format_bytes(size) for name, size in report.bytes_kept.items()}
    return both(
        Text("{train} to train on and {valid} held out to measure on.", "{train} 用于训练，{valid} 留出用于评测。"),
        train=sizes.get("train", "0 B"),
        valid=sizes.get("valid", "0 B"),
    )


def _facts(report: CorpusReport) -> Iterator[Fact]:
    lengths = report.percentiles.get("num_bytes", {})
    if 50 in lengths:
        hint = fill(
            Text("half lie between {low} and {high}", "半数在 {low} 与 {high} 之间"),
            low=format_bytes(lengths[25]),
            high=format_bytes(lengths[75]),
        )
        yield Fact(name=Text("length in the middle", "长度中位数"), value=format_bytes(lengths[50]), hint=hint)
    if report.tokens:
        name = Text("tokens", "词元") if report.tokens_from else Text("tokens (estimate)", "词元（估计）")
        yield Fact(name=name, value=format_count(sum(row.num_tokens for row in report.tokens)))
    yield Fact(name=Text("duplicates", "重复"), value=f"{sum(report.doubles.kinds.values()):,}")
    yield Fact(
        name=Text("languages", "语言"),
        value=str(len(report.languages)),
        hint=same(", ".join(list(report.languages)[:6])),
    )
    yield Fact(name=Text("domains", "领域"), value=str(len(report.domains)))
    yield Fact(
        name=Text("files read", "读取的文件"),
        value=f"{sum(report.files.values()):,}",
        hint=same(", ".join(f"{name} {count}" for name, count in report.files.items())),
    )


def _funnel(report: CorpusReport) -> Markup:
    rows = [
        Level(value=report.documents_in, style="in", label=READ),
        *(Level(value=step.num_documents, style="dropped", label=same(step.reason)) for step in report.steps),
        Level(value=report.documents_kept, style="kept", label=KEPT),
    ]
    return bar_chart(rows, title=DOCUMENTS, unit=DOCUMENTS, left=LEFT)


def _lengths(report: CorpusReport) -> Markup:
    rows = [
        Level(
            value=row.num_documents,
            style="in",
            label=fill(BYTES, low=_power(row.low), high=_power(row.high)),
        )
        for row in report.lengths
    ]
    return bar_chart(rows, title=Text("bytes of a document", "每篇字节数"), unit=DOCUMENTS, left=LEFT)


def _power(size: int) -> str:
    """Powers of two as they are, not rounded to decimal units: `16 KiB`."""
    for limit, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= limit:
            return f"{size // limit} {unit}"
    return f"{size} B"


def _similarities(report: CorpusReport) -> Markup:
    rows = [
        Level(value=count, style="in", label=fill(Text("alike from {step}", "相似度自 {step}"), step=step))
        for step, count in report.doubles.similarities.items()
    ]
    return bar_chart(
        rows, title=Text("near duplicates by similarity", "按相似度统计的近似重复"), unit=DOCUMENTS, left=LEFT
    )


def _token_note(report: CorpusReport) -> Markup:
    if report.tokens_from:
        return both(
            Text("Tokens of {name}, counted on a sample.", "由 {name} 在样本上计得的词元。"), name=report.tokens_from
        )
    return both(
        Text(
            "An estimate for a bpe vocabulary of 4,096 entries trained on such text; --tokenizer DIR counts.",
            "按在此类文本上训练、词表为 4,096 的 bpe 估计；用 --tokenizer 目录 可实际计数。",
        )
    )


@dataclass(frozen=True, kw_only=True)
class _Value:
    """A name and a value of what the build stored."""

    name: str
    value: str


def _contamination(report: CorpusReport) -> list[_Value]:
    return [
        _Value(name=name.replace("_", " "), value=clean(json.dumps(value, ensure_ascii=False), 400))
        for name, value in report.contamination.items()
    ]
