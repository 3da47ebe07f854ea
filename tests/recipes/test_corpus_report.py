"""`corpus report`: where the page goes, and tokens per character estimated and counted."""

from pathlib import Path

import pytest

from danlu.core.errors import ArtifactError
from danlu.corpus.store import Corpus
from danlu.recipes.corpus_report import corpus_report
from danlu.recipes.tokenizer import tokenizer_train
from mixed_corpus import build_mixed_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Chinese and English."""
    return build_mixed_corpus(tmp_path_factory.mktemp("report"))


def test_the_page_and_the_card_lie_in_the_corpus_unless_named(corpus: Corpus, tmp_path: Path) -> None:
    folder = corpus.artifact.path
    found = corpus_report(folder, out=tmp_path / "page.html")
    assert found.page == tmp_path / "page.html"
    assert found.card is None
    assert not (folder / "report.html").exists()
    found = corpus_report(folder, card=True)
    assert found.page == folder / "report.html"
    assert found.card == folder / "README.md"
    assert found.page.read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(ArtifactError):
        corpus_report(tmp_path)


def test_the_estimate_of_tokens_is_near_what_a_tokenizer_counts(corpus: Corpus, tmp_path: Path) -> None:
    folder = corpus.artifact.path
    tokenizer_train(folder, tmp_path / "bpe", overrides=["vocab_size=2000"])
    counted = corpus_report(folder, out=tmp_path / "a.html", tokenizer=tmp_path / "bpe")
    guessed = corpus_report(folder, out=tmp_path / "b.html")
    assert counted.tokens_from == "bpe"
    assert guessed.tokens_from == ""
    assert [row.language for row in counted.tokens] == [row.language for row in guessed.tokens]
    for one, other in zip(counted.tokens, guessed.tokens, strict=True):
        assert 0.3 < one.num_tokens / other.num_tokens < 3
    sizes = {row.name: row.num_bytes for row in counted.language_tallies}
    for row in counted.tokens:
        assert row.num_tokens == pytest.approx(sizes[row.language] / row.bytes_per_token, rel=1e-3)
