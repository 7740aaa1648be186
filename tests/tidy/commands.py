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
_UNIT = "tests/unit/cli/test_exit_codes.py::"
_TREE = f"{_UNIT}test_an_error_ends_the_command_with_the_code_that_the_tree_says"
EXIT_CODES: dict[int, str] = {
    0: f"{_UNIT}test_a_command_that_succeeds_ends_with_0",
    **dict.fromkeys(range(1, 7), _TREE),
    130: f"{_UNIT}test_ctrl_c_ends_a_command_with_130",
}
