"""python-binance trades on the simulated exchange as it would on the venue."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from holdfast.simexchange.accounts import (
    DEMO_API_KEY,
    DEMO_READ_API_KEY,
    DEMO_READ_SECRET,
    DEMO_SECRET,
)
from tests.interop.kit import LONGEST_S, simulator

binance = pytest.importorskip("binance")
exceptions = pytest.importorskip("binance.exceptions")
SYMBOL = "BTCUSDT"
PATIENCE_S = 2  # the client's close waits this long for a message that never comes
Story = Callable[[Any, Any], Awaitable[None]]


def play(story: Story) -> None:
    """Run a story with a client that trades and one that reads, on a simulator of its own."""

    async def whole() -> None:
        async with simulator("--speed", "1") as addresses:
            urls = {"API_URL": f"{addresses['rest']}/api", "WS_API_URL": addresses["ws_api"]}
            pointed = type("Pointed", (binance.AsyncClient,), urls)
            trader = await pointed.create(DEMO_API_KEY, DEMO_SECRET)
            reader = await pointed.create(DEMO_READ_API_KEY, DEMO_READ_SECRET)
            for client in (trader, reader):
                client.ws_api.TIMEOUT = PATIENCE_S
            try:
                await story(trader, reader)
            finally:
                await trader.close_connection()
                await reader.close_connection()

    asyncio.run(asyncio.wait_for(whole(), LONGEST_S))


async def far_price(client: Any) -> str:
    """Give a price at which a bid rests."""
    best = await client.get_orderbook_ticker(symbol=SYMBOL)
    return f"{float(best['bidPrice']) * 0.9:.2f}"


def test_python_binance_reads_time_rules_and_account() -> None:
    async def story(trader: Any, _reader: Any) -> None:
        assert await trader.ping() == {}
        assert (await trader.get_server_time())["serverTime"] > 0
        info = await trader.get_exchange_info()
        assert [symbol["symbol"] for symbol in info["symbols"]] == [SYMBOL]
        rules = await trader.get_symbol_info(SYMBOL)
        assert {"PRICE_FILTER", "LOT_SIZE", "NOTIONAL"} <= {
            one["filterType"] for one in rules["filters"]
        }
        book = await trader.get_order_book(symbol=SYMBOL, limit=5)
        assert float(book["bids"][0][0]) < float(book["asks"][0][0])
        account = await trader.get_account()
        assert account["canTrade"]
        assert float((await trader.get_asset_balance(asset="USDT"))["free"]) > 0

    play(story)


def test_python_binance_places_queries_and_cancels_a_limit_order() -> None:
    async def story(trader: Any, _reader: Any) -> None:
        placed = await trader.order_limit_buy(
            symbol=SYMBOL,
            quantity="0.01",
            price=await far_price(trader),
            newClientOrderId="interop-2",
        )
        assert placed["status"] == "NEW"
        by_id = {"symbol": SYMBOL, "orderId": placed["orderId"]}
        assert (await trader.get_order(**by_id))["clientOrderId"] == "interop-2"
        resting = await trader.get_open_orders(symbol=SYMBOL)
        assert [order["orderId"] for order in resting] == [placed["orderId"]]
        assert (await trader.cancel_order(**by_id))["status"] == "CANCELED"
        assert await trader.get_open_orders() == []
        with pytest.raises(exceptions.BinanceAPIException) as refused:
            await trader.cancel_order(**by_id)
        assert refused.value.code == -2011

    play(story)


def test_python_binance_trades_at_the_market() -> None:
    async def story(trader: Any, _reader: Any) -> None:
        bought = await trader.order_market_buy(symbol=SYMBOL, quantity="0.01")
        assert bought["status"] == "FILLED"
        trades = await trader.get_my_trades(symbol=SYMBOL)
        assert {trade["orderId"] for trade in trades} == {bought["orderId"]}
        sold = await trader.ws_create_order(
            symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.005"
        )
        assert sold["status"] == "FILLED"

    play(story)


def test_python_binance_listens_with_a_key_that_may_only_read() -> None:
    async def story(trader: Any, reader: Any) -> None:
        async with binance.BinanceSocketManager(reader).user_socket() as heard:
            placed = await trader.order_limit_buy(
                symbol=SYMBOL, quantity="0.01", price=await far_price(trader)
            )
            report = await heard.recv()
            assert (report["e"], report["i"]) == ("executionReport", placed["orderId"])
            held = await heard.recv()
            assert held["e"] == "outboundAccountPosition"
            with pytest.raises(exceptions.BinanceAPIException) as refused:
                await reader.cancel_order(symbol=SYMBOL, orderId=placed["orderId"])
            assert refused.value.code == -2015

    play(story)


def test_python_binance_trades_order_lists_and_replacements() -> None:
    async def story(trader: Any, _reader: Any) -> None:
        low = await far_price(trader)
        high = f"{float(low) * 1.2:.2f}"
        either = await trader.create_oco_order(
            symbol=SYMBOL,
            side="SELL",
            quantity="0.01",
            aboveType="LIMIT_MAKER",
            abovePrice=high,
            belowType="STOP_LOSS_LIMIT",
            belowStopPrice=low,
            belowPrice=low,
            belowTimeInForce="GTC",
        )
        assert (either["contingencyType"], len(either["orders"])) == ("OCO", 2)
        (listed,) = await trader.v3_get_open_order_list()
        by_id = {"orderListId": listed["orderListId"]}
        assert (await trader.v3_get_order_list(**by_id))["listOrderStatus"] == "EXECUTING"
        gone = await trader.v3_delete_order_list(symbol=SYMBOL, **by_id)
        assert gone["listOrderStatus"] == "ALL_DONE"
        order = await trader.order_limit_buy(symbol=SYMBOL, quantity="0.02", price=low)
        replaced = await trader.cancel_replace_order(
            symbol=SYMBOL,
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity="0.01",
            price=low,
            cancelReplaceMode="STOP_ON_FAILURE",
            cancelOrderId=order["orderId"],
        )
        results = (replaced["cancelResult"], replaced["newOrderResult"])
        assert results == ("SUCCESS", "SUCCESS")
        (resting,) = await trader.get_open_orders(symbol=SYMBOL)
        assert (resting["origQty"], resting["price"]) == ("0.01000000", f"{float(low):.8f}")

    play(story)
