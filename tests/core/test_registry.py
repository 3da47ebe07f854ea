"""Tables of rows: loaded on first use, extended by entry points, and honest about what is missing."""

import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from danlu.core import registry
from danlu.core.errors import UsageError
from danlu.core.language import Text
from danlu.core.registry import Registry

NOUN = Text("thing", "东西")


def _table(**rows: str) -> Registry:
    return Registry("danlu.things", NOUN, rows)


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package adds the rows `theirs` and `ours`."""
    points = [EntryPoint(name, "json:loads", "danlu.things") for name in ("theirs", "ours")]
    monkeypatch.setattr(
        registry, "entry_points", lambda *, group: EntryPoints(points if group == "danlu.things" else [])
    )


def test_a_row_is_loaded_by_name() -> None:
    import json

    assert _table(writer="json:dumps").load("writer") is json.dumps


def test_listing_loads_nothing() -> None:
    assert _table(odd="a_module_that_does_not_exist:x").names() == ["odd"]
    assert "a_module_that_does_not_exist" not in sys.modules


@pytest.mark.usefixtures("added")
def test_entry_points_add_rows_and_replace_none() -> None:
    import json

    table = _table(ours="json:dumps")
    assert table.names() == ["ours", "theirs"]
    assert table.load("theirs") is json.loads
    assert table.load("ours") is json.dumps


def test_entry_points_of_other_groups_do_not_count() -> None:
    assert _table(a="json:dumps").names() == ["a"]


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown thing 'writter'") as refused:
        _table(writer="json:dumps", reader="json:loads").load("writter")
    assert "'writer'" in str(refused.value)


def test_a_missing_dependency_keeps_its_own_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "row_that_needs.py").write_text("import a_library_that_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError) as missing:
        _table(row="row_that_needs:x").load("row")
    assert missing.value.name == "a_library_that_is_not_there"
