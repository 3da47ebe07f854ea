"""Labelled texts and scored pairs from files, packed or not; what cannot be read is named with its line."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from danlu.core.errors import DataError, UsageError
from danlu.recipes.labelled import read_labelled, read_pairs

ROWS = [{"text": "炉火已燃。", "label": "zh"}, {"text": "The furnace is lit.", "label": "en"}]


def write(path: Path, rows: list[object], pack: Callable[[bytes], bytes] = bytes) -> Path:
    path.write_bytes(pack("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()))
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_packed_or_not_the_rows_are_the_same(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    found = read_labelled(write(tmp_path / "rows", list(ROWS), pack))
    assert found.texts == [row["text"] for row in ROWS]
    assert found.labels == ["zh", "en"]


def test_fields_have_other_names_and_labels_may_be_numbers(tmp_path: Path) -> None:
    path = write(tmp_path / "rows", [{"title": "a", "kind": 3}, {"title": "b", "kind": True}])
    assert read_labelled(path, text="title", label="kind").labels == ["3", "True"]


def test_a_mark_at_the_front_and_empty_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(ROWS[0]).encode() + b"\r\n\r\n" + json.dumps(ROWS[1]).encode())
    assert len(read_labelled(path).texts) == 2


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b"[1, 2]",
        b'{"text": "a"}',
        b'{"text": 1, "label": "a"}',
        b'{"text": "a", "label": null}',
        b'{"text": "a", "label": [1]}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_line_that_will_not_do_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "rows"
    path.write_bytes(json.dumps(ROWS[0]).encode() + b"\n" + line + b"\n")
    with pytest.raises(DataError, match="line 2 of"):
        read_labelled(path)


def test_a_damaged_pack_is_an_error_and_so_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.gz"
    path.write_bytes(gzip.compress(json.dumps(ROWS[0]).encode() * 50)[:-9])
    with pytest.raises(DataError):
        read_labelled(path)
    for missing in (tmp_path / "none", tmp_path):
        with pytest.raises(UsageError, match="there is no file"):
            read_labelled(missing)


def test_pairs_have_finite_scores(tmp_path: Path) -> None:
    found = read_pairs(write(tmp_path / "pairs", [{"a": "x", "b": "y", "score": 3}, {"a": "", "b": "y", "score": 0.5}]))
    assert (found.first, found.second, found.scores) == (["x", ""], ["y", "y"], [3.0, 0.5])
    for score in ("NaN", '"3"', "true", "null"):
        path = tmp_path / "wrong"
        path.write_text(f'{{"a": "x", "b": "y", "score": {score}}}', encoding="utf-8")
        with pytest.raises(DataError, match="line 1 of"):
            read_pairs(path)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text(), st.text()), max_size=8))
def test_what_is_written_comes_back(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    path = tmp_path / "rows"
    path.write_text("".join(json.dumps({"text": a, "label": b}) + "\n" for a, b in rows), encoding="utf-8")
    found = read_labelled(path)
    assert list(zip(found.texts, found.labels, strict=True)) == rows
