"""A frozen, killed or well trader under the watchdog; its exchange goes on (XCH-4)."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.scenario import kit

MARKETS = ["spot:BTCUSDT", "usdm:BTCUSDT"]


@contextmanager
def trading(url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a trader that quotes both sides, and wait until its orders rest."""
    process = kit.start(
        "run", "--venue-url", url, "--strategy", kit.QUOTES, "--journal", folder / "t.db",
        "--json", cwd=folder,
    )  # fmt: skip
    try:
        for _ in range(30_000):
            assert process.poll() is None, kit.finish(process).err
            if resting(url):
                break
        else:
            pytest.fail("no order of the trader rested")
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def resting(url: str) -> list[str]:
    """Ask the exchange which orders of the account rest."""
    told: dict[str, Any] = kit.truth(url)
    return [
        order["clientOrderId"]
        for order in [*told["orders"], *told["usdm"]["orders"]]
        if order["status"] in ("NEW", "PARTIALLY_FILLED")
    ]


def has_position(url: str) -> bool:
    """Ask the exchange whether the account holds a contract."""
    return any(float(one["positionAmt"]) for one in kit.truth(url)["usdm"]["positions"])


def watch(url: str, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    return kit.start(
        "watchdog", "--journal", folder / "t.db", "--venue-url", url, "--json", *more,
        cwd=folder,
    )  # fmt: skip


def wait_until_watching(process: subprocess.Popen[bytes]) -> None:
    assert process.stderr is not None
    line = process.stderr.readline().decode()
    assert "watching the trader" in line, line


def outcome(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    done = kit.finish(process)
    told: dict[str, Any] = json.loads(done.out)
    return told


@pytest.mark.parametrize("symbol", MARKETS, ids=["spot", "usdm"])
def test_a_frozen_trader_is_ended_first_and_then_its_orders_are_canceled(
    symbol: str, tmp_path: Path
) -> None:
    with (
        kit.exchange("--symbol", symbol, "--speed", "1", cwd=tmp_path) as url,
        trading(url, tmp_path) as trader,
    ):
        dog = watch(url, tmp_path)
        wait_until_watching(dog)
        os.kill(trader.pid, signal.SIGSTOP)
        told = outcome(dog)
        assert trader.wait(10) == -signal.SIGKILL
        assert (told["acted"], told["proven"], told["epoch"]) == (True, True, 2)
        assert told["swept"]["is_clean"]
        assert resting(url) == []
    shown = kit.holdfast("journal", "verify", tmp_path / "t.db", cwd=tmp_path)
    assert shown.code == 0, shown.err


def test_a_killed_traders_orders_are_canceled_and_it_goes_on_where_it_was(
    tmp_path: Path,
) -> None:
    with kit.exchange("--speed", "1", cwd=tmp_path) as url:
        with trading(url, tmp_path) as trader:
            dog = watch(url, tmp_path)
            wait_until_watching(dog)
            trader.kill()
            told = outcome(dog)
        assert told["proven"]
        assert resting(url) == []
        again = kit.holdfast(
            "run", "--venue-url", url, "--strategy", kit.QUOTES, "--journal", tmp_path / "t.db",
            "--resume", "--for", "2s", "--json", cwd=tmp_path,
        )  # fmt: skip
        assert "incident: watchdog" in again.err
        assert json.loads(again.out)["orders"]["unknown"] == 0
        state = kit.holdfast("journal", "state", tmp_path / "t.db", "--json", cwd=tmp_path).json
        there = {name: text for name, text in kit.totals(kit.truth(url)).items() if text != "0"}
        assert {name: state["balances"][name] for name in there} == there


def test_a_trader_that_ends_in_order_is_left_alone(tmp_path: Path) -> None:
    with (
        kit.exchange("--speed", "1", cwd=tmp_path) as url,
        trading(url, tmp_path) as trader,
    ):
        dog = watch(url, tmp_path)
        wait_until_watching(dog)
        trader.send_signal(signal.SIGINT)
        told = outcome(dog)
        assert (told["acted"], told["what"]) == (False, "the trader ended in order")
        assert dog.returncode == 0


def test_by_policy_the_position_is_closed_too(tmp_path: Path) -> None:
    with kit.exchange("--symbol", "usdm:BTCUSDT", "--speed", "1", cwd=tmp_path) as url:
        process = kit.start(
            "run", "--venue-url", url, "--strategy", kit.TREND, "--journal", tmp_path / "t.db",
            "--json", cwd=tmp_path,
        )  # fmt: skip
        try:
            for _ in range(60_000):
                assert process.poll() is None, kit.finish(process).err
                if has_position(url):
                    break
            else:
                pytest.fail("the trader took no position")
            dog = watch(url, tmp_path, "--policy", "reduce")
            wait_until_watching(dog)
            os.kill(process.pid, signal.SIGSTOP)
            told = outcome(dog)
        finally:
            process.kill()
            process.communicate()
        assert len(told["swept"]["reduced"]) == 1
        assert not has_position(url)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--journal", "none.db"), 3, "no journal none.db; start the trader first, or name"),
        (("--frozen", "soon"), 2, "not a duration"),
    ],
)
def test_bad_input_is_one_line(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    told, line = kit.refused("watchdog", *arguments, cwd=tmp_path)
    assert told == code
    assert said in line
