"""Spinning is bounded before torch is there, and never against the user's own choice."""

import os
import sys

import pytest

from danlu.runtime.threads import SPINS, bound_spinning


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not imported torch, with no variable set."""
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("early")
def test_spinning_is_bounded_once() -> None:
    assert bound_spinning()
    assert os.environ["GOMP_SPINCOUNT"] == SPINS
    assert not bound_spinning()


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("name", ["GOMP_SPINCOUNT", "OMP_WAIT_POLICY"])
def test_the_users_choice_stays(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "active")
    assert not bound_spinning()
    assert os.environ[name] == "active"


@pytest.mark.usefixtures("early")
def test_it_is_too_late_after_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", os)
    assert not bound_spinning()
    assert "GOMP_SPINCOUNT" not in os.environ
