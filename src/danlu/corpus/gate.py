"""The gate before pretraining: is there enough text, is it text, and does it say more than one thing?

Every check is a value beside its limits. The limits are settings; where their meaning says "chosen", nothing was
measured to find them, and a corpus of a special kind may well have others.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from danlu.core.language import Text
from danlu.core.settings import Settings, setting
from danlu.corpus.diversity import Diversity, diversity, domain_diversity
from danlu.corpus.judged_sample import doubtful_share
from danlu.corpus.reasons import DUPLICATES
from danlu.corpus.sampling import sample_rows
from danlu.corpus.store import Corpus

FAILED_EXIT_CODE = 3  # as for input data that cannot be used


class VolumeSettings(Settings):
    """Whether there is enough text."""

    least_bytes: int = setting(
        200_000, "least bytes of training text (chosen)", "训练文本的最少字节数（经验选定）", ge=0
    )
    least_valid_bytes: int = setting(
        10_000, "least bytes of held-out text (chosen)", "留出文本的最少字节数（经验选定）", ge=0
    )
    least_documents: int = setting(
        20,
        "least kept documents; intervals over documents begin at 20",
        "保留文档的最少篇数；按文档计的区间从 20 篇开始",
        ge=0,
    )


class QualitySettings(Settings):
    """Whether it is text that can teach something. Shares are between 0 and 1."""

    least_kept_share: float = setting(
        0.3,
        "least share of the documents read that is kept (chosen)",
        "读入文档中保留的最小比例（经验选定）",
        ge=0,
        le=1,
    )
    most_doubtful_share: float = setting(
        0.8,
        "most of a sample of the kept bytes that the preset standard would drop; poems measured 0.46, laws 0.71",
        "样本中会被 standard 预设丢弃的最大字节比例；诗词实测 0.46，法律 0.71",
        ge=0,
        le=1,
    )
    most_lost_characters: float = setting(
        0.001,
        "most characters lost in decoding, as a share of the sample (chosen)",
        "解码丢失字符的最大比例（经验选定）",
        ge=0,
        le=1,
    )
    most_unknown_language: float = setting(
        0.1,
        "most kept documents without a known language, as a share (chosen)",
        "语言不明文档的最大比例（经验选定）",
        ge=0,
        le=1,
    )
    most_seen: int = setting(
        0, "most held-out documents whose text is also in training", "同时出现在训练中的留出文档的最大篇数", ge=0
    )


class DiversitySettings(Settings):
    """Whether it says more than one thing. Shares are between 0 and 1."""

    least_distinct: float = setting(
        0.3,
        "least share of distinct runs of five words (Han characters) in a sample; laws measured 0.61, recipes 0.79, books 0.95 to 0.99",
        "样本中互异五元组（词或汉字）的最小比例；法律实测 0.61，菜谱 0.79，书籍 0.95 至 0.99",
        ge=0,
        le=1,
    )
    least_types: float = setting(
        0.1,
        "least share of distinct words and Han characters within 1,000; laws measured 0.25, novels and chats 0.41",
        "每 1000 个词或汉字中互异者的最小比例；法律实测 0.25，小说与聊天 0.41",
        ge=0,
        le=1,
    )
    most_compression: float = setting(
        8.0,
        "most bytes that zstd packs into one; poems measured 2.0, laws 3.9",
        "zstd 压缩比的上限；诗词实测 2.0，法律 3.9",
        ge=1,
    )
    most_duplicates: float = setting(
        0.8,
        "most duplicates among the documents read, as a share (chosen)",
        "读入文档中重复的最大比例（经验选定）",
        ge=0,
        le=1,
    )
    most_of_one_document: float = setting(
        0.5,
        "most of the kept text that one document may be, as a share of bytes (chosen)",
        "单篇文档占保留文本的最大比例（按字节，经验选定）",
        ge=0,
        le=1,
    )
    most_narrow_domains: int | None = setting(
        None,
        "most domains whose sample may break the limits on distinct, types or compression; unset: any number",
        "样本超出 distinct、types、compression 界限的领域最多几个；不设则不限",
        ge=0,
    )


class GateSettings(Settings):
    """Settings of `danlu corpus check`."""

    volume: VolumeSettings = setting(VolumeSettings, "enough text", "数量是否足够")
    quality: QualitySettings = setting(QualitySettings, "text that can teach something", "质量是否可用")
    diversity: DiversitySettings = setting(DiversitySettings, "text that says more than one thing", "内容是否多样")


MEANINGS = {
    "volume.bytes": Text("bytes of training text", "训练文本字节数"),
    "volume.valid_bytes": Text("bytes of held-out text", "留出文本字节数"),
    "volume.documents": Text("kept documents", "保留文档数"),
    "quality.kept_share": Text("share of the documents read that is kept", "读入文档中保留的比例"),
    "quality.doubtful_share": Text(
        "share of the kept text that the preset standard would drop", "保留文本中 standard 预设会丢弃的比例"
    ),
    "quality.lost_characters": Text("share of characters lost in decoding", "解码丢失字符的比例"),
    "quality.unknown_language": Text("share of documents without a known language", "语言不明文档的比例"),
    "quality.seen": Text("held-out documents that are also in training", "同时出现在训练中的留出文档"),
    "diversity.distinct": Text(
        "share of distinct runs of five words or Han characters", "互异五元组（词或汉字）的比例"
    ),
    "diversity.types": Text(
        "share of distinct words or Han characters within 1,000", "每 1000 个词或汉字中互异者的比例"
    ),
    "diversity.compression": Text("bytes of text that zstd packs into one", "zstd 压缩比"),
    "diversity.duplicates": Text("share of duplicates among the documents read", "读入文档中重复的比例"),
    "diversity.narrow_domains": Text("domains outside these limits", "超出上述界限的领域数"),
    "diversity.of_one_document": Text("share of the kept text in its largest document", "最大文档占保留文本的比例"),
}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One value beside its limits; `value` is None where it cannot be measured, which passes."""

    topic: str
    name: str
    meaning: Text
    value: float | None
    least: float | None
    most: float | None
    passed: bool


@dataclass(frozen=True, kw_only=True)
class GateReport:
    """The verdict as a whole, of each topic, and every check behind them.

    `domains` are the figures of each domain; `narrow_domains` names those outside the limits on diversity.
    """

    path: Path
    passed: bool
    verdicts: Mapping[str, bool]
    failed: tuple[str, ...]
    checks: tuple[Check, ...]
    domains: tuple[Diversity, ...]
    narrow_domains: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """What the command line ends with."""
        return 0 if self.passed else FAILED_EXIT_CODE


def check_corpus(corpus: Corpus, settings: GateSettings) -> GateReport:
    """Checks a finished corpus. Reads its columns, and samples of its texts: 4 MB of the whole, up to 1 MB of a domain."""
    rows = sample_rows(corpus, ("text",))
    texts = [str(row["text"]) for row in rows]
    domains = domain_diversity(corpus)
    narrow = tuple(found.name for found in domains if not all(c.passed for c in _figures(found, settings.diversity)))
    checks = (
        *_volume(corpus, settings.volume),
        *_quality(corpus, texts, settings.quality),
        *_diversity(corpus, texts, narrow, settings.diversity),
    )
    verdicts = {
        topic: all(c.passed for c in checks if c.topic == topic) for topic in ("volume", "quality", "diversity")
    }
    return GateReport(
        path=corpus.artifact.path,
        passed=all(verdicts.values()),
        verdicts=verdicts,
        failed=tuple(f"{check.topic}.{check.name}" for check in checks if not check.passed),
        checks=checks,
        domains=domains,
        narrow_domains=narrow,
    )


def _volume(corpus: Corpus, limits: VolumeSettings) -> Iterator[Check]:
    num_documents = sum(corpus.num_documents(split) for split in ("train", "valid"))
    yield _check("volume.bytes", corpus.num_bytes("train"), least=limits.least_bytes)
    yield _check("volume.valid_bytes", corpus.num_bytes("valid"), least=limits.least_valid_bytes)
    yield _check("volume.documents", num_documents, least=limits.least_documents)


def _quality(corpus: Corpus, texts: Sequence[str], limits: QualitySettings) -> Iterator[Check]:
    facts = corpus.artifact.facts
    num_kept = facts.get("documents_kept", 0)
    num_lost, num_characters = sum(text.count("\ufffd") for text in texts), sum(map(len, texts))
    num_unknown = facts.get("languages", {}).get("und", 0)
    yield _check("quality.kept_share", _share(num_kept, facts.get("documents_in")), least=limits.least_kept_share)
    yield _check("quality.doubtful_share", doubtful_share(texts), most=limits.most_doubtful_share)
    yield _check("quality.lost_characters", _share(num_lost, num_characters), most=limits.most_lost_characters)
    yield _check("quality.unknown_language", _share(num_unknown, num_kept), most=limits.most_unknown_language)
    yield _check("quality.seen", facts.get("valid_seen_in_train"), most=limits.most_seen)


def _diversity(
    corpus: Corpus, texts: Sequence[str], narrow: Sequence[str], limits: DiversitySettings
) -> Iterator[Check]:
    facts = corpus.artifact.facts
    num_doubles = sum(facts.get("dropped", {}).get(name, 0) for name in DUPLICATES)
    yield from _figures(diversity("", texts), limits)
    if limits.most_narrow_domains is not None:
        yield _check("diversity.narrow_domains", len(narrow), most=limits.most_narrow_domains)
    yield _check("diversity.duplicates", _share(num_doubles, facts.get("documents_in")), most=limits.most_duplicates)
    yield _check("diversity.of_one_document", _largest_share(corpus), most=limits.most_of_one_document)


def _figures(found: Diversity, limits: DiversitySettings) -> Iterator[Check]:
    """What is asked of a sample, of the whole corpus or of one domain."""
    yield _check("diversity.distinct", found.distinct, least=limits.least_distinct)
    yield _check("diversity.types", found.types, least=limits.least_types)
    yield _check("diversity.compression", found.compression, most=limits.most_compression)


def _share(part: float, whole: float | None) -> float | None:
    return part / whole if whole else None


def _check(name: str, value: float | None, *, least: float | None = None, most: float | None = None) -> Check:
    topic, _, short = name.partition(".")
    passed = value is None or ((least is None or value >= least) and (most is None or value <= most))
    return Check(topic=topic, name=short, meaning=MEANINGS[name], value=value, least=least, most=most, passed=passed)


def _largest_share(corpus: Corpus) -> float | None:
    """Of the bytes kept, the share in the document (with all of its segments) that has most."""
    sizes: Counter[tuple[str, int]] = Counter()
    if "num_bytes" not in corpus.columns():
        return None
    for table in corpus.tables("documents", ["source", "offset", "num_bytes"]):
        for source, offset, size in zip(*(table.column(n).to_pylist() for n in table.column_names), strict=True):
            sizes[source, offset] += size
    total = sum(sizes.values())
    return max(sizes.values()) / total if total else None
