"""Which test exercises which documented command and reaches which exit code."""

# A command of README, CONTRIBUTING or docs/quickstart, as it stands there, to the test function
# that runs it. What only moves about (git clone, cd) is not listed.
COMMANDS: dict[str, str] = {
    "make check": "tests/tidy/test_tools.py::test_the_tool_finds_nothing",
    "make test": "tests/tidy/test_tools.py::test_ci_runs_the_test_command_of_the_readme",
    ".venv/bin/python -m tests.tidy.event_forms": (
        "tests/tidy/test_events.py::test_every_event_has_its_golden_form"
    ),
}
MOVES = ("git clone ", "cd ", "uv pip compile ")

# An exit code to the test in which the command line ends with it.
EXIT_CODES: dict[int, str] = {}
