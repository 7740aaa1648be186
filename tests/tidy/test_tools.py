"""The tools agree: format, lint and types, and CI runs the command of the README."""

import re
import subprocess
import sys

import pytest

from tests.tidy.tree import ROOT, texts

TOOLS = [
    ["ruff", "format", "--check", "."],
    ["ruff", "check", "."],
    ["mypy"],
]


@pytest.mark.parametrize("command", TOOLS, ids=" ".join)
def test_the_tool_finds_nothing(command: list[str]) -> None:
    verdict = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert verdict.returncode == 0, verdict.stdout[-4000:] + verdict.stderr[-1000:]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert re.search(r"^exec make test$", texts()[".ci/run"], re.MULTILINE)
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


@pytest.mark.parametrize(
    "target", ["venv", "run", "test", "check", "bench", "soak", "fmt", "clean"]
)
def test_the_makefile_explains_its_target(target: str) -> None:
    assert re.search(rf"^{target}:.*## \S", texts()["Makefile"], re.MULTILINE)


def test_check_runs_every_tool() -> None:
    recipe = texts()["Makefile"].split("\ncheck:")[1].split("\n\n")[0]
    for command in TOOLS:
        assert " ".join(command) in recipe
    assert "lint-imports" in recipe
    assert "tests/tidy" in recipe
