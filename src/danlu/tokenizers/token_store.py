"""The only reader and writer of the tokens artifact: ids of all documents of a split in one memory map.

`<split>.ids`: raw little-endian uint16 (uint32 above 65,536 entries); `<split>.documents.npy`: int64 starts
[num_documents + 1], each document starts with `bos_id`; `<split>.sources.parquet`: id, domain, num_bytes per document.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from danlu.core.artifacts import Artifact, check_input, finish_artifact, is_finished, open_artifact
from danlu.core.disk import disk_errors
from danlu.core.errors import ArtifactError
from danlu.core.events import Watcher, ignore
from danlu.core.language import Text
from danlu.corpus.document import Document
from danlu.corpus.store import Corpus
from danlu.tokenizers.rewriting import check_exact
from danlu.tokenizers.tokenizer import Tokenizer

KIND = "tokens"
SPLITS = ("train", "valid")
BATCH_CHARACTERS = 4_000_000
NARROW_ENTRIES = 1 << 16  # ids of larger vocabularies take four bytes
CHECKED_BYTES, BLOCK = 64_000_000, 1 << 20
SCHEMA = pa.schema([("id", pa.string()), ("domain", pa.string()), ("num_bytes", pa.int64())])


@dataclass(frozen=True, kw_only=True)
class SplitFacts:
    """Counts of one encoded split."""

    num_documents: int
    num_tokens: int
    num_bytes: int


def encode_corpus(corpus: Corpus, tokenizer: Tokenizer, out: Path, *, watch: Watcher = ignore) -> Artifact:
    """Encodes both splits of `corpus` into the artifact `out`, streamed; a finished `out` is returned as it is.

    `tokenizer` was opened from its artifact, so that the tokens remember whose they are. Raises ArtifactError when
    `out` holds the tokens of another corpus or tokenizer, UsageError for a tokenizer that rewrites texts.
    """
    assert tokenizer.artifact is not None, "encode_corpus wants a tokenizer that was opened from its artifact"
    check_exact(tokenizer.rewrites)
    if is_finished(out):
        finished = open_artifact(out, KIND)
        check_input(finished, "corpus", corpus.artifact)
        check_input(finished, "tokenizer", tokenizer.artifact)
        return finished
    dtype = np.dtype("<u2" if tokenizer.vocab_size <= NARROW_ENTRIES else "<u4")
    facts: dict[str, Any] = {"dtype": dtype.str, "vocab_size": tokenizer.vocab_size, "bos_id": tokenizer.bos_id}
    with disk_errors(out):
        out.mkdir(parents=True, exist_ok=True)
        for split in SPLITS:
            counts = _encode_split(corpus.documents(split), tokenizer, out / split, dtype)
            facts[split] = vars(counts)
            watch({"event": "encoded", "split": split, **vars(counts)})
    inputs = {"corpus": corpus.artifact.digest, "tokenizer": tokenizer.artifact.digest}
    return finish_artifact(out, KIND, settings={}, inputs=inputs, facts=facts)


@final
class Tokens:
    """The ids of one split: `ids` [num_tokens] (memory map), `starts` int64 [num_documents + 1].

    Document i is `ids[starts[i]:starts[i + 1]]` and begins with `bos_id`; `num_bytes` counts the UTF-8 of its raw text.
    """

    def __init__(self, artifact: Artifact, split: str) -> None:
        self.artifact, self.split = artifact, split
        facts = artifact.facts[split]
        self.num_documents, self.num_tokens = int(facts["num_documents"]), int(facts["num_tokens"])
        self.num_bytes = int(facts["num_bytes"])
        self.vocab_size, self.bos_id = int(artifact.facts["vocab_size"]), int(artifact.facts["bos_id"])
        path = artifact.path / f"{split}.ids"
        dtype = np.dtype(artifact.facts["dtype"])
        empty = np.empty(0, dtype=dtype)
        self.ids: npt.NDArray[Any] = np.memmap(path, dtype=dtype, mode="r") if self.num_tokens else empty
        self.starts: npt.NDArray[np.int64] = np.load(artifact.path / f"{split}.documents.npy", allow_pickle=False)
        _check(self)

    def document(self, number: int) -> npt.NDArray[Any]:
        """The ids of one document, separator first."""
        return self.ids[self.starts[number] : self.starts[number + 1]]

    def domains(self) -> list[str]:
        """The domain of each document."""
        table = pq.read_table(self.artifact.path / f"{self.split}.sources.parquet", columns=["domain"])
        return [str(name) for name in table.column("domain").to_pylist()]

    def document_ids(self, numbers: Sequence[int]) -> list[str]:
        """The ids that some documents have in the corpus."""
        table = pq.read_table(self.artifact.path / f"{self.split}.sources.parquet", columns=["id"])
        return [str(name) for name in table.column("id").take(pa.array(numbers, pa.int64())).to_pylist()]


def open_tokens(path: Path, split: str = "train", *, tokenizer: Tokenizer | None = None) -> Tokens:
    """The tokens of one split. Raises ArtifactError when damaged, or made with another `tokenizer` than the one given."""
    artifact = open_artifact(path, KIND)
    if tokenizer is not None and tokenizer.artifact is not None:
        check_input(artifact, "tokenizer", tokenizer.artifact)
    return Tokens(artifact, split)


def _encode_split(documents: Iterable[Document], tokenizer: Tokenizer, stem: Path, dtype: np.dtype[Any]) -> SplitFacts:
    lengths: list[int] = []
    num_bytes = 0
    with (
        stem.with_suffix(".ids").open("wb") as ids_file,
        pq.ParquetWriter(stem.with_suffix(".sources.parquet"), SCHEMA) as sources,
    ):
        for batch in _batches(documents):
            sizes = [len(document.text.encode()) for document in batch]
            for ids in tokenizer.encode_batch([document.text for document in batch]):
                line = np.empty(len(ids) + 1, dtype=dtype)
                line[0], line[1:] = tokenizer.bos_id, ids
                ids_file.write(line.tobytes())
                lengths.append(len(line))
            num_bytes += sum(sizes)
            columns = [[d.id for d in batch], [d.domain for d in batch], sizes]
            sources.write_table(pa.table(dict(zip(SCHEMA.names, columns, strict=True)), schema=SCHEMA))
    starts = np.concatenate([[0], np.cumsum(np.array(lengths, dtype=np.int64))]).astype("<i8")
    np.save(stem.with_suffix(".documents.npy"), starts, allow_pickle=False)
    return SplitFacts(num_documents=len(lengths), num_tokens=int(starts[-1]), num_bytes=num_bytes)


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    size = 0
    for document in documents:
        batch.append(document)
        size += len(document.text)
        if size >= BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _check(tokens: Tokens) -> None:
    """Cheap checks: the starts rise from 0 to the number of ids, documents begin with the separator, ids are known.

    Of a large file only blocks are read, 64 MB at most; `danlu corpus verify` compares every hash.
    """
    starts, ids = tokens.starts, tokens.ids
    problem = ""
    shape = (len(starts), int(starts[0]), int(starts[-1]), len(ids)) if len(starts) else (0,)
    if starts.dtype != np.int64 or shape != (tokens.num_documents + 1, 0, tokens.num_tokens, tokens.num_tokens):
        problem = "boundaries do not fit the ids"
    elif np.any(np.diff(starts) < 1) or np.any(ids[starts[:-1]] != tokens.bos_id):
        problem = "a document that does not begin with the separator"
    else:
        stride = max(1, ids.nbytes // CHECKED_BYTES)
        highest = max((int(block.max()) for block in _blocks(ids)[::stride]), default=0)
        problem = f"id {highest} of {tokens.vocab_size}" if highest >= tokens.vocab_size else ""
    if problem:
        raise ArtifactError(
            Text("the tokens in {path} are damaged", "{path} 中的词元已损坏"),
            got=problem,
            allowed=Text("ids below the vocabulary size, in documents", "小于词表大小的编号，按文档划分"),
            fix=Text("delete the folder and encode the corpus again", "请删除该目录并重新编码语料"),
            path=tokens.artifact.path,
        )


def _blocks(ids: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    return [ids[start : start + BLOCK] for start in range(0, len(ids), BLOCK)]
