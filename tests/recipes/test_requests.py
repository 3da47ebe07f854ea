"""What the user asked for, as one tree."""

from pathlib import Path

import pytest

from danlu.core.errors import UsageError
from danlu.recipes.requests import check_folder, check_sources, requested_tree


def _tree(**options: object) -> dict[str, object]:
    return requested_tree(duration=None, settings_file=None, overrides=(), options=options)


def test_without_a_budget_ten_minutes() -> None:
    assert _tree() == {"budget": {"seconds": 600.0}}


def test_flags() -> None:
    assert _tree(steps="64k", seed=0, size=200_000, tokenizer="char", arch=None) == {
        "seed": 0,
        "size": "200000",
        "tokenizer": {"kind": "char"},
        "budget": {"steps": 64_000},
    }


def test_overrides_go_over_flags_and_flags_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text("seed = 1\narch = 'lstm'\n[budget]\nseconds = 9.0\n[training]\nema = 0.5\n")
    tree = requested_tree(
        duration="1m",
        settings_file=file,
        overrides=["arch=gru", "training.ema=0.9"],
        options={"seed": 2, "arch": "gpt"},
    )
    assert tree == {"seed": 2, "arch": "gru", "budget": {"seconds": 60.0}, "training": {"ema": 0.9}}


def test_a_finished_tokenizer_is_named_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    assert _tree(tokenizer=str(tmp_path), steps=1) == {"tokenizer_folder": str(tmp_path), "budget": {"steps": 1}}


def test_sources_must_exist(tmp_path: Path) -> None:
    check_sources([tmp_path])
    with pytest.raises(UsageError, match="missing"):
        check_sources([tmp_path, tmp_path / "missing"])
    with pytest.raises(UsageError, match="no text"):
        check_sources([])


@pytest.mark.parametrize("inside", ["texts", "texts/run", "texts/a/b"])
def test_a_run_does_not_lie_in_its_text(tmp_path: Path, inside: str) -> None:
    (tmp_path / "texts").mkdir()
    with pytest.raises(UsageError, match="inside the text"):
        check_folder(tmp_path / inside, [tmp_path / "texts"])
    check_folder(tmp_path / "texts-run", [tmp_path / "texts"])
