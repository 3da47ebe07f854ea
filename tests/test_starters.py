"""Every starter file is understood, and says what it is for in both languages."""

import re
from pathlib import Path

import pytest

import danlu
from danlu.core.settings import build, gather
from danlu.recipes.settings import settings_kind

STARTERS = sorted((Path(danlu.__file__).parent / "starters").glob("*.toml"))


@pytest.mark.parametrize("starter", STARTERS, ids=lambda path: path.name)
def test_a_starter_is_understood(starter: Path) -> None:
    tree = gather(file=starter)
    build(settings_kind(str(tree.get("arch", "gpt"))), tree)
    comment = starter.read_text(encoding="utf-8").partition("\n\n")[0]
    assert re.search("[\u4e00-\u9fff]", comment)
    assert f"--settings {starter.name}" in comment
