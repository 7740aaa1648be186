"""README and quickstart, word by word: their commands run as they stand, in their order."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenario.kit import LIMIT_S, ROOT

DOCUMENTS = ("README.md", "docs/quickstart.md")
SET_UP = ("make venv", "make run", "make test")


def commands_of(document: str) -> list[str]:
    """Give the commands of a document's shell blocks, without those that set things up."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line not in SET_UP]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder like a fresh clone after `make venv`."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.pyc"))
    program = tmp_path / ".venv" / "bin" / "holdfast"
    program.parent.mkdir(parents=True)
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="{tmp_path}/src" exec {sys.executable} -m holdfast "$@"\n'
    )
    program.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_commands_of_a_document_run_as_they_stand(document: str, checkout: Path) -> None:
    commands = commands_of(document)
    assert commands
    for command in commands:
        done = subprocess.run(
            command, shell=True, cwd=checkout, env=dict(os.environ), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        assert "Traceback" not in done.stderr


def test_the_strategy_of_the_readme_is_the_example_that_it_names() -> None:
    shown = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert shown is not None
    assert shown.group(1).strip() in (ROOT / "src/holdfast/examples/hello.py").read_text()


def test_make_run_is_the_run_verb() -> None:
    assert "holdfast run $(ARGS)" in (ROOT / "Makefile").read_text()
