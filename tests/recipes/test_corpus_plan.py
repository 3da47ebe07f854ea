"""The plan of a build beside the build: exact where all was read, near where one part in fifty was."""

import gzip
import json
from pathlib import Path

import pytest

from danlu.core.errors import DataError, UsageError
from danlu.corpus import source_sample
from danlu.corpus.files import find_files
from danlu.corpus.settings import ReadingSettings
from danlu.corpus.source_sample import expansion, sample_sources
from danlu.recipes.corpus import corpus_build
from danlu.recipes.corpus_plan import corpus_plan
from mixed_corpus import sentence, write_mixed_texts


def test_a_small_source_is_read_whole(tmp_path: Path) -> None:
    texts = write_mixed_texts(tmp_path / "texts")
    plan = corpus_plan([texts])
    built = corpus_build([texts], tmp_path / "out")
    assert plan.sampled_bytes == plan.source_bytes
    assert plan.documents_in == built.documents_in
    assert plan.documents_kept == built.documents_kept
    assert plan.dropped == built.dropped
    assert plan.bytes_kept == built.bytes_kept
    assert plan.num_workers == 1
    assert plan.notes == ()
    assert plan.tokens > 1000
    assert plan.memory_bytes > 10_000_000
    assert plan.seconds > 0


@pytest.mark.parametrize("packed", [False, True])
def test_a_sample_foretells_the_whole(packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_sample, "LEAST_BYTES", 20_000)
    monkeypatch.setattr(source_sample, "LEAST_PART", 2_000)
    # The first half is short and goes: a sample of the beginning alone would be wrong.
    texts = [sentence(n, 5) for n in range(2000)] + [sentence(n, 90) for n in range(2000, 4000)]
    data = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts).encode()
    (tmp_path / "texts").mkdir()
    if packed:
        (tmp_path / "texts" / "a.jsonl.gz").write_bytes(gzip.compress(data))
    else:
        (tmp_path / "texts" / "a.jsonl").write_bytes(data)
    plan = corpus_plan([tmp_path / "texts"])
    assert plan.sampled_documents < 400
    assert 0.6 < plan.documents_in / 4000 < 1.6
    assert 0.7 < plan.bytes_kept / sum(len(text.encode()) for text in texts[2000:]) < 1.4
    assert plan.dropped["num_units"] > 500
    assert plan.notes


def test_the_sample_is_the_same_each_time(tmp_path: Path) -> None:
    found = find_files([write_mixed_texts(tmp_path / "texts")], ReadingSettings())
    one, two = (sample_sources(found.files, ReadingSettings()) for _ in range(2))
    assert one.texts == two.texts
    assert one.refused == two.refused == {"not_json": 1, "text_is_no_string": 1}
    assert one.num_bytes == one.total_bytes


def test_packed_files_are_counted_by_what_they_unpack_to(tmp_path: Path) -> None:
    import bz2
    import lzma

    import zstandard

    data = "".join(sentence(n) for n in range(3000)).encode()
    for ending, pack in (
        (".gz", gzip.compress),
        (".bz2", bz2.compress),
        (".xz", lzma.compress),
        (".zst", zstandard.compress),
    ):
        (tmp_path / f"a.txt{ending}").write_bytes(pack(data))
    (tmp_path / "broken.txt.gz").write_bytes(gzip.compress(data)[:200] + b"broken" * 20)
    for file in find_files([tmp_path], ReadingSettings()).files:
        if "broken" not in file.name:
            assert expansion(file) * file.num_bytes == pytest.approx(len(data), rel=0.01)
        else:
            assert expansion(file) >= 1.0


def test_nothing_to_plan_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        corpus_plan([tmp_path / "nothing"])
    (tmp_path / "empty.jsonl").write_text("no json\n")
    with pytest.raises(DataError, match="no text was read"):
        corpus_plan([tmp_path])
