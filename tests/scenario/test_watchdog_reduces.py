"""What the watchdog closes is closed for the trader that goes on, too (XCH-4)."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from holdfast.domain import events as ev
from holdfast.journal.sqlite import SqliteStore
from tests.scenario import kit

HOLDS = f"{Path(__file__).with_name('holds.py')}:Holds"
SMALLEST = 0.00001
"""The smallest order; a fee in the asset that is bought leaves less than that on spot."""
PRODUCTS = {"spot": "spot:BTCUSDT", "usdm": "usdm:BTCUSDT"}


def rests(told: dict[str, Any]) -> list[str]:
    usdm = told["usdm"]
    return [*told["open_order_ids"], *usdm["open_order_ids"], *usdm["open_algo_ids"]]


def happened(journal: Path) -> list[ev.Event]:
    store = SqliteStore.open(journal, read_only=True)
    try:
        return [record.event for record in store.read()]
    finally:
        store.close()


def is_covered(journal: Path) -> bool:
    return any(isinstance(event, ev.ProtectionCovered) for event in happened(journal))


@contextmanager
def holding(url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a trader, and wait until it holds a position under a stop that rests."""
    process = kit.start(
        "run", "--venue-url", url, "--strategy", HOLDS, "--journal", "t.db", "--json",
        cwd=folder,
    )  # fmt: skip
    try:
        for _ in range(30_000):
            assert process.poll() is None, kit.finish(process).err
            if rests(kit.truth(url)) and is_covered(folder / "t.db"):
                break
        else:
            pytest.fail("no stop of the trader rested")
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def watching(url: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start a watchdog that reduces, and wait until it has heard the trader."""
    dog = kit.start(
        "watchdog", "--journal", "t.db", "--venue-url", url, "--policy", "reduce", "--json",
        cwd=folder,
    )  # fmt: skip
    assert dog.stderr is not None
    line = dog.stderr.readline().decode()
    assert "watching the trader" in line, line
    return dog


def positions(told: dict[str, Any]) -> list[str]:
    return [
        one["positionAmt"] for one in told["usdm"]["positions"] if float(one["positionAmt"])
    ]


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_position_that_was_closed_is_closed_for_the_trader_that_goes_on(
    product: str, tmp_path: Path
) -> None:
    with kit.exchange("--symbol", PRODUCTS[product], "--speed", "1", cwd=tmp_path) as url:
        with holding(url, tmp_path) as trader:
            dog = watching(url, tmp_path)
            trader.kill()
            swept = json.loads(kit.finish(dog).out)["swept"]
        told = kit.truth(url)
        assert (swept["is_clean"], swept["problems"], swept["kept"]) == (True, [], [])
        assert len(swept["reduced"]) == 1
        assert (rests(told), positions(told)) == ([], [])
        before = len(happened(tmp_path / "t.db"))
        again = kit.holdfast(
            "run", "--venue-url", url, "--strategy", HOLDS, "--journal", "t.db", "--resume",
            "--for", "5s", "--json", cwd=tmp_path,
        )  # fmt: skip
        assert again.code == 1, again.err
        assert "incident: watchdog" in again.err
        told = kit.truth(url)
        assert (rests(told), positions(told)) == ([], [])
    since = happened(tmp_path / "t.db")[before:]
    assert not [e for e in since if isinstance(e, ev.OrderApproved | ev.ForeignFillSeen)]
    state = kit.holdfast("journal", "state", "t.db", "--json", cwd=tmp_path).json
    assert all(float(one["quantity"]) < SMALLEST for one in state["positions"])


def test_of_two_watchdogs_one_reduces_and_the_other_says_so(tmp_path: Path) -> None:
    with kit.exchange("--symbol", PRODUCTS["spot"], "--speed", "1", cwd=tmp_path) as url:
        with holding(url, tmp_path) as trader:
            dogs = [watching(url, tmp_path) for _ in range(2)]
            trader.kill()
            ended = [kit.finish(dog) for dog in dogs]
        told = [json.loads(one.out)["swept"] for one in ended]
        assert sorted(len(swept["reduced"]) for swept in told) == [0, 1]
        assert [swept["is_clean"] for swept in told] == [True, True]
        assert sum("another watchdog acted" in one.err for one in ended) == 1
        sales = [trade for trade in kit.truth(url)["trades"] if not trade["isBuyer"]]
        assert len({trade["orderId"] for trade in sales}) == 1
        assert rests(kit.truth(url)) == []
