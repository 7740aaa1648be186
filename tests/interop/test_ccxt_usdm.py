"""ccxt, REST and WebSocket, trades perpetuals on the simulated exchange (XCH-4, XCH-8)."""

import asyncio
from typing import Any

import pytest

from tests.interop import test_ccxt
from tests.interop.kit import LONGEST_S

ccxt_async = pytest.importorskip("ccxt.async_support")
ccxt_pro = pytest.importorskip("ccxt.pro")
SYMBOL = "BTC/USDT:USDT"
RESULT = {"newOrderRespType": "RESULT"}


def play(story: Any, make: Any = ccxt_async.binanceusdm) -> None:
    """Run a story with a ccxt client on a synthetic perpetual of its own."""
    test_ccxt.play(story, make, "--symbol", "usdm:BTCUSDT", "--speed", "1")


async def low_price(exchange: Any) -> float:
    """Give a price at which a bid rests."""
    best = (await exchange.fetch_bids_asks([SYMBOL]))[SYMBOL]
    return float(exchange.price_to_precision(SYMBOL, best["bid"] * 0.9))


async def held(exchange: Any) -> dict[str, float]:
    """Return the size of each position by its side."""
    positions = await exchange.fetch_positions([SYMBOL])
    return {one["side"]: one["contracts"] for one in positions}


def test_ccxt_loads_the_perpetual_and_reads_public_data() -> None:
    async def story(exchange: Any) -> None:
        market = exchange.market(SYMBOL)
        assert market["linear"]
        assert market["swap"]
        assert market["active"]
        book = await exchange.fetch_order_book(SYMBOL, 20)
        assert book["bids"][0][0] < book["asks"][0][0]
        assert book["nonce"] > 0
        assert (await exchange.fetch_ticker(SYMBOL))["symbol"] == SYMBOL
        assert (await exchange.fetch_last_prices([SYMBOL]))[SYMBOL]["price"] > 0
        assert (await exchange.fetch_bids_asks([SYMBOL]))[SYMBOL]["bid"] == book["bids"][0][0]
        assert isinstance(await exchange.fetch_trades(SYMBOL), list)
        assert isinstance(await exchange.fetch_ohlcv(SYMBOL, "1m"), list)
        assert isinstance(await exchange.fetch_mark_ohlcv(SYMBOL, "1m"), list)
        funding = await exchange.fetch_funding_rate(SYMBOL)
        assert funding["markPrice"] > 0
        assert funding["fundingTimestamp"] > funding["timestamp"]
        assert (await exchange.fetch_funding_intervals([SYMBOL]))[SYMBOL]["interval"] == "8h"
        assert (await exchange.fetch_open_interest(SYMBOL))["openInterestAmount"] == 0
        assert (await exchange.fetch_trading_fee(SYMBOL))["taker"] > 0

    play(story)


def test_ccxt_reads_its_wallet_and_changes_its_settings() -> None:
    async def story(exchange: Any) -> None:
        assert (await exchange.fetch_balance())["USDT"]["free"] == 100_000
        tiers = (await exchange.fetch_leverage_tiers([SYMBOL]))[SYMBOL]
        assert tiers[0]["maxLeverage"] > tiers[-1]["maxLeverage"]
        await exchange.set_leverage(5, SYMBOL)
        assert (await exchange.fetch_leverage(SYMBOL))["longLeverage"] == 5
        await exchange.set_margin_mode("isolated", SYMBOL)
        assert (await exchange.fetch_margin_mode(SYMBOL))["marginMode"] == "isolated"
        await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        await exchange.add_margin(SYMBOL, 10)
        await exchange.reduce_margin(SYMBOL, 5)
        changes = await exchange.fetch_margin_adjustment_history(SYMBOL)
        assert sorted(change["amount"] for change in changes) == [5, 10]

    play(story)


def test_ccxt_places_changes_and_cancels_a_limit_order() -> None:
    async def story(exchange: Any) -> None:
        low = await low_price(exchange)
        named = {"newClientOrderId": "interop-1"}
        order = await exchange.create_order(SYMBOL, "limit", "buy", 0.01, low, named)
        assert (order["status"], order["clientOrderId"]) == ("open", "interop-1")
        edited = await exchange.edit_order(order["id"], SYMBOL, "limit", "buy", 0.02, low - 10)
        assert (edited["id"], edited["amount"]) == (order["id"], 0.02)
        (resting,) = await exchange.fetch_open_orders(SYMBOL)
        assert (resting["price"], resting["amount"]) == (low - 10, 0.02)
        assert (await exchange.fetch_balance())["USDT"]["used"] > 0
        assert (await exchange.cancel_order(order["id"], SYMBOL))["status"] == "canceled"
        assert (await exchange.fetch_order(order["id"], SYMBOL))["status"] == "canceled"
        with pytest.raises(ccxt_async.OrderNotFound):
            await exchange.cancel_order(order["id"], SYMBOL)

    play(story)


def test_ccxt_opens_and_reduces_a_position_and_reads_its_books() -> None:
    async def story(exchange: Any) -> None:
        order = await exchange.create_order(SYMBOL, "market", "buy", 0.02, None, RESULT)
        assert (order["status"], order["filled"]) == ("closed", 0.02)
        assert await held(exchange) == {"long": 0.02}
        trades = await exchange.fetch_my_trades(SYMBOL)
        assert sum(trade["amount"] for trade in trades) == pytest.approx(0.02)
        assert {trade["order"] for trade in trades} == {order["id"]}
        reducing = RESULT | {"reduceOnly": True}
        await exchange.create_order(SYMBOL, "market", "sell", 0.02, None, reducing)
        assert await held(exchange) == {}
        with pytest.raises(ccxt_async.ExchangeError, match="-2022"):
            await exchange.create_order(SYMBOL, "market", "sell", 0.02, None, reducing)
        with pytest.raises(ccxt_async.ExchangeError, match="-2019"):
            await exchange.create_order(SYMBOL, "limit", "buy", 1000, await low_price(exchange))
        booked = {entry["info"]["incomeType"] for entry in await exchange.fetch_ledger("USDT")}
        assert {"COMMISSION", "REALIZED_PNL"} <= booked

    play(story)


def test_ccxt_stops_stand_apart_from_plain_orders() -> None:
    async def story(exchange: Any) -> None:
        low = await low_price(exchange)
        await exchange.create_order(SYMBOL, "market", "buy", 0.02)
        triggered = {"trigger": True}
        closing = {"stopPrice": low, "reduceOnly": True}
        stop = await exchange.create_order(SYMBOL, "STOP_MARKET", "sell", 0.02, None, closing)
        await exchange.create_order(SYMBOL, "limit", "sell", 0.01, low, {"triggerPrice": low})
        trailing = {"callbackRate": 1}
        await exchange.create_order(
            SYMBOL, "TRAILING_STOP_MARKET", "sell", 0.01, None, trailing
        )
        assert await exchange.fetch_open_orders(SYMBOL) == []
        assert len(await exchange.fetch_open_orders(SYMBOL, None, None, triggered)) == 3
        found = await exchange.fetch_order(stop["id"], SYMBOL, triggered)
        assert (found["status"], found["triggerPrice"]) == ("open", low)
        await exchange.cancel_order(stop["id"], SYMBOL, triggered)
        await exchange.cancel_all_orders(SYMBOL)
        assert len(await exchange.fetch_open_orders(SYMBOL, None, None, triggered)) == 2
        await exchange.cancel_all_orders(SYMBOL, triggered)
        assert await exchange.fetch_open_orders(SYMBOL, None, None, triggered) == []
        every = await exchange.fetch_orders(SYMBOL, None, None, triggered)
        assert {one["status"] for one in every} == {"canceled"}

    play(story)


def test_ccxt_places_changes_and_cancels_several_orders_at_once() -> None:
    async def story(exchange: Any) -> None:
        low = await low_price(exchange)
        bid = {"symbol": SYMBOL, "type": "limit", "side": "buy", "amount": 0.01}
        placed = await exchange.create_orders(
            [bid | {"price": low}, bid | {"price": low / 1e4}]
        )
        assert {one["status"] for one in placed} == {"open", "rejected"}
        (resting,) = await exchange.fetch_open_orders(SYMBOL)
        changed = bid | {"id": resting["id"], "price": low - 20}
        await exchange.edit_orders([changed])
        assert (await exchange.fetch_open_orders(SYMBOL))[0]["price"] == low - 20
        await exchange.cancel_orders([resting["id"]], SYMBOL)
        assert await exchange.fetch_open_orders(SYMBOL) == []
        armed = {"symbol": "BTCUSDT", "countdownTime": 60_000}
        answer = await exchange.fapiPrivatePostCountdownCancelAll(armed)
        assert answer["countdownTime"] == "60000"

    play(story)


def test_ccxt_holds_both_sides_in_hedge_mode() -> None:
    async def story(exchange: Any) -> None:
        await exchange.set_position_mode(True, SYMBOL)
        assert (await exchange.fetch_position_mode(SYMBOL))["hedged"]
        with pytest.raises(ccxt_async.OperationRejected, match="-4061"):
            await exchange.create_order(SYMBOL, "market", "buy", 0.01)
        long, short = {"positionSide": "LONG"}, {"positionSide": "SHORT"}
        await exchange.create_order(SYMBOL, "market", "buy", 0.01, None, long)
        await exchange.create_order(SYMBOL, "market", "sell", 0.02, None, short)
        assert await held(exchange) == {"long": 0.01, "short": 0.02}
        with pytest.raises(ccxt_async.OperationRejected, match="-4068"):
            await exchange.set_position_mode(False, SYMBOL)
        await exchange.create_order(SYMBOL, "market", "sell", 0.01, None, long)
        await exchange.create_order(SYMBOL, "market", "buy", 0.02, None, short)
        await exchange.set_position_mode(False, SYMBOL)
        assert not (await exchange.fetch_position_mode(SYMBOL))["hedged"]

    play(story)


def test_ccxt_pro_follows_the_perpetual_s_streams() -> None:
    async def story(exchange: Any) -> None:
        for _ in range(5):
            book = await exchange.watch_order_book(SYMBOL)
            assert book["bids"][0][0] < book["asks"][0][0]
        assert (await exchange.watch_trades(SYMBOL))[0]["price"] > 0
        assert (await exchange.watch_ticker(SYMBOL))["last"] > 0
        assert SYMBOL in await exchange.watch_tickers()
        best = (await exchange.watch_bids_asks([SYMBOL]))[SYMBOL]
        assert best["bid"] < best["ask"]
        assert (await exchange.watch_mark_price(SYMBOL))["markPrice"] > 0
        assert SYMBOL in await exchange.watch_mark_prices()
        assert (await exchange.watch_ohlcv(SYMBOL, "1m"))[-1][4] > 0

    play(story, ccxt_pro.binanceusdm)


def test_ccxt_pro_hears_of_orders_trades_wallet_and_position() -> None:
    async def story(exchange: Any) -> None:
        mine = [
            asyncio.ensure_future(watch)
            for watch in (
                exchange.watch_orders(SYMBOL),
                exchange.watch_my_trades(SYMBOL),
                exchange.watch_balance(),
            )
        ]
        await asyncio.sleep(0)
        for _ in range(100):
            await exchange.create_order(SYMBOL, "market", "buy", 0.01)
            if not (await asyncio.wait(mine, timeout=0.1))[1]:
                break
        orders, trades, balance = [await asyncio.wait_for(one, LONGEST_S) for one in mine]
        assert orders[-1]["symbol"] == trades[-1]["symbol"] == SYMBOL
        assert trades[-1]["fee"]["cost"] > 0
        assert balance["USDT"]["total"] < 100_000

    play(story, ccxt_pro.binanceusdm)


def test_ccxt_pro_trades_over_the_websocket_api() -> None:
    async def story(exchange: Any) -> None:
        low = await low_price(exchange)
        order = await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.01, low)
        edited = await exchange.edit_order_ws(
            order["id"], SYMBOL, "limit", "buy", 0.02, low - 10
        )
        assert edited["price"] == low - 10
        assert (await exchange.fetch_order_ws(order["id"], SYMBOL))["amount"] == 0.02
        canceled = await exchange.cancel_order_ws(order["id"], SYMBOL)
        assert canceled["status"] == "canceled"
        stopping = {"triggerPrice": low}
        stop = await exchange.create_order_ws(
            SYMBOL, "STOP_MARKET", "sell", 0.01, None, stopping
        )
        await exchange.cancel_order_ws(stop["id"], SYMBOL, {"trigger": True})
        await exchange.create_order_ws(SYMBOL, "market", "buy", 0.01)
        (position,) = await exchange.fetch_positions_ws([SYMBOL])
        assert position["contracts"] == 0.01
        assert (await exchange.fetch_balance_ws())["USDT"]["total"] > 0
        assert (await exchange.fetch_order_book_ws(SYMBOL, 20))["nonce"] > 0
        assert (await exchange.fetch_ticker_ws(SYMBOL))["bid"] > 0

    play(story, ccxt_pro.binanceusdm)
