"""What the watchdog closes is closed for the trader that goes on, too (XCH-4)."""

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.domain import events as ev
from holdfast.domain.ids import ClientOrderId, Symbol
from holdfast.domain.instrument import Product
from holdfast.journal.sqlite import SqliteStore
from holdfast.runtime.clock import RunningClock
from holdfast.runtime.config import Config
from holdfast.runtime.credentials import credentials_of
from holdfast.runtime.network import SocketNetwork
from holdfast.venues.binance.cancel_only import CancelOnly
from holdfast.venues.binance.dialect import SPOT, USDM
from holdfast.venues.binance.options import Options
from holdfast.venues.binance.rest import Rest
from tests.scenario import kit

if TYPE_CHECKING:
    from holdfast.venues.binance.wire.requests import Params

HOLDS = f"{Path(__file__).with_name('holds.py')}:Holds"
BTC = "BTCUSDT"
Questions = Callable[[CancelOnly, Rest], Awaitable[None]]
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


async def ask(url: str, product: Product, questions: Questions) -> None:
    """Ask as the watchdog would, over sockets."""
    rest = Rest(
        SocketNetwork(),
        RunningClock(),
        origin=url,
        credentials=credentials_of(Config().venue),
        options=Options(),
        dialect=SPOT if product is Product.SPOT else USDM,
    )
    try:
        await rest.measure_offset()
        await questions(CancelOnly(rest, timeout_s=5.0), rest)
    finally:
        await rest.close()


def test_what_a_triggered_stop_of_a_contract_filled_is_found_by_its_own_id(
    tmp_path: Path,
) -> None:
    stops = [ClientOrderId("s-1"), ClientOrderId("s-2")]

    async def questions(way: CancelOnly, rest: Rest) -> None:
        (held,) = await way.positions()
        body = await rest.get_signed("/fapi/v1/userTrades", {"symbol": BTC}, weight=5)
        price = Decimal(json.loads(body)[-1]["price"])
        kinds = ("STOP_MARKET", "TAKE_PROFIT_MARKET")
        for stop, kind, trigger in zip(stops, kinds, (price - 5, price + 5), strict=True):
            algo: Params = {"algoType": "CONDITIONAL", "symbol": BTC, "side": "SELL"}
            algo |= {"type": kind, "triggerPrice": str(trigger), "quantity": held.amount}
            algo |= {"reduceOnly": "true", "clientAlgoId": stop}
            await rest.set_signed("/fapi/v1/algoOrder", algo, weight=1)
        for _ in range(60_000):
            if not positions(kit.truth(url)):
                break
        else:
            pytest.fail("no stop triggered")
        found = [one for stop in stops for one in await way.executions(Symbol(BTC), stop)]
        assert sum(Decimal(one.quantity) for one in found) == Decimal(held.amount)
        assert await way.executions(Symbol(BTC), ClientOrderId("none")) == []

    with (
        kit.exchange("--symbol", PRODUCTS["usdm"], "--speed", "1", cwd=tmp_path) as url,
        holding(url, tmp_path),
    ):
        asyncio.run(ask(url, Product.LINEAR, questions))
