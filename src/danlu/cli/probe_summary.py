"""What `danlu evaluate` prints of languages and probes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from danlu.cli.layout import cut, display_width, pad, wrap
from danlu.cli.wording import table
from danlu.core.language import Text, say

LANGUAGES = Text("Bits per byte of each language:", "各语言的每字节比特数：")
PSEUDO_LANGUAGES = Text("Pseudo bits per byte of each language:", "各语言的伪每字节比特数：")
DOCUMENTS = Text("{count} documents", "{count} 篇文档")
LABELS = Text(
    "Labels told by a line through frozen vectors ({train} texts to learn from, {test} asked, {kinds} labels):",
    "线性探针由冻结向量识别标签（学习 {train} 篇，测试 {test} 篇，{kinds} 种标签）：",
)
LIKENESS = Text(
    "Likeness of sentences: cosine of frozen vectors against what people said ({count} pairs):",
    "句子相似度：冻结向量的余弦与人工评分（{count} 对）：",
)
THIS_MODEL = Text("this model", "本模型")
RANDOM = Text("random weights", "随机权重")
COMMONEST = Text("the commonest label", "最常见的标签")
NEIGHBOURS = Text("Nearest neighbours of words (cosine):", "词的近邻（余弦）：")
NONE = Text("none: the scored text has too few words", "无：评分文本的词太少")


def language_lines(plain: Mapping[str, Any], width: int) -> Iterator[str]:
    """The score of each language, where there are several."""
    rows = plain.get("languages") or []
    if len(rows) < 2:
        return
    yield ""
    yield from wrap(say(PSEUDO_LANGUAGES if plain.get("pseudo") else LANGUAGES), width)
    for row in sorted(rows, key=lambda row: -row["num_bytes"]):
        yield f"  {pad(row['domain'], 4)}  {row['bits_per_byte']:6.3f}  {say(DOCUMENTS, count=row['num_documents'])}"


def probe_lines(plain: Mapping[str, Any], width: int) -> Iterator[str]:
    """What the vectors are worth, each figure beside that of random weights."""
    probes = plain.get("probes")
    if not probes:
        return
    if probes.get("labels"):
        yield from _labels(probes["labels"], width)
    if probes.get("pairs"):
        yield from _pairs(probes["pairs"], width)
    if probes.get("neighbours"):
        yield from _neighbours(probes["neighbours"], width)


def _labels(found: Mapping[str, Any], width: int) -> Iterator[str]:
    yield ""
    yield from wrap(say(LABELS, train=found["num_train"], test=found["num_test"], kinds=found["num_labels"]), width)
    rows = [(say(name), _share(found[key]["accuracy"], found[key]["interval"])) for name, key in _SIDES]
    rows.append((say(COMMONEST), _share(found["commonest"], found["commonest_interval"])))
    yield from table(rows, width)


_SIDES = ((THIS_MODEL, "model"), (RANDOM, "random_weights"))


def _share(value: float, interval: Mapping[str, Any]) -> str:
    return f"{value:.1%}  {interval['low']:.1%} .. {interval['high']:.1%}"


def _pairs(found: Mapping[str, Any], width: int) -> Iterator[str]:
    yield ""
    yield from wrap(say(LIKENESS, count=found["num_pairs"]), width)
    rows = [
        (say(name), f"Spearman {found[key]['spearman']:.3f}  Pearson {found[key]['pearson']:.3f}")
        for name, key in _SIDES
    ]
    yield from table(rows, width)


def _neighbours(found: Mapping[str, Sequence[Mapping[str, Any]]], width: int) -> Iterator[str]:
    yield ""
    yield from wrap(say(NEIGHBOURS), width)
    longest = min(24, max(display_width(word) for word in found))
    for word, rows in found.items():
        words = "  ".join(f"{row['word']} {row['cosine']:.2f}" for row in rows) or say(NONE)
        first, *more = wrap(words, max(16, width - longest - 4))
        yield f"  {pad(cut(word, longest), longest)}  {first}"
        yield from (" " * (longest + 4) + line for line in more)
