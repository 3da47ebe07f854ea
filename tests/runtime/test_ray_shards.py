"""The executor on Ray. One test starts it, for that takes ten seconds; it skips where the extra `ray` is not installed."""

import importlib.util
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from danlu.core.errors import DataError, UsageError, WorkerLostError
from danlu.core.language import Text
from danlu.runtime.shards import Workers, run_shards, session

ON_RAY = Workers(executor="ray", count=2)
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="the extra ray is not installed")


def work(task: str) -> Mapping[str, Any]:
    if task == "refuse":
        raise DataError(Text("bad", "有误"), got=1, allowed=Text("good", "正确"), fix=Text("mend", "修复"))
    if task == "die":
        os._exit(9)
    return {"task": task, "environment": {name: os.environ.get(name) for name in ("RAY_USAGE_STATS_ENABLED",)}}


def _settings() -> list[str | None]:
    return [
        os.environ.get(name) for name in ("PYTHONPATH", "RAY_USAGE_STATS_ENABLED", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN")
    ]


@needs_ray
@pytest.mark.serial
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # Ray leaves its processes' pipes to the collector
def test_results_errors_and_deaths_come_as_from_other_executors(tmp_path: Path) -> None:
    before = _settings(), set(Path(tempfile.gettempdir()).glob("danlu-ray-*"))
    with session(ON_RAY, __name__):
        found = list(run_shards(work, ["b", "a", "c"], ON_RAY, marks=tmp_path / "marks"))
        assert [result["task"] for result in found] == ["b", "a", "c"]
        assert found[0]["environment"] == {"RAY_USAGE_STATS_ENABLED": "0"}
        assert len(list((tmp_path / "marks").glob("*.json"))) == 3
        with pytest.raises(DataError) as caught:
            list(run_shards(work, ["a", "refuse", "b"], ON_RAY))
        assert caught.value.render("zh").startswith("有误")
        with pytest.raises(WorkerLostError):
            list(run_shards(work, ["die"], ON_RAY))
    import ray

    assert not ray.is_initialized()
    assert (_settings(), set(Path(tempfile.gettempdir()).glob("danlu-ray-*"))) == before


def test_without_the_package_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match="pip install 'danlu\\[ray\\]'"):
        list(run_shards(work, ["a"], ON_RAY))
