"""torch.compile is tried where a compiler is, and never takes the process along."""

import pytest

from danlu.runtime import compile_check
from danlu.runtime.compile_check import measure_compile


def test_without_a_compiler_nothing_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_check, "find_compiler", lambda: None)
    found = measure_compile()
    assert not found.works
    assert found.speed_up == 0.0
    assert "compiler" in found.reason.en


def test_what_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_check, "find_compiler", lambda: "c++")
    found = measure_compile(timeout_seconds=0.05)
    assert not found.works
    assert "0 s" in found.reason.en
