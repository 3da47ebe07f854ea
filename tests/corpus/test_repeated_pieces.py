"""Lines and paragraphs that stood before in the corpus go, in whole builds with any number of workers."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.artifacts import file_sha256
from danlu.corpus.pipeline import CorpusRuntime, CorpusSettings, build_corpus
from danlu.corpus.repeated_pieces import add_pieces, repeated_column, repeats
from danlu.corpus.settings import DuplicateSettings, ReadingSettings
from danlu.corpus.sorted_keys import SortedKeys
from danlu.corpus.store import open_corpus

HEADER = "版权所有，未经许可不得转载本站的任何内容。"


@given(st.lists(st.tuples(st.lists(st.integers(0, 5), max_size=6), st.booleans()), max_size=6))
def test_repeats_are_what_reading_in_order_finds(documents: list[tuple[list[int], bool]]) -> None:
    column = pa.array([np.array(pieces, np.uint64).tobytes() for pieces, _ in documents], pa.large_binary())
    with TemporaryDirectory() as name:
        keys = SortedKeys(Path(name), width=2, expected=0)
        count = add_pieces(keys, [column], np.array([kept for _, kept in documents], bool))
        bits = repeats(keys, count)
    seen: set[int] = set()
    expected: list[list[int] | None] = []
    for pieces, kept in documents:
        out = []
        for place, piece in enumerate(pieces if kept else []):
            if piece and piece in seen:
                out.append(place)
            seen.add(piece)
        expected.append(out or None)
    assert list(repeated_column([column], bits, 0)) == expected


def folder_of(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(6):
        own = "".join(chr(0x4E00 + (number * 997 + place * 7919) % 5000) for place in range(40))
        (folder / f"{number}.txt").write_text(f"{HEADER}\n\n{own}\n\n短行\n", encoding="utf-8")
    (folder / "z.txt").write_text(f"{HEADER}\n\n{HEADER}\n", encoding="utf-8")
    return folder


def settings(kind: str) -> CorpusSettings:
    return CorpusSettings(
        preset="minimal",
        valid_share=0.0,
        reading=ReadingSettings(shard_bytes=1024),
        duplicates=DuplicateSettings.model_validate({"pieces": kind, "piece_characters": 15}),
    )


@pytest.mark.parametrize("kind", ["lines", "paragraphs"])
def test_the_first_stays_and_the_rest_is_recorded(tmp_path: Path, kind: str) -> None:
    artifact = build_corpus([folder_of(tmp_path)], tmp_path / "out", settings(kind), CorpusRuntime(executor="here"))
    corpus = open_corpus(tmp_path / "out")
    rows = [row for table in corpus.tables("documents") for row in table.to_pylist()]
    assert [HEADER in row["text"] for row in rows] == [True, False, False, False, False, False]
    assert all("短行" in row["text"] for row in rows)
    assert all(row["num_bytes"] == len(row["text"].encode()) for row in rows)
    assert [f"repeated_{kind}:1" in row["edits"] for row in rows] == [False, True, True, True, True, True]
    assert artifact.facts["dropped"] == {f"repeated_{kind}": 1}
    (gone,) = (row for table in corpus.tables("dropped") for row in table.to_pylist())
    assert gone["text"].count(HEADER) == 2
    assert gone["value"] == 2


@pytest.mark.serial
def test_the_bytes_do_not_depend_on_the_workers(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    trees = []
    for name, runtime in (
        ("one", CorpusRuntime(executor="here")),
        ("two", CorpusRuntime(executor="processes", processes=2)),
    ):
        build_corpus([folder], tmp_path / name, settings("lines"), runtime)
        trees.append([file_sha256(path) for path in sorted((tmp_path / name).rglob("*.parquet"))])
    assert trees[0] == trees[1]
