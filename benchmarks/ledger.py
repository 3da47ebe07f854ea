"""Where benchmarks that take long keep their rows: one JSON object a line, with the commit, so that a queue can go on."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def commit() -> str:
    """The commit of the working tree, with + where files of the package differ from it."""
    here = Path(__file__).parent
    named = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=here, capture_output=True, text=True, check=True
    )
    changed = subprocess.run(["git", "status", "--porcelain", "--", "../src"], cwd=here, capture_output=True, text=True)
    return named.stdout.strip() + ("+" if changed.stdout.strip() else "")


def done(results: Path, names: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows of earlier runs by their values of `names`; the last one of each counts."""
    if not results.exists():
        return {}
    rows = map(json.loads, results.read_text(encoding="utf-8").splitlines())
    return {tuple(row[name] for name in names): row for row in rows}


def keep(results: Path, row: dict[str, Any]) -> None:
    """Adds a row."""
    with results.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
