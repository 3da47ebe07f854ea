"""Compiling is chosen where its seconds come back within the run, and the choice says why."""

from pathlib import Path

import pytest

from danlu.runtime import compiling
from danlu.runtime.compiling import CACHE_VARIABLE, choose_compile, remember_compiled, use_own_cache

SHAPE = {"arch": "gpt", "width": 64}


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DANLU_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compiling, "find_compiler", lambda: "c++")


def test_long_runs_compile_and_short_ones_do_not() -> None:
    short = choose_compile("auto", shape=SHAPE, train_seconds=60.0, by_clock=True)
    long = choose_compile("auto", shape=SHAPE, train_seconds=3600.0, by_clock=True)
    assert (short.compile, long.compile) == (False, True)
    assert "60 s" in short.reason.en
    assert long.seconds > 0


def test_what_was_compiled_here_before_costs_little(tmp_path: Path) -> None:
    (tmp_path / "compiled").mkdir()
    remember_compiled(SHAPE, 24.0)
    assert choose_compile("auto", shape=SHAPE, train_seconds=120.0, by_clock=True).compile
    # by steps the result must not depend on what ran before
    assert not choose_compile("auto", shape=SHAPE, train_seconds=120.0, by_clock=False).compile
    assert not choose_compile("auto", shape={**SHAPE, "width": 96}, train_seconds=120.0, by_clock=True).compile
    (tmp_path / "compiled").rmdir()
    assert not choose_compile("auto", shape=SHAPE, train_seconds=120.0, by_clock=True).compile


def test_the_users_word_counts_and_a_missing_compiler_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_compile("on", shape=SHAPE, train_seconds=1.0, by_clock=True).compile
    assert not choose_compile("off", shape=SHAPE, train_seconds=1e6, by_clock=True).compile
    monkeypatch.setattr(compiling, "find_compiler", lambda: None)
    assert not choose_compile("auto", shape=SHAPE, train_seconds=1e6, by_clock=True).compile


def test_the_compilers_cache_is_danlus_own_unless_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    use_own_cache()
    assert compiling.os.environ[CACHE_VARIABLE] == str(tmp_path / "compiled")
    monkeypatch.setenv(CACHE_VARIABLE, "/elsewhere")
    use_own_cache()
    assert compiling.os.environ[CACHE_VARIABLE] == "/elsewhere"
