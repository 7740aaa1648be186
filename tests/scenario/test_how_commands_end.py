"""A command ends with its documented code and one line; people and scripts both read that."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HOLDFAST = [sys.executable, "-m", "holdfast"]
PATIENCE = 60


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*HOLDFAST, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("traded")
    ended = _run(
        folder, "run", "--mode", "replay", "--for", "60s", "--journal", "a.db", "--json"
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["journal"]["verified"]
    return folder


def test_a_whole_journal_is_verified_with_0(traded: Path) -> None:
    ended = _run(traded, "journal", "verify", "a.db", "--json")
    assert ended.returncode == 0
    assert json.loads(ended.stdout)


def test_a_damaged_journal_ends_with_1_and_names_the_place(traded: Path) -> None:
    damaged = traded / "damaged.db"
    content = bytearray((traded / "a.db").read_bytes())
    at = content.rindex(b"BTCUSDT")
    content[at] ^= 1
    damaged.write_bytes(content)
    ended = _run(traded, "journal", "verify", "damaged.db")
    assert ended.returncode == 1
    assert "damaged.db" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--nope"],
        ["journal"],
        ["sell-everything"],
        [],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_one_line(tmp_path: Path, arguments: list[str]) -> None:
    ended = _run(tmp_path, *arguments)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.splitlines()[-1].startswith("holdfast")
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir()), "half an effect"


def test_a_data_file_that_is_not_there_ends_with_2_and_its_name(tmp_path: Path) -> None:
    ended = _run(tmp_path, "run", "--data", "nothing.csv")
    assert ended.returncode == 2
    assert "nothing.csv" in ended.stderr
    assert not list(tmp_path.glob("runs/*/*")), "half an effect"


@pytest.mark.parametrize("verb", ["verify", "state", "show"])
def test_a_journal_that_is_not_there_ends_with_3(tmp_path: Path, verb: str) -> None:
    ended = _run(tmp_path, "journal", verb, "nothing.db")
    assert ended.returncode == 3
    assert "nothing.db" in ended.stderr
    assert not list(tmp_path.iterdir())


def test_a_command_to_no_trader_ends_with_3(tmp_path: Path) -> None:
    ended = _run(tmp_path, "pause", "--socket", "nobody.sock", "--reason", "lunch")
    assert ended.returncode == 3
    assert "nobody.sock" in ended.stderr


def test_following_a_journal_is_ended_by_ctrl_c_with_130(traded: Path) -> None:
    with subprocess.Popen(
        [*HOLDFAST, "journal", "show", "a.db", "--follow"],
        cwd=traded,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as following:
        assert following.stdout is not None
        assert following.stdout.readline()
        following.send_signal(signal.SIGINT)
        _, said = following.communicate(timeout=PATIENCE)
    assert following.returncode == 130
    assert "Traceback" not in said
