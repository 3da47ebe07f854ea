"""A folder appears whole or not at all, whatever a killed process left behind."""

from pathlib import Path

import pytest

from danlu.core.artifacts import folder_lock
from danlu.core.errors import FolderInUseError
from danlu.recipes.beside import written_beside


def test_it_appears_at_the_end_without_what_was_left_before(tmp_path: Path) -> None:
    left = tmp_path / ".out.part"
    (left / "inner").mkdir(parents=True)
    (left / "old.txt").write_text("old")
    with written_beside(tmp_path / "out") as part:
        (part / "new.txt").write_text("new")
        assert not (tmp_path / "out").exists()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["new.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def killed() -> None:
        with written_beside(tmp_path / "out") as part:
            (part / "new.txt").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert list(tmp_path.iterdir()) == []


def test_another_process_at_work_is_left_alone(tmp_path: Path) -> None:
    with folder_lock(tmp_path / ".out.part"):
        (tmp_path / ".out.part" / "theirs.txt").write_text("theirs")
        with pytest.raises(FolderInUseError), written_beside(tmp_path / "out"):
            pass
        assert (tmp_path / ".out.part" / "theirs.txt").exists()
