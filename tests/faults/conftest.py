"""One server that forks danlu commands, and the text that they read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from forked_danlu import ForkedDanlu
from tiny_texts import tiny_text


@pytest.fixture(scope="module")
def danlu(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Iterator[ForkedDanlu]:
    """Runs commands in a folder that holds text.txt."""
    here = tmp_path_factory.mktemp("runs")
    (here / "text.txt").write_text(tiny_text(), encoding="utf-8")
    server = ForkedDanlu(here)
    yield server
    server.close()
