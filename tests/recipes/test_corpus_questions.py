"""`corpus explain` finds the tokens of a document, and `check` and `what-if` take settings as the command line gives them."""

from pathlib import Path

import numpy as np
import pytest

from danlu.core.errors import ArtifactError, DataError, UsageError
from danlu.corpus.store import Corpus
from danlu.recipes.corpus_questions import corpus_check, corpus_explain, corpus_what_if
from danlu.recipes.tokenizer import tokenizer_train
from danlu.tokenizers.token_store import encode_corpus, open_tokens
from danlu.tokenizers.tokenizer import open_tokenizer
from mixed_corpus import build_mixed_corpus
from small_corpus import write_corpus


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A corpus beside the tokens of a run."""
    run = tmp_path_factory.mktemp("run")
    corpus = build_mixed_corpus(run)
    tokenizer_train(corpus.artifact.path, run / "tokenizer", overrides=["kind=byte"])
    encode_corpus(corpus, open_tokenizer(run / "tokenizer"), run / "tokens")
    return corpus


@pytest.mark.parametrize("split", ["train", "valid"])
def test_the_token_range_holds_the_text(split: str, corpus: Corpus) -> None:
    run = corpus.artifact.path.parent
    tokenizer = open_tokenizer(run / "tokenizer")
    tokens = open_tokens(run / "tokens", split)
    for document in list(corpus.documents(split))[-3:]:
        found = corpus_explain(corpus.artifact.path, document.id)
        assert found.tokens is not None
        assert found.tokens.split == found.split == split
        ids = tokens.ids[found.tokens.start : found.tokens.end]
        assert ids[0] == tokens.bos_id
        assert tokenizer.decode(np.asarray(ids[1:])) == document.text
        assert np.array_equal(ids, tokens.document(found.tokens.number))
        assert Path(found.tokens.file).resolve() == (run / "tokens" / f"{split}.ids").resolve()


def test_a_run_is_named_or_found(corpus: Corpus, tmp_path: Path) -> None:
    folder = corpus.artifact.path
    name = next(corpus.documents()).id
    assert corpus_explain(folder, name, run=folder.parent).tokens == corpus_explain(folder, name).tokens
    with pytest.raises(ArtifactError, match="no tokens"):
        corpus_explain(folder, name, run=tmp_path)
    other = write_corpus(tmp_path / "other" / "corpus", ["one text"])
    with pytest.raises(ArtifactError, match="no tokens"):
        corpus_explain(other.artifact.path, "texts.txt", run=folder.parent)
    assert corpus_explain(other.artifact.path, "texts.txt").tokens is None


def test_a_dropped_document_has_no_tokens_but_a_twin(corpus: Corpus) -> None:
    (dropped,) = [
        row for table in corpus.tables("dropped") for row in table.to_pylist() if row["reason"] == "near_duplicate"
    ]
    found = corpus_explain(corpus.artifact.path, dropped["id"])
    assert found.tokens is None
    assert not found.kept
    assert found.reason == "near_duplicate"
    assert found.differences[0].here == "尾"
    twin = corpus_explain(corpus.artifact.path, found.twin or "")
    assert twin.kept
    assert twin.num_doubles == 2
    assert dropped["id"] in twin.doubles
    assert twin.num_in_cluster == found.num_in_cluster == 3
    assert twin.text == found.twin_text


def test_questions_take_settings(corpus: Corpus) -> None:
    folder = corpus.artifact.path
    assert corpus_check(folder, overrides=["volume.least_bytes=1", "volume.least_valid_bytes=1"]).passed
    assert corpus_check(folder, overrides=["diversity.most_compression=1.1"]).failed[-1] == "diversity.compression"
    with pytest.raises(UsageError, match="least_bytes"):
        corpus_check(folder, overrides=["volume.least_byte=1"])
    assert corpus_what_if(folder, overrides=["num_units=1:"]).entering.num_documents > 0
    with pytest.raises(UsageError, match="minimal"):
        corpus_what_if(folder, preset="minimum")
    with pytest.raises(DataError):
        corpus_explain(folder, "no-such-document")
