"""The tokens artifact: what goes in comes out, and damage is told."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from danlu.core.artifacts import MANIFEST, finish_artifact, open_artifact
from danlu.core.errors import ArtifactError, UsageError
from danlu.tokenizers import token_store
from danlu.tokenizers.byte import train as train_bytes
from danlu.tokenizers.char import train as train_characters
from danlu.tokenizers.token_store import encode_corpus, open_tokens
from danlu.tokenizers.tokenizer import Tokenizer, TokenizerSettings, open_tokenizer, save_tokenizer
from danlu.tokenizers.word import train as train_words
from small_corpus import write_corpus

TRAIN = ["the first", "", "第三篇文档。" * 50, "<|bos|> spelled"]
VALID = ["held out"]


def saved(folder: Path, train: object = train_bytes) -> Tokenizer:
    tokenizer = train(lambda: iter(TRAIN), TokenizerSettings())  # type: ignore[operator]
    save_tokenizer(tokenizer, folder, settings=TokenizerSettings())
    return open_tokenizer(folder)


@pytest.mark.parametrize("batch", [1, 30, 10**9])
def test_documents_come_back(tmp_path: Path, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_store, "BATCH_CHARACTERS", batch)
    corpus, tokenizer = write_corpus(tmp_path / "corpus", TRAIN, VALID), saved(tmp_path / "tokenizer")
    events: list[object] = []
    artifact = encode_corpus(corpus, tokenizer, tmp_path / "tokens", watch=events.append)
    for split, texts in (("train", TRAIN), ("valid", VALID)):
        tokens = open_tokens(tmp_path / "tokens", split, tokenizer=tokenizer)
        assert tokens.num_documents == len(texts)
        assert tokens.num_bytes == sum(len(text.encode()) for text in texts)
        assert tokens.ids.dtype == np.uint16
        for number, text in enumerate(texts):
            ids = tokens.document(number)
            assert ids[0] == tokenizer.bos_id
            assert ids[1:].tolist() == tokenizer.encode(text)
        assert tokens.starts[-1] == len(tokens.ids) == tokens.num_tokens
        sources = pq.read_table(tmp_path / "tokens" / f"{split}.sources.parquet")
        assert sources.column("num_bytes").to_pylist() == [len(text.encode()) for text in texts]
    assert len(events) == 2
    assert artifact.inputs == {"corpus": corpus.artifact.digest, "tokenizer": tokenizer.digest}


def test_batches_change_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus, tokenizer = write_corpus(tmp_path / "corpus", TRAIN, VALID), saved(tmp_path / "tokenizer")
    files = set()
    for number, batch in enumerate((1, 10**9)):
        monkeypatch.setattr(token_store, "BATCH_CHARACTERS", batch)
        encode_corpus(corpus, tokenizer, tmp_path / str(number))
        files.add(tuple((tmp_path / str(number) / name).read_bytes() for name in ("train.ids", "train.documents.npy")))
    assert len(files) == 1


def test_an_empty_split_has_no_documents(tmp_path: Path) -> None:
    corpus, tokenizer = write_corpus(tmp_path / "corpus", TRAIN), saved(tmp_path / "tokenizer")
    encode_corpus(corpus, tokenizer, tmp_path / "tokens")
    tokens = open_tokens(tmp_path / "tokens", "valid")
    assert (tokens.num_documents, len(tokens.ids), tokens.num_bytes) == (0, 0, 0)


def test_a_large_vocabulary_takes_four_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_store, "NARROW_ENTRIES", 256)
    corpus, tokenizer = write_corpus(tmp_path / "corpus", TRAIN), saved(tmp_path / "tokenizer")
    encode_corpus(corpus, tokenizer, tmp_path / "tokens")
    assert open_tokens(tmp_path / "tokens").ids.dtype == np.uint32


def test_another_tokenizer_is_refused(tmp_path: Path) -> None:
    corpus, tokenizer = write_corpus(tmp_path / "corpus", TRAIN), saved(tmp_path / "tokenizer")
    other = saved(tmp_path / "other", train_characters)
    encode_corpus(corpus, tokenizer, tmp_path / "tokens")
    with pytest.raises(ArtifactError, match="another tokenizer"):
        open_tokens(tmp_path / "tokens", tokenizer=other)
    with pytest.raises(ArtifactError, match="another tokenizer"):
        encode_corpus(corpus, other, tmp_path / "tokens")


def test_a_finished_folder_is_returned_as_it_is(tmp_path: Path) -> None:
    corpus, tokenizer = write_corpus(tmp_path / "corpus", TRAIN), saved(tmp_path / "tokenizer")
    first = encode_corpus(corpus, tokenizer, tmp_path / "tokens")
    assert encode_corpus(corpus, tokenizer, tmp_path / "tokens") == first


@pytest.mark.parametrize("how", ["high id", "no separator", "starts", "short"])
def test_damage_is_told(tmp_path: Path, how: str) -> None:
    corpus, tokenizer = write_corpus(tmp_path / "corpus", TRAIN), saved(tmp_path / "tokenizer")
    facts = dict(encode_corpus(corpus, tokenizer, tmp_path / "tokens").facts)
    ids = np.fromfile(tmp_path / "tokens" / "train.ids", dtype="<u2")
    starts = np.load(tmp_path / "tokens" / "train.documents.npy", allow_pickle=False)
    match how:
        case "high id":
            ids[3] = 999
        case "no separator":
            ids[0] = 5
        case "starts":
            starts[1] += 1
        case "short":
            ids = ids[:-1]
    ids.tofile(tmp_path / "tokens" / "train.ids")
    np.save(tmp_path / "tokens" / "train.documents.npy", starts, allow_pickle=False)
    if how != "short":  # a changed size is seen at once, the rest even under a manifest of its own
        (tmp_path / "tokens" / MANIFEST).unlink()
        finish_artifact(tmp_path / "tokens", "tokens", settings={}, facts=facts)
        assert open_artifact(tmp_path / "tokens").kind == "tokens"
    with pytest.raises(ArtifactError, match="damaged"):
        open_tokens(tmp_path / "tokens")


def test_a_tokenizer_that_loses_text_is_refused(tmp_path: Path) -> None:
    settings = TokenizerSettings(kind="word", rewrites=("lower_case",))
    save_tokenizer(train_words(lambda: iter(TRAIN), settings), tmp_path / "tokenizer", settings=settings)
    corpus = write_corpus(tmp_path / "corpus", TRAIN, VALID)
    with pytest.raises(UsageError, match="no language model"):
        encode_corpus(corpus, open_tokenizer(tmp_path / "tokenizer"), tmp_path / "tokens")
    assert not (tmp_path / "tokens").exists()
