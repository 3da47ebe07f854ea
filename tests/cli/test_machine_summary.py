"""What doctor prints: units, the choice, and a warning when the machine was busy."""

import pytest

from danlu.cli.layout import display_width
from danlu.cli.summaries import summary

DIAGNOSIS = {
    "cpu": "A processor with a rather long name", "cores": 2, "flags": ["avx2", "fma"],
    "memory_available_bytes": 3e9, "memory_limit_bytes": 4e9, "memory_gb_per_s": 4.07, "disk_free_bytes": 8e10,
    "disk_mb_per_s": 144.3, "compile": "compiler: /usr/bin/g++ (not tried)", "versions": {"danlu": "0.1.0"},
    "table": [{"mode": "float32", "threads": 2, "gflops": 21.6, "chosen": True}],
    "reasons": {"dtype": "the fastest that was measured"}, "busy": True,
}  # fmt: skip


@pytest.mark.parametrize("tongue", ["en", "zh"])
@pytest.mark.parametrize("width", [40, 80])
def test_the_lines_of_doctor(tongue: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANLU_LANG", tongue)
    lines = summary("doctor", DIAGNOSIS, width)
    assert all(display_width(line) <= width for line in lines)
    shown = "\n".join(lines)
    assert "3.00 GB" in shown
    assert "21.6  float32" in shown
    assert "danlu doctor --fresh" in " ".join(shown.split())
    assert "--fresh" not in "\n".join(summary("doctor", {**DIAGNOSIS, "busy": False}, width))
