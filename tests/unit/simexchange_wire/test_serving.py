"""The simulated exchange as a program: its one line, its ends, its refusals to start."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from holdfast.errors import UsageError
from holdfast.simexchange.arguments import parse_speed

COMMAND = [sys.executable, "-m", "holdfast.simexchange"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3] / "src")}
LONGEST_S = 20


@contextmanager
def child(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start the program and see that it is gone afterwards."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=LONGEST_S)


def ready(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    found: dict[str, str] = json.loads(process.stdout.readline())
    return found


def test_it_prints_one_line_when_it_accepts_connections_and_ends_on_sigterm() -> None:
    with child() as process:
        line = ready(process)
        assert line["ready"] is True
        port = line["rest"].rpartition(":")[2]
        assert line["ws"] == f"ws://127.0.0.1:{port}"
        assert line["ws_api"] == f"ws://127.0.0.1:{port}/ws-api/v3"
        assert (line["usdm_rest"], line["usdm_ws"]) == (line["rest"], line["ws"])
        assert line["usdm_ws_api"] == f"ws://127.0.0.1:{port}/ws-fapi/v1"
        with urllib.request.urlopen(f"{line['rest']}/api/v3/ping", timeout=LONGEST_S) as answer:
            assert answer.read() == b"{}"
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=LONGEST_S)
        assert (process.returncode, rest, errors) == (0, "", "")


def test_ctrl_c_ends_it_with_130() -> None:
    with child() as process:
        ready(process)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONGEST_S)
        assert process.returncode == 130


def test_with_a_parent_it_ignores_ctrl_c_and_ends_with_its_input() -> None:
    with child("--exit-with-parent") as process:
        address = ready(process)["rest"]
        process.send_signal(signal.SIGINT)
        with urllib.request.urlopen(f"{address}/api/v3/ping", timeout=LONGEST_S) as answer:
            assert answer.status == 200
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        assert process.wait(timeout=LONGEST_S) == 0


def test_it_ends_when_its_parent_is_killed() -> None:
    starter = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen({COMMAND!r} + ['--exit-with-parent'],\n"
        "    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starter],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    watched = os.pidfd_open(pid)
    parent.kill()
    parent.communicate(timeout=LONGEST_S)
    ended, _, _ = select.select([watched], [], [], LONGEST_S)
    os.close(watched)
    assert ended


def refusal(*arguments: str, cwd: Path | None = None) -> tuple[int, str]:
    """Run it with wrong arguments; return its exit code and what it said."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        cwd=cwd,
        env=ENVIRONMENT,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, text = refusal("--port", str(port))
    assert code == 2
    assert text.count("\n") == 1
    assert f"--port {port} is in use" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--port", "70000"), "0 to 65535 would be right"),
        (("--port", "http"), "a whole number"),
        (("--speed", "fast"), "or max"),
        (("--window", "0"), "a whole number from 1"),
        (("--seed", "-1"), "a whole number from 0"),
        (("--faults", "absent.toml"), "cannot be read"),
        (("--accounts", "absent.toml"), "cannot be read"),
        (("--data", "absent.csv"), "absent.csv"),
    ],
)
def test_wrong_arguments_are_one_clear_line(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    code, text = refusal(*arguments, cwd=tmp_path)
    assert code == 2
    assert words in text
    assert text.count("\n") == 1
    assert "Traceback" not in text


def test_a_speed_is_a_positive_number_or_max() -> None:
    assert parse_speed("max") is None
    assert parse_speed("2.5") == 2.5
    for wrong in ("0", "-1", "nan", "inf", ""):
        with pytest.raises(UsageError):
            parse_speed(wrong)
