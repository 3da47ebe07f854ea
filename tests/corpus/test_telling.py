"""A build tells how far it is and how long it will still take."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from danlu.corpus.pipeline import CorpusRuntime, CorpusSettings, build_corpus
from danlu.corpus.settings import ReadingSettings

SETTINGS = CorpusSettings(reading=ReadingSettings(shard_bytes=2048))


def folder_of(tmp_path: Path) -> Path:
    (tmp_path / "texts").mkdir()
    lines = [json.dumps({"text": f"文章 {number}，" + "山水" * (number % 90)}) for number in range(60)]
    (tmp_path / "texts" / "a.jsonl").write_text("\n".join(lines))
    (tmp_path / "texts" / "b.txt").write_text("一本小书。\n" * 50)
    return tmp_path / "texts"


def told(folder: Path, out: Path) -> list[Mapping[str, Any]]:
    events: list[Mapping[str, Any]] = []
    build_corpus([folder], out, SETTINGS, CorpusRuntime(executor="here"), watch=events.append)
    return events


def test_bytes_reach_the_total_in_both_passes_with_the_time_left(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    events = told(folder, tmp_path / "out")
    total = sum(path.stat().st_size for path in folder.iterdir())
    for kind in ("corpus_read", "corpus_written"):
        rows = [event for event in events if event["event"] == kind]
        assert len(rows) > 5
        assert [row["done"] for row in rows] == list(range(1, rows[0]["of"] + 1))
        assert [row["bytes_done"] for row in rows] == sorted(row["bytes_done"] for row in rows)
        assert rows[-1]["bytes_done"] == rows[-1]["bytes_total"] == total
        assert all(row["seconds_left"] >= 0 for row in rows)
    kinds = [event["event"] for event in events]
    assert kinds.index("corpus_deciding") == kinds.index("corpus_written") - 1
    assert [event for event in events if event["event"] == "corpus_written"][-1]["seconds_left"] == 0


def test_what_a_killed_build_had_read_does_not_count_as_speed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("danlu.corpus.passes.decide", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            told(folder, tmp_path / "out")
    rows = [event for event in told(folder, tmp_path / "out") if event["event"] == "corpus_read"]
    assert {row["seconds_left"] for row in rows} == {None}
