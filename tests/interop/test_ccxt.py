"""ccxt, REST and WebSocket, trades on the simulated exchange as it would on the venue."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from holdfast.simexchange.accounts import DEMO_API_KEY, DEMO_SECRET
from tests.interop.kit import LONGEST_S, simulator

ccxt_async = pytest.importorskip("ccxt.async_support")
ccxt_pro = pytest.importorskip("ccxt.pro")
SYMBOL = "BTC/USDT"


def point_at(exchange: Any, addresses: dict[str, str]) -> None:
    """Send every request of a ccxt client to the simulator, paths unchanged."""
    urls = exchange.urls["api"]
    for name, url in urls.items():
        if isinstance(url, str):
            path = url.split("://", 1)[1].partition("/")[2]
            urls[name] = f"{addresses['rest']}/{path}"
    sockets = urls.get("ws")
    if sockets:
        for name in ("spot", "margin", "linear", "inverse"):
            sockets[name] = f"{addresses['ws']}/ws"
        sockets["ws-api"]["spot"] = addresses["ws_api"]
        sockets["ws-api"]["linear"] = f"{addresses['ws']}/ws-fapi/v1"


@asynccontextmanager
async def client(make: Callable[..., Any], addresses: dict[str, str]) -> AsyncIterator[Any]:
    """Open a ccxt client on the simulator with the demonstration account's keys."""
    exchange = make({"apiKey": DEMO_API_KEY, "secret": DEMO_SECRET, "enableRateLimit": False})
    point_at(exchange, addresses)
    try:
        yield exchange
    finally:
        await exchange.close()


def play(
    story: Callable[[Any], Awaitable[None]], make: Callable[..., Any], *arguments: str
) -> None:
    """Run a story with a ccxt client against a simulator of its own."""

    async def whole() -> None:
        async with simulator(*arguments) as addresses, client(make, addresses) as exchange:
            await exchange.load_time_difference()
            await exchange.load_markets()
            await story(exchange)

    asyncio.run(asyncio.wait_for(whole(), LONGEST_S))


def test_ccxt_loads_the_market_and_reads_public_data() -> None:
    async def story(exchange: Any) -> None:
        market = exchange.market(SYMBOL)
        assert market["spot"]
        assert market["active"]
        assert market["precision"]["price"] > 0
        book = await exchange.fetch_order_book(SYMBOL, 20)
        assert book["bids"][0][0] < book["asks"][0][0]
        assert book["nonce"] > 0
        ticker = await exchange.fetch_ticker(SYMBOL)
        assert ticker["bid"] == book["bids"][0][0]
        assert ticker["ask"] == book["asks"][0][0]
        assert (await exchange.fetch_time()) > 0
        assert (await exchange.fetch_status())["status"] == "ok"
        assert SYMBOL in await exchange.fetch_tickers([SYMBOL])
        assert isinstance(await exchange.fetch_trades(SYMBOL), list)
        assert len(await exchange.fetch_ohlcv(SYMBOL, "1m")) >= 0
        fees = await exchange.fetch_trading_fee(SYMBOL)
        assert fees["taker"] > 0

    play(story, ccxt_async.binance, "--speed", "1")


def test_ccxt_places_queries_and_cancels_a_limit_order() -> None:
    async def story(exchange: Any) -> None:
        before = await exchange.fetch_balance()
        assert before["USDT"]["free"] > 0
        book = await exchange.fetch_order_book(SYMBOL)
        price = exchange.price_to_precision(SYMBOL, book["bids"][0][0] * 0.9)
        order = await exchange.create_order(
            SYMBOL, "limit", "buy", 0.01, float(price), {"newClientOrderId": "interop-1"}
        )
        assert order["status"] == "open"
        assert order["clientOrderId"] == "interop-1"
        resting = await exchange.fetch_open_orders(SYMBOL)
        assert [one["id"] for one in resting] == [order["id"]]
        locked = (await exchange.fetch_balance())["USDT"]["used"]
        assert locked == pytest.approx(float(price) * 0.01)
        canceled = await exchange.cancel_order(order["id"], SYMBOL)
        assert canceled["status"] == "canceled"
        assert await exchange.fetch_open_orders(SYMBOL) == []
        found = await exchange.fetch_order(order["id"], SYMBOL)
        assert found["status"] == "canceled"
        with pytest.raises(ccxt_async.OrderNotFound):
            await exchange.cancel_order(order["id"], SYMBOL)

    play(story, ccxt_async.binance, "--speed", "1")


def test_ccxt_trades_at_the_market_and_sees_its_trades() -> None:
    async def story(exchange: Any) -> None:
        order = await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        assert order["status"] == "closed"
        assert order["filled"] == pytest.approx(0.01)
        trades = await exchange.fetch_my_trades(SYMBOL)
        assert sum(trade["amount"] for trade in trades) == pytest.approx(0.01)
        assert trades[0]["order"] == order["id"]
        assert trades[0]["fee"]["cost"] > 0
        sold = await exchange.create_order(SYMBOL, "market", "sell", 0.005)
        assert sold["status"] == "closed"
        every = await exchange.fetch_orders(SYMBOL)
        assert {one["id"] for one in every} == {order["id"], sold["id"]}

    play(story, ccxt_async.binance, "--speed", "1")


def test_ccxt_edits_an_order_and_cancels_everything() -> None:
    async def story(exchange: Any) -> None:
        book = await exchange.fetch_order_book(SYMBOL)
        low = float(exchange.price_to_precision(SYMBOL, book["bids"][0][0] * 0.9))
        lower = float(exchange.price_to_precision(SYMBOL, book["bids"][0][0] * 0.8))
        order = await exchange.create_order(SYMBOL, "limit", "buy", 0.01, low)
        edited = await exchange.edit_order(order["id"], SYMBOL, "limit", "buy", 0.02, lower)
        assert edited["id"] != order["id"]
        resting = await exchange.fetch_open_orders(SYMBOL)
        assert [one["price"] for one in resting] == [lower]
        await exchange.cancel_all_orders(SYMBOL)
        assert await exchange.fetch_open_orders(SYMBOL) == []

    play(story, ccxt_async.binance, "--speed", "1")


def test_ccxt_names_the_venue_s_refusals() -> None:
    async def story(exchange: Any) -> None:
        held = (await exchange.fetch_balance())["BTC"]["free"]
        ask = (await exchange.fetch_ticker(SYMBOL))["ask"]
        with pytest.raises(ccxt_async.InsufficientFunds):
            await exchange.create_order(SYMBOL, "limit", "sell", held * 2, ask)
        with pytest.raises(ccxt_async.InvalidOrder):
            await exchange.create_order(SYMBOL, "limit", "buy", 0.01, ask * 100)
        exchange.secret = "wrong"
        with pytest.raises(ccxt_async.AuthenticationError):
            await exchange.fetch_balance()

    play(story, ccxt_async.binance, "--speed", "1")


def test_ccxt_pro_follows_book_trades_and_ticker() -> None:
    async def story(exchange: Any) -> None:
        book = await exchange.watch_order_book(SYMBOL)
        assert book["bids"][0][0] < book["asks"][0][0]
        for _ in range(5):
            book = await exchange.watch_order_book(SYMBOL)
            assert book["bids"][0][0] < book["asks"][0][0]
        ticker = await exchange.watch_ticker(SYMBOL)
        assert ticker["symbol"] == SYMBOL
        trades = await exchange.watch_trades(SYMBOL)
        assert trades[0]["price"] > 0
        best = await exchange.watch_bids_asks([SYMBOL])
        assert best[SYMBOL]["bid"] < best[SYMBOL]["ask"]
        bars = await exchange.watch_ohlcv(SYMBOL, "1m")
        assert bars[-1][4] > 0

    play(story, ccxt_pro.binance, "--speed", "1")


def test_ccxt_pro_hears_of_its_own_orders_and_balances() -> None:
    async def story(exchange: Any) -> None:
        heard = asyncio.ensure_future(exchange.watch_orders(SYMBOL))
        await asyncio.sleep(0)
        for _ in range(200):
            if heard.done():
                break
            order = await exchange.create_order(SYMBOL, "market", "buy", 0.01)
            await asyncio.wait([heard], timeout=0.1)
        updates = await heard
        assert updates[-1]["symbol"] == SYMBOL
        mine = asyncio.ensure_future(exchange.watch_my_trades(SYMBOL))
        held = asyncio.ensure_future(exchange.watch_balance())
        await asyncio.sleep(0)
        order = await exchange.create_order(SYMBOL, "market", "sell", 0.005)
        assert order["status"] == "closed"
        trades = await asyncio.wait_for(mine, LONGEST_S)
        assert trades[-1]["symbol"] == SYMBOL
        assert (await asyncio.wait_for(held, LONGEST_S))["BTC"]["free"] > 0
        placed = await exchange.create_order_ws(SYMBOL, "market", "buy", 0.01)
        assert placed["status"] == "closed"

    play(story, ccxt_pro.binance, "--speed", "1")


def test_ccxt_places_stops_trails_icebergs_and_post_only_orders() -> None:
    async def story(exchange: Any) -> None:
        best = (await exchange.fetch_bids_asks([SYMBOL]))[SYMBOL]["bid"]
        low = float(exchange.price_to_precision(SYMBOL, best * 0.9))
        high = float(exchange.price_to_precision(SYMBOL, best * 1.1))
        for side, kind, price, params in (
            ("sell", "limit", low - 5, {"stopPrice": low}),
            ("sell", "market", None, {"stopLossPrice": low}),
            ("sell", "market", None, {"takeProfitPrice": high}),
            ("sell", "STOP_LOSS", None, {"trailingDelta": 100}),
            ("buy", "limit", low, {"postOnly": True}),
            ("buy", "limit", low, {"icebergQty": "0.001"}),
        ):
            placed = await exchange.create_order(SYMBOL, kind, side, 0.01, price, params)
            assert (placed["symbol"], placed["amount"]) == (SYMBOL, 0.01)
        resting = await exchange.fetch_open_orders(SYMBOL)
        assert [order["info"]["type"] for order in resting] == [
            "STOP_LOSS_LIMIT", "STOP_LOSS", "TAKE_PROFIT", "STOP_LOSS", "LIMIT_MAKER", "LIMIT",
        ]  # fmt: skip
        with pytest.raises(ccxt_async.InvalidOrder):
            await exchange.create_order(SYMBOL, "limit", "buy", 0.01, high, {"postOnly": True})
        await exchange.cancel_all_orders(SYMBOL)
        assert await exchange.fetch_open_orders(SYMBOL) == []

    play(story, ccxt_async.binance, "--speed", "1")


def test_ccxt_trades_both_products_of_one_process() -> None:
    async def story(exchange: Any) -> None:
        assert set(exchange.markets) == {SYMBOL, "ETH/USDT:USDT"}
        coins = await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        assert coins["status"] == "closed"
        swap = "ETH/USDT:USDT"
        await exchange.create_order(swap, "market", "sell", 0.01)
        (position,) = await exchange.fetch_positions([swap])
        assert (position["side"], position["contracts"]) == ("short", 0.01)
        spot = await exchange.fetch_balance()
        margin = await exchange.fetch_balance({"type": "swap"})
        assert spot["USDT"]["total"] != margin["USDT"]["total"]

    both = ("--symbol", "spot:BTCUSDT", "--symbol", "usdm:ETHUSDT")
    play(story, ccxt_async.binance, *both, "--speed", "1")
