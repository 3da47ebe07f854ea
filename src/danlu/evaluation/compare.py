"""Several models beside each other: ranked only when they were scored on the same text and in the same way, with a test of
each difference.

D documents, W windows of one model, K blocks of the text.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise

import numpy as np

from danlu.core.language import Text
from danlu.evaluation.language import LanguageScore, WindowScores
from danlu.evaluation.metrics import Difference, FloatArray, Interval, paired_difference
from danlu.evaluation.report_tables import fill
from danlu.evaluation.windows import IntArray

# Models with different tokenizers share no windows, so losses are spread over bytes and compared in blocks of this many.
# Neighbouring sentences depend on each other; blocks of 2 KB hold some paragraphs.
BLOCK_BYTES = 2048


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One model as it goes into the comparison.

    `documents`: a digest of each scored document, in the order scored. `facts`: `parameters`, `tokens_per_second`,
    `share_of_peak` (0 to 1), `seconds`, as far as known. `samples`: what it wrote last, by prompt.
    """

    name: str
    score: LanguageScore
    documents: Sequence[str]
    facts: Mapping[str, float] = field(default_factory=dict)
    samples: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ComparedRun:
    """One row of the table. `behind_best`: how many bits per byte it needs more than the best of its kind, and whether that
    is more than chance; None for the best, and where the texts differ. `kind`: how tokens were asked for.
    """

    name: str
    bits_per_byte: float
    interval: Interval | None
    perplexity: float
    accuracy: float
    parameters: int | None
    tokens_per_second: float | None
    share_of_peak: float | None
    seconds: float | None
    validation_bytes: int
    behind_best: Difference | None
    samples: Mapping[str, str]
    pseudo: bool = False
    kind: str = "code"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The table: kind by kind and best first when `is_ranked`, else in the order given, with the reason why there is no
    ranking."""

    runs: tuple[ComparedRun, ...]
    is_ranked: bool
    verdict: Text


def compare_scores(candidates: Sequence[Candidate]) -> Comparison:
    """Ranks `candidates` by bits per byte, each kind by itself, when all were scored on the same documents (in any order)."""
    assert candidates, "there is something to compare"
    first = candidates[0]
    for other in candidates[1:]:
        if sorted(other.documents) != sorted(first.documents):
            unranked = tuple(_row(candidate, None) for candidate in candidates)
            return Comparison(runs=unranked, is_ranked=False, verdict=_texts_differ(first, other))
    kinds = sorted({c.score.kind for c in candidates}, key=lambda kind: (kind != "code", kind))
    groups = [_ranked([c for c in candidates if c.score.kind == kind]) for kind in kinds]
    verdicts = [_verdict(rows) for rows in groups if len(rows) > 1 or len(groups) == 1]
    if len(groups) > 1:
        verdicts.append(_KINDS_DIFFER)
    verdict = reduce(lambda first, second: fill(_AND, first=first, second=second), verdicts)
    return Comparison(runs=tuple(row for rows in groups for row in rows), is_ranked=True, verdict=verdict)


def _ranked(candidates: Sequence[Candidate]) -> list[ComparedRun]:
    order = sorted(candidates, key=lambda candidate: candidate.score.bits_per_byte)
    best, best_K = order[0], _blocks(order[0])
    rows = [_row(best, None)]
    for candidate in order[1:]:
        bytes_K = _block_bytes(candidate.score.num_bytes)
        rows.append(_row(candidate, paired_difference(_blocks(candidate), best_K, bytes_K, unit="blocks")))
    return rows


def document_digests(documents: Sequence[bytes]) -> list[str]:
    """A digest of the text of each document: equal text, equal digest."""
    return [hashlib.sha256(document).hexdigest() for document in documents]


def block_nats(scores: WindowScores, order_D: IntArray) -> FloatArray:
    """Nats per block of BLOCK_BYTES bytes, documents taken in the order `order_D`; float64 [K], the sum is unchanged.

    Within a window, nats are spread evenly over its bytes: a window is smaller than a block or not much larger.
    """
    rank_D = np.empty(len(order_D), dtype=np.int64)
    rank_D[order_D] = np.arange(len(order_D))
    order_W = np.argsort(rank_D[scores.documents_W], kind="stable")
    ends = np.concatenate([[0], np.cumsum(scores.bytes_W[order_W])]).astype(np.float64)
    nats = np.concatenate([[0.0], np.cumsum(scores.nats_W[order_W])])
    edges = np.append(np.arange(0, ends[-1], BLOCK_BYTES), ends[-1])
    return np.asarray(np.diff(np.interp(edges, ends, nats)), dtype=np.float64)


def _blocks(candidate: Candidate) -> FloatArray:
    """Bits per block, documents ordered by digest: the same order for every model."""
    order_D = np.argsort(np.array(candidate.documents), kind="stable").astype(np.int64)
    return np.asarray(block_nats(candidate.score.windows, order_D) / np.log(2), dtype=np.float64)


def _block_bytes(num_bytes: int) -> FloatArray:
    edges = [*range(0, num_bytes, BLOCK_BYTES), num_bytes]
    return np.array([b - a for a, b in pairwise(edges)], dtype=np.float64)


def _row(candidate: Candidate, behind: Difference | None) -> ComparedRun:
    score, facts = candidate.score, candidate.facts
    return ComparedRun(
        name=candidate.name,
        bits_per_byte=score.bits_per_byte,
        interval=score.interval,
        perplexity=score.perplexity,
        accuracy=score.accuracy,
        parameters=int(facts["parameters"]) if "parameters" in facts else None,
        tokens_per_second=facts.get("tokens_per_second"),
        share_of_peak=facts.get("share_of_peak"),
        seconds=facts.get("seconds"),
        validation_bytes=score.num_bytes,
        behind_best=behind,
        samples=candidate.samples,
        pseudo=score.pseudo,
        kind=score.kind,
    )


def _verdict(rows: Sequence[ComparedRun]) -> Text:
    if len(rows) == 1:
        return fill(Text("only one run: {name}", "只有一次训练：{name}"), name=rows[0].name)
    best, second = rows[0], rows[1]
    behind = second.behind_best
    values: dict[str, object] = {"best": best.name, "second": second.name}
    if behind is None:
        return fill(
            Text(
                "{best} comes first; the text is too short to tell whether that is chance",
                "{best} 居首；文本过短，无法判断是否偶然",
            ),
            **values,
        )
    values |= {"value": f"{behind.value:.4f}", "low": f"{behind.low:.4f}", "high": f"{behind.high:.4f}"}
    if behind.is_real:
        return fill(
            Text(
                "{best} is better than {second} by {value} bits per byte (95 % interval {low} to {high}): more than chance",
                "{best} 比 {second} 好 {value} 比特每字节（95 % 区间 {low} 至 {high}）：并非偶然",
            ),
            **values,
        )
    return fill(
        Text(
            "{best} and {second} cannot be told apart: {value} bits per byte (95 % interval {low} to {high})",
            "{best} 与 {second} 无法区分：相差 {value} 比特每字节（95 % 区间 {low} 至 {high}）",
        ),
        **values,
    )


_AND = Text("{first}; {second}", "{first}；{second}")
_KINDS_DIFFER = Text(
    "bits per byte and pseudo bits per byte (hidden tokens, hidden spans) are ranked apart: they compare only with their like",
    "每字节比特数与伪每字节比特数（遮蔽词元、遮蔽片段）分别排名：只能与同类比较",
)


def _texts_differ(first: Candidate, other: Candidate) -> Text:
    shared = len(set(first.documents) & set(other.documents))
    return fill(
        Text(
            "no ranking: {first} was scored on {num_first} documents ({bytes_first} bytes), {other} on {num_other} "
            "({bytes_other} bytes), and only {shared} are the same; score both with danlu evaluate --on FILE",
            "不作排名：{first} 评测了 {num_first} 篇文档（{bytes_first} 字节），{other} 评测了 {num_other} 篇（{bytes_other} 字节），"
            "相同的只有 {shared} 篇；请用 danlu evaluate --on FILE 在同一文本上评测",
        ),
        first=first.name,
        other=other.name,
        num_first=len(first.documents),
        num_other=len(other.documents),
        bytes_first=first.score.num_bytes,
        bytes_other=other.score.num_bytes,
        shared=shared,
    )
