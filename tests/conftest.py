"""What every suite shares: failing examples that can be replayed, and a budget for each suite.

A suite that needs more than its budget is named in the summary of the run, above pytest's own
last line. A single test that hangs is ended by pytest's fault handler, with a traceback.
"""

from collections import defaultdict

import pytest
from hypothesis import settings

BUDGET_SECONDS = {
    "tidy": 90,
    "unit": 120,
    "property": 240,
    "contract": 60,
    "scenario": 480,
    "chaos": 420,
    "interop": 120,
}

settings.register_profile("change", deadline=None, print_blob=True)
settings.register_profile("soak", deadline=None, print_blob=True, max_examples=5_000)
settings.load_profile("change")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the suites that took longer than their budget, summed over the processes."""
    spent: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                spent[report.nodeid.removeprefix("tests/").split("/")[0]] += report.duration
    for suite, budget in BUDGET_SECONDS.items():
        if spent[suite] > budget:
            terminalreporter.write_line(
                f"{suite}: {spent[suite]:.0f} s, over its budget of {budget} s"
            )
