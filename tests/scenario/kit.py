"""The program as its users run it: as processes, with their exit codes and what they print."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from holdfast.domain.money import canonical

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 240
TREND = "holdfast.examples.trend:Trend"
QUOTES = "holdfast.examples.quotes:Quotes"
DATA = Path(os.environ.get("HOLDFAST_DATA", ROOT.parent / "shared" / "data"))


def needs(path: str) -> Path:
    """Give a recorded file, or skip with the reason."""
    file = DATA / path
    if not file.exists():
        pytest.skip(f"no recorded market {path}; HOLDFAST_DATA names the folder that has it")
    return file


def start(
    *arguments: str | Path, cwd: Path, stdout: Any = subprocess.PIPE, **options: Any
) -> subprocess.Popen[bytes]:
    """Start the program."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT / "src"))
    return subprocess.Popen(
        [sys.executable, "-m", "holdfast", *map(str, arguments)],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        **options,
    )


class Done:
    """How a program ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def json(self) -> dict[str, Any]:
        """Give its one object of standard output."""
        assert self.code == 0, self.err
        answer: dict[str, Any] = json.loads(self.out)
        return answer


def finish(process: subprocess.Popen[bytes]) -> Done:
    """Wait for a program's end; one that hangs is ended by its pid and fails the test."""
    try:
        out, err = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Done(process.returncode, (out or b"").decode(), err.decode())


def holdfast(*arguments: str | Path, cwd: Path) -> Done:
    """Run the program to its end."""
    return finish(start(*arguments, cwd=cwd))


def refused(*arguments: str | Path, cwd: Path) -> tuple[int, str]:
    """Run what must be refused: one line on standard error, nothing on standard output."""
    done = holdfast(*arguments, cwd=cwd)
    lines = done.err.splitlines()
    assert done.out == ""
    assert len(lines) == 1, done.err
    assert "Traceback" not in done.err
    assert "internal error" not in done.err
    return done.code, lines[0].removeprefix("holdfast: ")


@contextmanager
def exchange(*arguments: str | Path, cwd: Path) -> Iterator[str]:
    """Serve the simulated exchange on a free port while the test runs; gives its URL."""
    process = start("sim", "serve", *arguments, cwd=cwd)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate()[1].decode()
        yield json.loads(line)["rest"]
    finally:
        process.send_signal(signal.SIGTERM)
        finish(process)


def truth(url: str) -> dict[str, Any]:
    """Ask the simulated exchange what really happened."""
    with urllib.request.urlopen(f"{url}/sim/truth?account=demo", timeout=10) as answer:
        told: dict[str, Any] = json.load(answer)
        return told


def totals(told: dict[str, Any]) -> dict[str, str]:
    """Give the exchange's balances, free and locked together, as plain decimal text."""
    return {
        held["asset"]: canonical(Decimal(held["free"]) + Decimal(held["locked"]))
        for held in told["balances"]
    }


def pairs(items: Sequence[str], option: str) -> list[str]:
    """Give an option once for each item."""
    return [word for item in items for word in (option, item)]
