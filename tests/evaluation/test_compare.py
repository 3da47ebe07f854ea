"""Runs are ranked on the same text only, and a difference is called real only when it is."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.evaluation.compare import BLOCK_BYTES, Candidate, block_nats, compare_scores, document_digests
from danlu.evaluation.language import BINS, DocumentSet, WindowScores, summarise
from danlu.evaluation.windows import Stream


def _scores(bits_W: Sequence[float], bytes_W: Sequence[int], documents_W: Sequence[int]) -> WindowScores:
    sizes = np.array(bytes_W, dtype=np.int64)
    return WindowScores(
        nats_W=np.array(bits_W, dtype=np.float64) * sizes.astype(np.float64) * np.float64(math.log(2)),
        num_correct_W=np.ones(len(sizes), dtype=np.int64),
        num_tokens_W=np.maximum(1, sizes // 3),
        bytes_W=sizes,
        documents_W=np.array(documents_W, dtype=np.int64),
        num_K=np.zeros(BINS),
        confidence_K=np.zeros(BINS),
        correct_K=np.zeros(BINS),
    )


def _candidate(name: str, texts: Sequence[str], bits: Sequence[float], window: int = 600) -> Candidate:
    """A model that needs `bits[d]` bits per byte of document d, in windows of `window` bytes."""
    sizes = [len(text.encode()) for text in texts]
    rows = [(bits[d], min(window, size - start), d) for d, size in enumerate(sizes) for start in range(0, size, window)]
    scores = _scores(*zip(*rows, strict=True))
    stream = Stream(ids=np.zeros(0, dtype=np.uint32), starts=np.zeros(1, dtype=np.int64))
    documents = DocumentSet(stream=stream, bytes_D=np.array(sizes), domains=("",) * len(sizes))
    digests = document_digests([text.encode() for text in texts])
    return Candidate(name=name, score=summarise(scores, documents), documents=digests)


TEXTS = [f"document {i} " * 300 for i in range(12)]


def test_other_texts_are_not_ranked() -> None:
    found = compare_scores([_candidate("a", TEXTS, [2.0] * 12), _candidate("b", [*TEXTS[:11], "x" * 900], [1.0] * 12)])
    assert not found.is_ranked
    assert [run.name for run in found.runs] == ["a", "b"]
    assert "only 11 are the same" in found.verdict.en
    assert "不作排名" in found.verdict.zh


def test_the_same_documents_in_another_order_and_other_windows_are_ranked() -> None:
    stream = np.random.default_rng(0)
    bits = list(stream.normal(2.0, 0.4, 12))
    better = [b - 0.1 + e for b, e in zip(bits, stream.normal(0, 0.01, 12), strict=True)]
    found = compare_scores(
        [_candidate("worse", TEXTS, bits), _candidate("better", TEXTS[::-1], better[::-1], window=171)]
    )
    assert found.is_ranked
    assert [run.name for run in found.runs] == ["better", "worse"]
    behind = found.runs[1].behind_best
    assert behind is not None
    assert behind.value == pytest.approx(found.runs[1].bits_per_byte - found.runs[0].bits_per_byte)
    assert behind.is_real
    assert "more than chance" in found.verdict.en


def test_kinds_of_scores_are_ranked_apart() -> None:
    candidates = [
        _candidate(name, TEXTS, [bits] * 12) for name, bits in (("c", 2.0), ("d", 1.8), ("a", 1.2), ("b", 1.0))
    ]
    kinds = ("code", "code", "hidden tokens", "hidden tokens")
    marked = [
        replace(one, score=replace(one.score, kind=kind, pseudo=kind != "code"))
        for one, kind in zip(candidates, kinds, strict=True)
    ]
    found = compare_scores(marked[::-1])
    assert [run.name for run in found.runs] == ["d", "c", "b", "a"]
    assert [run.behind_best is None for run in found.runs] == [True, False, True, False]
    assert found.verdict.en.count("more than chance") == 2
    assert "ranked apart" in found.verdict.en


def test_noise_is_no_difference() -> None:
    stream = np.random.default_rng(1)
    bits = stream.normal(2.0, 0.4, 12)
    found = compare_scores(
        [_candidate("a", TEXTS, list(bits)), _candidate("b", TEXTS, list(bits + stream.normal(0, 0.3, 12)))]
    )
    assert "cannot be told apart" in found.verdict.en


def test_one_run_alone_is_shown() -> None:
    assert compare_scores([_candidate("a", TEXTS, [2.0] * 12)]).is_ranked


@given(
    rows=st.lists(st.tuples(st.floats(0.1, 8), st.integers(1, 5000), st.integers(0, 3)), min_size=1, max_size=20),
    order=st.permutations(range(4)),
)
def test_blocks_hold_all_nats_of_all_bytes(rows: list[tuple[float, int, int]], order: list[int]) -> None:
    rows.sort(key=lambda row: row[2])
    scores = _scores(*zip(*rows, strict=True))
    blocks = block_nats(scores, np.array(order))
    assert len(blocks) == -(-int(scores.bytes_W.sum()) // BLOCK_BYTES)
    assert blocks.sum() == pytest.approx(scores.nats_W.sum())
    assert (blocks >= 0).all()
