"""Diversity in figures: what they are on texts that can be counted by hand, and samples that stay within their bounds."""

from pathlib import Path

import pytest
import zstandard

from danlu.corpus.diversity import (
    WINDOW,
    compression,
    distinct_share,
    diversity,
    domain_diversity,
    domain_samples,
    type_share,
)
from mixed_corpus import build_mixed_corpus
from small_corpus import write_corpus


def test_distinct_runs_of_five() -> None:
    assert distinct_share(["a b c d e f"]) == 1.0
    assert distinct_share(["a b c d e", "a b c d e"]) == 0.5
    assert distinct_share(["\u4e00\u4e8c\u4e09\u56db\u4e94\u516d"]) == 1.0
    assert distinct_share(["a b", "c d"]) is None
    assert distinct_share([]) is None


def test_types_within_a_thousand_do_not_depend_on_the_size() -> None:
    words = " ".join(f"w{n % 250}" for n in range(WINDOW))
    assert type_share([words]) == 0.25
    assert type_share([words] * 7) == 0.25
    assert type_share([words.upper()]) == 0.25
    assert type_share(["\u4e00" * WINDOW]) == 1 / WINDOW
    assert type_share(["too short"]) is None
    assert type_share([]) is None


def test_compression() -> None:
    assert compression([]) is None
    data = b"ab" * 10_000
    assert compression([data.decode()]) == pytest.approx(len(data) / len(zstandard.compress(data, 3)))


def test_figures_of_each_domain(tmp_path: Path) -> None:
    corpus = build_mixed_corpus(tmp_path)
    found = domain_diversity(corpus)
    assert found == domain_diversity(corpus)
    rows = [row for table in corpus.tables("documents", ["domain", "text"]) for row in table.to_pylist()]
    assert {row.name for row in found} == {row["domain"] for row in rows}
    for row in found:
        texts = [other["text"] for other in rows if other["domain"] == row.name]
        assert row.num_documents == len(texts)
        whole = diversity(row.name, texts)
        assert (row.num_bytes, row.distinct) == (whole.num_bytes, whole.distinct)


def test_a_sample_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = write_corpus(tmp_path, [f"text number {number} " * 20 for number in range(400)])
    monkeypatch.setattr("danlu.corpus.diversity.DOMAIN_BYTES", 10_000)
    (texts,) = domain_samples(corpus).values()
    assert 10_000 <= sum(map(len, texts)) < 11_000
    assert len(set(texts)) == len(texts)
