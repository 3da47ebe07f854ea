"""Strings of bytes that stood before in the corpus: the first stays, whole characters go, and memory is bounded."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.errors import DataError
from danlu.corpus.pieces import without
from danlu.corpus.pipeline import CorpusRuntime, CorpusSettings, build_corpus
from danlu.corpus.repeated_substrings import check_memory, repeated_ranges
from danlu.corpus.settings import DuplicateSettings
from danlu.corpus.store import open_corpus


def cut(texts: list[str], least: int) -> list[str]:
    found = repeated_ranges([pa.array(texts, pa.large_string())], np.ones(len(texts), bool), least)
    return [without(text, "substrings", found.get(place, [])).text for place, text in enumerate(texts)]


def test_the_first_stays_and_whole_characters_go() -> None:
    notice = "本站内容未经许可不得转载，违者必究。"
    left = cut([f"甲{notice}乙", f"丙丙{notice}丁丁", "没有重复的一篇"], 20)
    assert left == [f"甲{notice}乙", "丙丙丁丁", "没有重复的一篇"]
    assert cut(["abc" + "x" * 5, "yyyy"], 8) == ["abcxxxxx", "yyyy"]


@given(st.lists(st.text(alphabet="ab字", max_size=30), min_size=1, max_size=4), st.integers(3, 8))
def test_no_long_string_of_a_later_text_stood_in_the_first(texts: list[str], least: int) -> None:
    left = cut(texts, least)
    for text, short in zip(texts, left, strict=True):
        assert len(short) <= len(text)
        letters = iter(text)
        assert all(letter in letters for letter in short)
    data = texts[0].encode()
    if len({data[at : at + least] for at in range(len(data) - least + 1)}) == max(0, len(data) - least + 1):
        assert left[0] == texts[0]


def test_more_than_the_memory_is_refused() -> None:
    check_memory(2**20, DuplicateSettings(substring_memory=64))
    with pytest.raises(DataError, match="substrings need 200 MB"):
        check_memory(10 * 2**20, DuplicateSettings(substring_memory=64))


def test_a_build_cuts_and_records(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    notice = "The quick brown fox jumps over the lazy dog and runs away from here."
    for number in range(3):
        (tmp_path / "in" / f"{number}.txt").write_text(f"{number * 11} own text {notice} end {number * 7}\n")
    settings = CorpusSettings(
        preset="minimal", valid_share=0.0, duplicates=DuplicateSettings(pieces="substrings", substring_bytes=50)
    )
    build_corpus([tmp_path / "in"], tmp_path / "out", settings, CorpusRuntime(executor="here"))
    rows = [row for table in open_corpus(tmp_path / "out").tables("documents") for row in table.to_pylist()]
    assert [notice in row["text"] for row in rows] == [True, False, False]
    assert ["repeated_substrings:1" in row["edits"] for row in rows] == [False, True, True]
