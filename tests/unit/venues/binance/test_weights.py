"""What is asked beside orders fits the venue's limits, also with thirty symbols (XCH-3).

Each question is asked of an adapter and what its governor counted is added up; the governor
keeps a fifth of each limit for cancels and reductions.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import NS_PER_S, UtcNs
from holdfast.domain.instrument import Product
from holdfast.domain.ports import HttpAnswer
from holdfast.runtime.reconciler import (
    CHECK_EVERY_NS,
    HOLDINGS_EVERY,
    WITH_ORDERS,
    WITHOUT_ORDERS,
)
from holdfast.testing.clock import START_NS, ManualClock
from holdfast.testing.market import instrument
from holdfast.testing.network import FakeNetwork
from holdfast.venues.binance.adapter import BinanceSpot, BinanceUsdm
from holdfast.venues.binance.market_watch import ASKED_AT_ONCE, ASKED_EVERY_NS
from holdfast.venues.binance.options import LIVE, Credentials, Endpoints
from holdfast.venues.binance.user_watch import SYMBOLS_A_LOOK
from tests.unit.venues.binance.sinks import ACCOUNT, KeptAccount, turn

SYMBOLS = 30
BTC = Symbol("BTCUSDT")
LIMITS = {Product.SPOT: 6_000, Product.LINEAR: 2_400}
FREE = 0.8
EMPTY: dict[str, object] = {"balances": [], "listenKey": "K"}
_TIME = HttpAnswer(200, {}, b'{"serverTime":%d}' % (START_NS // 10**6))


def _answer(_method: str, target: str) -> HttpAnswer:
    path = target.partition("?")[0]
    if path.endswith("/time"):
        return _TIME
    if path.endswith("/order"):
        return HttpAnswer(400, {}, b'{"code":-2013,"msg":"Order does not exist."}')
    if path.endswith("/algoOrder"):
        return HttpAnswer(400, {}, b'{"code":-2013,"msg":"Order does not exist."}')
    if path.endswith("/exchangeInfo"):
        return HttpAnswer(200, {}, b'{"symbols":[]}')
    content = EMPTY if path.endswith(("/account", "/listenKey")) else []
    return HttpAnswer(200, {}, json.dumps(content).encode())


class Prices:
    """What each question of a product weighs, by asking it once."""

    def __init__(self, product: Product) -> None:
        self.product = product

    async def weigh(self) -> dict[str, int]:
        network = FakeNetwork(_answer)
        kind = BinanceSpot if self.product is Product.SPOT else BinanceUsdm
        venue = kind(
            network,
            ManualClock(),
            endpoints=Endpoints("https://venue", "wss://venue", "wss://venue/api"),
            credentials=Credentials("KEY", "SECRET"),
            account=ACCOUNT,
            jitter=lambda: 0.0,
        )
        view = venue.account_view
        starting = asyncio.create_task(
            view.start([instrument(product=self.product)], KeptAccount())
        )
        await turn()
        socket = network.sockets[0]
        if socket.sent:
            number = json.loads(socket.sent[0])["id"]
            socket.receive(json.dumps({"id": number, "status": 200, "result": {}}))
        await starting

        async def price(ask: Callable[[], Awaitable[object]]) -> int:
            before = venue.governor.used("weight")
            await ask()
            return venue.governor.used("weight") - before

        found = {
            "open": await price(lambda: view.open_orders(BTC)),
            "order": await price(lambda: view.order(BTC, ClientOrderId("H"))),
            "trades": await price(lambda: view.trades(BTC, after=ExecId("1"))),
            "orders": await price(lambda: view.orders(BTC, after=VenueOrderId("1"))),
            "balances": await price(view.balances),
            "positions": await price(view.positions),
            "income": await price(lambda: view.income(after_ns=UtcNs(START_NS))),
        }
        await venue.close()
        return found


@pytest.fixture(params=[Product.SPOT, Product.LINEAR], ids=["spot", "usdm"])
def product(request: pytest.FixtureRequest) -> Product:
    chosen: Product = request.param
    return chosen


@pytest.fixture
def price(product: Product) -> dict[str, int]:
    return asyncio.run(Prices(product).weigh())


def test_comparing_every_thirty_seconds_and_watching_streams_fit_side_by_side(
    product: Product, price: dict[str, int]
) -> None:
    checks = 60 * NS_PER_S / CHECK_EVERY_NS
    symbols = min(SYMBOLS, WITH_ORDERS + WITHOUT_ORDERS)
    holdings = price["balances"] + price["positions"] + price["income"]
    a_check = symbols * (price["open"] + price["trades"]) + WITH_ORDERS * price["order"]
    comparing = checks * (a_check + (holdings + symbols * price["trades"]) / HOLDINGS_EVERY)
    looks = 60 / LIVE.liveness.look_every_s * SYMBOLS_A_LOOK
    users = looks * (price["open"] + price["order"])
    tickers = 60 * NS_PER_S / ASKED_EVERY_NS * 2 * (ASKED_AT_ONCE - 1)
    assert comparing < 0.25 * LIMITS[product], comparing
    assert users < 0.25 * LIMITS[product], users
    assert tickers < 0.15 * LIMITS[product], tickers
    assert comparing + users + tickers < 0.5 * LIMITS[product]


def test_comparing_everything_twice_fits_one_minute(
    product: Product, price: dict[str, int]
) -> None:
    holdings = price["balances"] + price["positions"] + price["income"]
    first = SYMBOLS * (price["open"] + 2 * price["trades"] + price["orders"]) + holdings
    again = SYMBOLS * (price["open"] + 2 * price["trades"]) + holdings
    assert first + again < FREE * LIMITS[product], (first, again)
