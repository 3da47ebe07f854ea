"""One folder with every format, packed and in archives, and with what cannot be read: one command, nothing lost silently."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from danlu.corpus import READERS
from danlu.corpus.document import Reader
from danlu.corpus.store import Corpus, open_corpus
from danlu.recipes.corpus import CorpusBuilt, corpus_build
from made_files import PACKERS, of_format, tar_of, zip_of

ARCHIVES = ("zip", "tar")
CONTAINED = [name for name in READERS.names() if name not in ARCHIVES]


def text_of(name: str) -> str:
    """A text of its own for each place; PDF has no Chinese font of its own here, so a part of it is English."""
    return (
        f"The document of {name} stands here, and it is long enough to be read. 这篇文档取自{name}，长度足够用来读取。"
    )


def files() -> Iterator[tuple[str, bytes, int]]:
    """Name, bytes and number of documents of each file that can be read."""
    for name in CONTAINED:
        reader: Reader = READERS.load(name)
        ending = reader.endings[0]
        yield f"plain/{name}{ending}", of_format(name, text_of(f"plain {name}")), 1
        for packing, pack in PACKERS.items():
            yield f"packed/{name}{ending}.{packing}", pack(of_format(name, text_of(f"{packing} {name}"))), 1
    for kind, archive in (("zip", zip_of), ("tar", tar_of)):
        members = {}
        for name in CONTAINED:
            reader = READERS.load(name)
            members[f"in/{name}{reader.endings[0]}"] = of_format(name, text_of(f"{kind} member {name}"))
        yield f"archives/all.{kind}", archive(members), len(CONTAINED)
        packed = {f"{name}.txt": text_of(f"{kind} packed {name}").encode() for name in ("one", "two")}
        yield f"archives/few.{kind}.gz", PACKERS["gz"](archive(packed)), 2


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[CorpusBuilt, Corpus, Path]:
    here = tmp_path_factory.mktemp("every")
    folder = here / "mixed"
    for name, data, _ in files():
        write(folder / name, data)
    write(folder / "twins" / "again.txt", text_of("plain txt").encode())
    write(folder / "bad" / "lines.jsonl", b'{"text": "kept, and long enough to be a text"}\n{"no": 1}\n{broken\n')
    write(folder / "bad" / "cut.txt.gz", PACKERS["gz"](os.urandom(100_000))[:50_000])
    write(folder / "bad" / "empty.txt", b"")
    write(folder / "bad" / "picture.png", b"\x89PNG\r\n\x1a\n" + bytes(200))
    write(folder / "bad" / ".hidden", b"hidden")
    os.mkfifo(folder / "bad" / "pipe.txt")
    result = corpus_build([folder], here / "out", overrides=["corpus.preset=minimal", "runtime.executor=here"])
    return result, open_corpus(here / "out"), folder


def test_counts_in_are_kept_and_dropped_by_reason(built: tuple[CorpusBuilt, Corpus, Path]) -> None:
    result, corpus, _ = built
    expected = sum(count for _, _, count in files())
    assert result.documents_kept == expected + 1
    assert result.documents_in == result.documents_kept + sum(result.dropped.values())
    assert result.dropped == {
        "exact_duplicate": 1,
        "no_text_field": 1,
        "not_json": 1,
        "damaged_packing": 1,
        "empty": 1,
    }
    stored = Counter(reason for table in corpus.tables("dropped") for reason in table.column("reason").to_pylist())
    assert dict(stored) == result.dropped


def test_each_text_is_found_in_its_own_file(built: tuple[CorpusBuilt, Corpus, Path]) -> None:
    _, corpus, _ = built
    documents = [document for split in ("train", "valid") for document in corpus.documents(split)]
    for name, _, count in files():
        inside = [document for document in documents if document.source.startswith(f"mixed/{name}")]
        assert len(inside) == count, name
        assert all("这篇文档取自" in document.text and "stands here" in document.text for document in inside), name


def test_each_file_of_the_folder_is_told_of(built: tuple[CorpusBuilt, Corpus, Path]) -> None:
    result, corpus, folder = built
    on_disk = [path for path in folder.rglob("*") if not path.is_dir()]
    sources = corpus.sources()
    assert len(on_disk) == len(sources) + sum(result.files_skipped.values())
    assert sum(source["documents"] for source in sources) == result.documents_in
    assert set(result.files_skipped) >= {"hidden", "no_regular_file"}
    assert json.dumps(sources)
