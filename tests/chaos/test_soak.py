"""A short soak of faults: the long one is `make soak` (XCH-5, JNL-1)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scenario.kit import ROOT

ORDERS = 4_000
SECONDS = 110
LEAST_ORDERS = 500


def soak(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the soak as its users do, from a folder of its own."""
    return subprocess.run(
        [sys.executable, "-m", "soak", *map(str, arguments)],
        cwd=cwd,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=SECONDS + 120,
        check=False,
    )


def test_orders_through_faults_are_what_the_exchange_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = soak(
        "--orders", str(ORDERS), "--for", str(SECONDS), "--market", "60", "--out", "soak.json",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    told = json.loads((tmp_path / "soak.json").read_text())
    made = sum(told["orders"].values())
    with capsys.disabled():
        sys.stdout.write(f"\nsoak: {done.stdout.splitlines()[-1]}\n")
    assert made >= LEAST_ORDERS
    assert len(told["struck"]) >= 4
    assert told["failures"] == []


def test_a_soak_goes_on_where_its_evidence_stopped(tmp_path: Path) -> None:
    again = ("--orders", "1", "--market", "10", "--seed", "2", "--jobs", "1", "--out", "e.json")
    first = soak(*again, cwd=tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    told = json.loads((tmp_path / "e.json").read_text())
    second = soak(*again, cwd=tmp_path)
    assert f"going on after {sum(told['orders'].values())}" in second.stdout
    assert json.loads((tmp_path / "e.json").read_text())["episodes"] == told["episodes"]
    (tmp_path / "e.json").write_text(
        json.dumps(told | {"source_sha256": "of other code", "episodes": 77})
    )
    third = soak(*again, cwd=tmp_path)
    assert "going on" not in third.stdout
    assert json.loads((tmp_path / "e.json").read_text())["episodes"] == told["episodes"]


def test_one_episode_is_played_again_and_kept(tmp_path: Path) -> None:
    done = soak("--seed", "17", "--market", "10", "--keep", "wrong17", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith("; right")
    assert (tmp_path / "wrong17" / "journal.db").exists()
    again = soak("--seed", "17", "--keep", "wrong17", cwd=tmp_path)
    assert again.returncode == 2
    assert len(again.stderr.splitlines()) == 1


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    done = soak("--out", tmp_path / "no" / "e.json", cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "name a file in a folder" in done.stderr
