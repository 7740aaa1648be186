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


def run(tmp_path: Path, body: str, *, mode: str, after: str = "") -> Done:
    """Run some seconds with a strategy that has this in its class, and that after it."""
    path = tmp_path / "mine.py"
    path.write_text(HEAD + textwrap.indent(textwrap.dedent(body), "    ") + f"\n{after}\n")
    pace = ("--speed", "max") if mode == "paper" else ()
    return holdfast(
        *("run", "--mode", mode, "--for", "20s", "--json", "--strategy", f"{path}:Mine"),
        *("--journal", str(tmp_path / "j.db"), *pace),
        cwd=tmp_path,
    )


def replay(tmp_path: Path, body: str, *, after: str = "") -> Done:
    """Replay some seconds with such a strategy."""
    return run(tmp_path, body, mode="replay", after=after)


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


HALTED = {
    "raises a base exception": ("raise Odd('hello')", "trade raised Odd: hello (mine.py:"),
    "interrupts": ("raise KeyboardInterrupt", "trade raised KeyboardInterrupt (mine.py:"),
    "cancels": ("raise asyncio.CancelledError", "trade raised CancelledError (mine.py:"),
    "ends a generator": ("raise GeneratorExit", "trade raised GeneratorExit (mine.py:"),
    "exits": ("sys.exit(0)", "trade called sys.exit"),
    "has a text that cannot be encoded": (
        r"raise Exception('a\nb\x00\x1b[2J\ud800')",
        r"trade raised Exception: a b\x00\x1b[2J\ud800 (mine.py:",
    ),
    "sets a timer for a text": (
        "self.context.set_timer('x', 'y')",
        "trade raised ValueError: set_timer(at_ns='x'); write an instant in whole ns",
    ),
    "names a timer by a list": (
        "self.context.set_timer(self.context.now_ns + 1, [])",
        "trade raised TypeError: set_timer(name=[]); write a text",
    ),
    "changes the instruments": (
        "self.context.instruments[trade.symbol] = None",
        "trade raised TypeError: 'mappingproxy' object does not support item assignment",
    ),
    "gives a coroutine": (
        "return asyncio.sleep(0)",
        "trade returned a coroutine; callbacks are plain functions, not async",
    ),
}


@pytest.mark.parametrize("what", HALTED)
def test_a_strategy_is_halted_alone_and_the_user_is_told_then_and_at_the_end(
    tmp_path: Path, what: str
) -> None:
    act, line = HALTED[what]
    done = replay(tmp_path, f"def go(self, trade): {act}")
    assert done.code == 1
    told = done.err.splitlines()
    assert len(told) == 2, done.err
    assert all(said.startswith(f"holdfast: strategy mine: {line}") for said in told)
    assert told[0].endswith("; it is halted, the rest goes on")
    assert told[1].endswith("; it was halted")
    assert json.loads(done.out)["journal"]["verified"]


def test_a_paper_run_goes_on_without_a_strategy_that_sets_a_timer_of_nonsense(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, "def go(self, trade): self.context.set_timer('x', 'y')", mode="paper")
    assert done.code == 1
    assert done.err.count("strategy mine: trade raised ValueError: set_timer(at_ns='x')") == 2
    assert "Traceback" not in done.err
    assert json.loads(done.out)["market"]


LOADED = {
    "raises on import": ("", "raise Odd('hello')", "importing it raised Odd: hello"),
    "exits when it is made": (
        "def __init__(self): sys.exit(0)",
        "",
        "Mine() called sys.exit; a strategy's file only defines classes",
    ),
    "cannot say whether it is ready": (
        "ready = property(lambda self: 1 / 0)",
        "",
        "Mine: what it declares cannot be read: ZeroDivisionError: division by zero",
    ),
    "holds a null byte": ("", "x = 1\x00", "not valid Python: source code string cannot"),
}


@pytest.mark.parametrize("what", LOADED)
def test_a_file_that_cannot_be_loaded_is_refused_in_one_line(tmp_path: Path, what: str) -> None:
    body, after, line = LOADED[what]
    done = replay(tmp_path, body, after=after)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert line in done.err
    assert "None" not in done.err
    assert not (tmp_path / "j.db").exists()


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
