"""What all tests share: one language, one cache folder, few threads, no network, and the data beside the project."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from measured import MEASURED

# Before anything imports torch or a model library.
os.environ["DANLU_LANG"] = "en"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
PARALLEL = "PYTEST_XDIST_WORKER" in os.environ
if PARALLEL:
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"


SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# A suite that was started in the background (nohup, a job of a shell) inherits signals that are ignored; the commands that
# the tests start and interrupt would inherit them again.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# The same examples on each run, and no time limit for one of them: a busy machine is not a failure.
# To search further: pytest --hypothesis-profile=default
hypothesis.settings.register_profile("danlu", derandomize=True, deadline=None)
hypothesis.settings.load_profile("danlu")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real texts and tasks beside the repository; tests that read it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"needs the real data in {SHARED_DATA}, which is not on this machine")
    return SHARED_DATA


@pytest.fixture(scope="session", autouse=True)
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """danlu's cache of measurements, in a folder of this session: nothing of the user's is read or written."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DANLU_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture(autouse=True)
def few_threads() -> None:
    """Beside another worker, each test starts with one torch thread, whatever the test before it chose.

    And with denormal numbers: training flushes them to zero for the whole process, which hypothesis refuses to work with.
    """
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)
    if PARALLEL and torch is not None and torch.get_num_threads() != 1:
        torch.set_num_threads(1)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One table of all differences that passing tests noted with `record_property(MEASURED, (name, value))`."""
    passed = terminalreporter.stats.get("passed", [])
    rows = sorted(tuple(value) for report in passed for key, value in report.user_properties if key == MEASURED)
    if not rows:
        return
    terminalreporter.section(MEASURED)
    longest = max(len(name) for name, _ in rows)
    for name, difference in rows:
        terminalreporter.write_line(f"{name:<{longest}}  {difference:.1e}")
