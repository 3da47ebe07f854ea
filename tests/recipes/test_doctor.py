"""doctor tells what was measured and marks what is used."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from danlu.core.language import Text
from danlu.recipes import doctor as recipe
from danlu.recipes.doctor import doctor
from danlu.runtime import measure
from danlu.runtime.compile_check import CompileMeasure


@pytest.fixture(autouse=True)
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of a machine that is fast in bfloat16."""
    monkeypatch.setenv("DANLU_CACHE_DIR", str(tmp_path))
    rows = (("float32", 2, 80.0), ("bfloat16", 2, 150.0), ("float32", 1, 50.0), ("bfloat16", 1, 70.0))
    values = {
        "speeds": [{"mode": m, "num_threads": n, "gflops": g} for m, n, g in rows],
        "memory_gb_per_s": 8.0, "disk_mb_per_s": 300.0, "busy": False, "at": time.time(), "seconds": 2.0,
    }  # fmt: skip
    monkeypatch.setattr(measure, "_measure", lambda machine: values)


def test_the_table_marks_what_training_uses() -> None:
    events: list[Mapping[str, Any]] = []
    found = doctor(watch=events.append)
    assert [(row.mode, row.threads) for row in found.table if row.chosen] == [("bfloat16", 2)]
    assert [row.mode for row in found.table] == ["float32", "float32", "bfloat16", "bfloat16"]
    assert (found.dtype, found.threads, found.peak_gflops) == ("bfloat16", 2, 150.0)
    assert found.versions["torch"]
    assert {"dtype", "threads", "device", "source"} <= set(found.reasons)
    assert all(isinstance(reason, str) for reason in found.reasons.values())
    assert found.calibration_seconds == 2.0
    assert doctor().calibration_seconds == 0.0
    assert [event["done"] for event in events] == [False, True]
    json.dumps(asdict(found))


def test_compile_is_tried_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = Text("1.30 times as fast after 20 s", "编译 20 秒后速度为 1.30 倍")
    tried = CompileMeasure(works=True, compile_seconds=20, eager_seconds=1.3, compiled_seconds=1.0, reason=reason)
    monkeypatch.setattr(recipe, "measure_compile", lambda: tried)
    monkeypatch.setattr(measure, "find_compiler", lambda: "/usr/bin/c++")
    assert "not tried" in doctor().compile
    assert doctor(full=True).compile == "works: 1.30 times as fast after 20 s"
    monkeypatch.setattr(measure, "find_compiler", lambda: None)
    assert "no C++ compiler" in doctor(full=True).compile
