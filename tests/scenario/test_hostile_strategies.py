"""Strategies that do what they should not: each is stopped alone, and the run ends in order."""

import json
import signal
import textwrap
from pathlib import Path

import pytest

from tests.scenario.kit import Done, finish, holdfast, start

HEAD = """
import asyncio, sys
from holdfast import Strategy

class Odd(BaseException):
    pass

class Mine(Strategy):
    count = 0

    def trade(self, trade):
        self.count += 1
        if self.count == 20:
            return self.go(trade)
"""


def replay(tmp_path: Path, body: str) -> Done:
    """Replay some seconds with a strategy that has this in its class."""
    path = tmp_path / "mine.py"
    path.write_text(HEAD + textwrap.indent(textwrap.dedent(body), "    "))
    return holdfast(
        *("run", "--mode", "replay", "--for", "20s", "--json", "--strategy", f"{path}:Mine"),
        *("--journal", tmp_path / "j.db"),
        cwd=tmp_path,
    )


def test_what_a_strategy_prints_does_not_get_into_the_answer(tmp_path: Path) -> None:
    done = replay(tmp_path, "def go(self, trade): print('NOISE')")
    assert done.json["strategies"] == ["mine"]
    assert "NOISE" in done.err


def test_a_timer_that_sets_itself_again_at_once_does_not_hold_up_the_replay(
    tmp_path: Path,
) -> None:
    done = replay(
        tmp_path,
        """
        def go(self, trade): self.context.set_timer(self.context.now_ns, "again")
        def timer(self, name, at_ns): self.context.set_timer(self.context.now_ns, name)
        """,
    )
    assert done.json["journal"]["verified"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_replay_that_spins_in_a_strategy_is_ended_by_the_second_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        HEAD
        + """
    def go(self, trade):
        sys.stderr.write("spinning\\n")
        sys.stderr.flush()
        while True:
            pass
"""
    )
    process = start(
        *("run", "--mode", "replay", "--for", "20s", "--json", "--strategy", f"{path}:Mine"),
        *("--journal", tmp_path / "j.db"),
        cwd=tmp_path,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == b"spinning\n"
    process.send_signal(number)
    process.send_signal(signal.SIGTERM if number is signal.SIGINT else signal.SIGINT)
    done = finish(process)
    assert json.loads(done.out)["journal"]["verified"]
    assert "Traceback" not in done.err
