"""Shows what the contracts measured: the largest difference from transformers, row by row."""

import pytest

MEASURED = "largest difference from transformers"


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
