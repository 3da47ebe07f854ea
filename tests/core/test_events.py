"""Logs that are only appended to: torn lines, cuts, failing disks."""

import errno
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danlu.core.errors import ArtifactError, DiskError
from danlu.core.events import EventLog, ignore, read_events


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a log goes."""
    return tmp_path / "new" / "events.jsonl"


def test_what_is_appended_is_read(path: Path) -> None:
    log = EventLog(path)
    log.append({"event": "a", "text": "丹炉\n", "pair": (1, 2.5), "none": None})
    log.append({"event": "b"}, durable=True)
    assert list(read_events(path)) == [{"event": "a", "text": "丹炉\n", "pair": [1, 2.5], "none": None}, {"event": "b"}]
    assert log.size() == path.stat().st_size


def test_a_log_that_is_opened_again_goes_on(path: Path) -> None:
    for name in "abc":
        EventLog(path).append({"event": name})
    assert [e["event"] for e in read_events(path)] == ["a", "b", "c"]


def test_what_is_no_number_in_json_becomes_words(path: Path) -> None:
    EventLog(path).append({"event": "a", "loss": float("nan"), "deep": {"x": [float("inf"), -float("inf")]}})
    assert list(read_events(path)) == [{"event": "a", "loss": "nan", "deep": {"x": ["inf", "-inf"]}}]


def test_a_missing_log_has_no_events(path: Path) -> None:
    assert list(read_events(path)) == []


@given(st.integers(1, 30))
def test_a_torn_last_line_is_left_out_and_cut_off(tmp_path_factory: pytest.TempPathFactory, lost: int) -> None:
    path = tmp_path_factory.mktemp("torn") / "events.jsonl"
    log = EventLog(path)
    log.append({"event": "a"})
    kept = log.size()
    log.append({"event": "b", "text": "丹炉丹炉丹炉"})
    path.write_bytes(path.read_bytes()[:-lost])
    assert [e["event"] for e in read_events(path)] == ["a"]
    again = EventLog(path)
    assert again.size() == kept
    again.append({"event": "c"})
    assert [e["event"] for e in read_events(path)] == ["a", "c"]


def test_a_cut_drops_what_is_behind(path: Path) -> None:
    log = EventLog(path)
    log.append({"event": "a"})
    size = log.size()
    log.append({"event": "b"})
    log.cut(size)
    log.append({"event": "c"})
    assert [e["event"] for e in read_events(path)] == ["a", "c"]


def test_a_cut_behind_the_end_adds_nothing(path: Path) -> None:
    log = EventLog(path)
    log.append({"event": "a"})
    log.cut(10_000)  # the machine lost power, and with it lines that a checkpoint had counted
    log.append({"event": "b"})
    assert b"\0" not in path.read_bytes()
    assert [e["event"] for e in read_events(path)] == ["a", "b"]


@pytest.mark.parametrize("line", [b"{]", b"\0\0\0", b"[1]", b"3", b'{"other": 1}', b"\xff"])
def test_a_damaged_line_in_the_middle_is_named(path: Path, line: bytes) -> None:
    log = EventLog(path)
    log.append({"event": "a"})
    path.write_bytes(path.read_bytes() + line + b"\n" + b'{"event": "b"}\n')
    with pytest.raises(ArtifactError, match="line 2"):
        list(read_events(path))


def test_a_full_disk_leaves_no_half_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = EventLog(path)
    log.append({"event": "a"})

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(DiskError):
            log.append({"event": "b"}, durable=True)
    log.append({"event": "c"}, durable=True)
    assert [e["event"] for e in read_events(path)] == ["a", "c"]


def test_lines_are_whole_json(path: Path) -> None:
    EventLog(path).append({"event": "a", "text": "line one\nline two\u2028three"})
    assert len(path.read_bytes().splitlines()) == 1
    assert json.loads(path.read_bytes())["text"].startswith("line one")


def test_looking_away() -> None:
    assert ignore({"event": "a"}) is None  # type: ignore[func-returns-value]
