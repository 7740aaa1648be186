"""The Makefile makes its own environment on a bare machine, asks nothing, and is fast again.

Python, apt-get and sudo are stand-ins that write down how they were called.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT

STAND_IN = """#!/bin/bash
echo "$(basename "$0") $*" >> "$CALLS"
case "$*" in
  *ensurepip*) [ -z "${BARE:-}" ];;
  *sys.exit*) [ -z "${OLD:-}" ];;
  *print*) echo python3.11-venv;;
  "-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python;;
esac
"""
SUDO = '#!/bin/bash\necho "sudo $*" >> "$CALLS"\n[ -z "${DENIED:-}" ] && shift && exec "$@"\n'
ID = '#!/bin/bash\necho "${USER_ID:-0}"\n'


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in {
        "python3.11": STAND_IN,
        "python3.12": STAND_IN,
        "python3.13": STAND_IN,
        "python3": STAND_IN,
        "apt-get": STAND_IN,
        "sudo": SUDO,
        "id": ID,
    }.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def _make(root: Path, target: str, **env: str) -> tuple[int, str, list[str]]:
    calls = root / "calls"
    calls.unlink(missing_ok=True)
    verdict = subprocess.run(
        ["make", target],
        cwd=root,
        env={"PATH": f"{root / 'tools'}:{os.environ['PATH']}", "CALLS": str(calls), **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    said = calls.read_text().splitlines() if calls.exists() else []
    return verdict.returncode, verdict.stdout, said


def test_venv_installs_what_the_trader_needs_and_nothing_else(bare: Path) -> None:
    code, output, calls = _make(bare, "venv")
    assert code == 0, output
    installs = [call for call in calls if "pip install" in call]
    assert "--require-hashes" in installs[0]
    assert "requirements/run.txt" in installs[0]
    assert "--no-build-isolation" in installs[1]
    assert not [call for call in calls if "test.txt" in call or "apt-get" in call]


def test_bench_hands_on_what_to_measure_and_where_to_write(bare: Path) -> None:
    _, output, calls = _make(bare, "bench", ONLY="journal", OUT="rows.json")
    assert calls[-1] == "python -m bench --only journal --out rows.json", output
    _, output, calls = _make(bare, "bench")
    assert calls[-1] == "python -m bench", output


def test_soak_hands_on_how_many_orders_and_where_to_write(bare: Path) -> None:
    _, output, calls = _make(bare, "soak", ORDERS="500", OUT="soak.json")
    assert calls[-1] == "python -m soak --orders 500 --out soak.json", output
    _, output, calls = _make(bare, "soak")
    assert calls[-1] == "python -m soak", output


def test_run_and_test_hand_on_their_arguments(bare: Path) -> None:
    _make(bare, "venv")
    program = bare / ".venv/bin/holdfast"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    assert _make(bare, "run", ARGS="--for 5s")[2][-1] == "holdfast run --for 5s"
    asked = _make(bare, "test", ARGS="-k journal")[2][-1]
    assert asked == "python -m pytest -n 2 --dist worksteal -k journal"


def test_a_second_venv_does_nothing(bare: Path) -> None:
    _make(bare, "venv")
    code, output, calls = _make(bare, "venv")
    assert code == 0
    assert not [call for call in calls if "-m" in call], output


def test_changed_requirements_make_the_environment_anew(bare: Path) -> None:
    _make(bare, "venv")
    stamp = bare / ".venv/.run"
    os.utime(stamp, (1, 1))
    _, _, calls = _make(bare, "venv")
    assert [call for call in calls if "-m venv --clear" in call]


def test_root_gets_the_missing_package_without_a_question(bare: Path) -> None:
    _, _, calls = _make(bare, "venv", BARE="1")
    assert "apt-get install -y -qq python3.11-venv" in calls
    assert not [call for call in calls if call.startswith("sudo")]


def test_a_user_with_sudo_gets_the_missing_package(bare: Path) -> None:
    _, _, calls = _make(bare, "venv", BARE="1", USER_ID="1000")
    assert "sudo -n apt-get install -y -qq python3.11-venv" in calls


def test_a_user_without_sudo_is_told_the_name_of_the_package(bare: Path) -> None:
    code, output, calls = _make(bare, "venv", BARE="1", USER_ID="1000", DENIED="1")
    assert code != 0
    assert "install the package python3.11-venv" in output
    assert not [call for call in calls if "venv --clear" in call]


def test_a_machine_without_a_new_python_is_told_so(bare: Path) -> None:
    code, output, _ = _make(bare, "venv", OLD="1")
    assert code != 0
    assert "Python 3.11 or newer is needed" in output
