"""The text that a model is scored on: the held-out split of its run, a file taken whole, or documents of a folder."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from danlu.core.artifacts import is_finished
from danlu.core.errors import DataError, UsageError
from danlu.core.events import Watcher, ignore, read_events
from danlu.core.language import Text
from danlu.corpus.encoding import decode
from danlu.corpus.pipeline import build_corpus
from danlu.corpus.settings import CorpusRuntime, CorpusSettings
from danlu.corpus.store import Corpus, open_corpus
from danlu.evaluation.language import DocumentSet
from danlu.evaluation.windows import join_documents
from danlu.recipes.held_out import document_set
from danlu.recipes.load import LoadedModel
from danlu.tokenizers.token_store import open_tokens
from danlu.tokenizers.tokenizer import Tokenizer

# Files that hold many documents in a format of their own; any other file is one text, every byte of it.
CONTAINERS = (".jsonl", ".json", ".ndjson", ".zst", ".gz", ".bz2", ".xz", ".parquet", ".arrow", ".csv", ".zip", ".tar")


@dataclass(frozen=True, kw_only=True)
class RoundTrip:
    """What a tokenizer of others loses: documents whose ids give another text, and tokens that stand for text without an
    entry. Such text costs the model less than it should, so its bits are too few; bytes are always those of the raw text."""

    num_documents: int
    num_changed: int
    num_unknown_tokens: int


@dataclass(frozen=True, kw_only=True)
class ScoredText:
    """The texts that are scored, for the reference lines, and their ids, for the model.

    `round_trip` is None where nothing can be lost: danlu's own tokenizers give every text back.
    """

    texts: Sequence[str]
    documents: DocumentSet
    round_trip: RoundTrip | None = None


def run_folder(path: Path) -> Path | None:
    """The run that `path` is, or whose `model` folder it is; None for a model that stands alone."""
    for folder in (path, path.parent):
        if is_finished(folder / "tokens", "tokens"):
            return folder
    return None


def held_out_text(run: Path | None, model: LoadedModel) -> ScoredText:
    """The validation split of a run. Raises UsageError for a model without one."""
    if run is None:
        raise UsageError(
            Text("this model has no held-out text beside it", "该模型旁边没有留出文本"),
            got=str(model.path),
            allowed=Text("a run folder, or a text given with --on", "训练目录，或用 --on 指定的文本"),
            fix=Text(
                "evaluate it with --on FILE; compare takes runs", "请用 evaluate 并加上 --on 文件；compare 用于训练目录"
            ),
        )
    tokens = open_tokens(run / "tokens", "valid", tokenizer=model.tokenizer)
    documents = document_set(tokens)
    ids = [tokens.document(i) for i in range(tokens.num_documents)]
    corpus = corpus_of(run) if model.tokenizer.form else None  # only its ids do not tell what it lost
    if corpus is None:
        return ScoredText(texts=[model.tokenizer.decode(row) for row in ids], documents=documents)
    texts = [document.text for document in corpus.documents("valid")]
    return ScoredText(texts=texts, documents=documents, round_trip=_round_trip(model.tokenizer, texts, ids))


def corpus_of(run: Path | None) -> Corpus | None:
    """The corpus of a run: the one inside, or the finished one that it was started with; None when it is gone."""
    if run is None:
        return None
    asked: dict[str, Any] = next(
        (e["sources"] for e in read_events(run / "events.jsonl") if e["event"] == "requested"), {}
    )
    for place in (run / "corpus", *(Path(name) for name in asked)):
        if is_finished(place, "corpus"):
            return open_corpus(place)
    return None


def training_texts(run: Path | None) -> list[str]:
    """The texts of the training split, for the n-gram line; none when the corpus is gone."""
    corpus = corpus_of(run)
    return [] if corpus is None else [document.text for document in corpus.documents("train")]


def text_of(path: Path, model: LoadedModel, watch: Watcher = ignore) -> ScoredText:
    """The text of `path` as documents: a file is one document, a folder or a file of documents several."""
    if path.is_dir() or path.suffix.lower() in CONTAINERS:
        rows = _documents_of(path, watch)
    else:
        rows = [(path.name, _whole_text(path))]
    names, texts = [name for name, _ in rows], [text for _, text in rows]
    ids = model.tokenizer.encode_batch(texts)
    sizes = np.array([len(text.encode()) for text in texts], dtype=np.int64)
    documents = DocumentSet(stream=join_documents(ids, model.bos_id), bytes_D=sizes, domains=tuple(names))
    return ScoredText(texts=texts, documents=documents, round_trip=_round_trip(model.tokenizer, texts, ids))


def _round_trip(tokenizer: Tokenizer, texts: Sequence[str], ids: Sequence[NDArray[np.integer]]) -> RoundTrip | None:
    if tokenizer.form is None:
        return None
    changed = sum(tokenizer.decode(numbers) != text for text, numbers in zip(texts, ids, strict=True))
    unknown = 0 if tokenizer.unknown_id is None else sum(int((row == tokenizer.unknown_id).sum()) for row in ids)
    return RoundTrip(num_documents=len(texts), num_changed=changed, num_unknown_tokens=unknown)


def check_exists(path: Path) -> None:
    """Raises UsageError when there is no such file or folder."""
    if not path.exists():
        raise UsageError(
            Text("there is no file or folder {path}", "没有文件或目录 {path}"),
            got=str(path),
            allowed=Text("an existing file or folder", "存在的文件或目录"),
            fix=Text("check the spelling; the working folder is {here}", "请检查拼写；当前目录为 {here}"),
            path=path,
            here=Path.cwd(),
        )


def _whole_text(path: Path) -> str:
    """Every character of the file. UTF-8 is taken as it is, mark at the front and line ends included."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = decode(data).text
    if not text:
        raise DataError(
            Text("{path} is empty", "{path} 是空文件"),
            got="0",
            allowed=Text("a file with text", "含有文本的文件"),
            fix=Text("name another file with --on", "请用 --on 指定其他文件"),
            path=path,
        )
    return text


def _documents_of(path: Path, watch: Watcher) -> list[tuple[str, str]]:
    """Domain and text of each document, read as corpus build reads them; as validation text, so no rule drops any."""
    if is_finished(path, "corpus"):
        return [(d.domain, d.text) for split in ("train", "valid") for d in open_corpus(path).documents(split)]
    with tempfile.TemporaryDirectory(prefix="danlu-") as folder:
        # A corpus wants training text as well: one line that nobody reads.
        filler = Path(folder) / "filler.txt"
        filler.write_text("danlu\n", encoding="utf-8")
        out = Path(folder) / "corpus"
        build_corpus([filler], out, CorpusSettings(), CorpusRuntime(), valid_sources=[path], watch=watch)
        return [(document.domain, document.text) for document in open_corpus(out).documents("valid")]
