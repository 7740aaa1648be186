"""python-binance trades perpetuals on the simulated exchange (XCH-4, XCH-8)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from holdfast.simexchange.accounts import DEMO_API_KEY, DEMO_SECRET
from tests.interop.kit import LONGEST_S, simulator

binance = pytest.importorskip("binance")
exceptions = pytest.importorskip("binance.exceptions")
SYMBOL = "BTCUSDT"
AT = {"symbol": SYMBOL}
PATIENCE_S = 2  # the client's close waits this long for a message that never comes
Story = Callable[[Any, Any], Awaitable[None]]


def play(story: Story) -> None:
    """Run a story with a client and its sockets on a synthetic perpetual of its own."""

    async def whole() -> None:
        async with simulator("--symbol", f"usdm:{SYMBOL}", "--speed", "1") as addresses:
            rest, ws = addresses["usdm_rest"], addresses["usdm_ws"]
            urls = {
                "API_URL": f"{rest}/api",
                "FUTURES_URL": f"{rest}/fapi",
                "WS_API_URL": addresses["ws_api"],
                "WS_FUTURES_URL": addresses["usdm_ws_api"],
            }
            streams = {"STREAM_URL": f"{ws}/", "FSTREAM_URL": f"{ws}/"}
            pointed = type("Pointed", (binance.AsyncClient,), urls)
            sockets = type("Sockets", (binance.BinanceSocketManager,), streams)
            client = await pointed.create(DEMO_API_KEY, DEMO_SECRET)
            client.ws_api.TIMEOUT = client.ws_future.TIMEOUT = PATIENCE_S
            try:
                await story(client, sockets(client))
            finally:
                await client.close_connection()

    asyncio.run(asyncio.wait_for(whole(), LONGEST_S))


async def low_price(client: Any) -> str:
    """Give a price at which a bid rests."""
    best = await client.futures_orderbook_ticker(symbol=SYMBOL)
    return f"{float(best['bidPrice']) * 0.9:.2f}"


def bid(price: str) -> dict[str, str]:
    """Describe a small limit order."""
    return AT | {
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01",
        "price": price,
    }


async def trade(client: Any, side: str, quantity: str = "0.02") -> Any:
    """Trade at the market and return the result."""
    return await client.futures_create_order(
        symbol=SYMBOL, side=side, type="MARKET", quantity=quantity, newOrderRespType="RESULT"
    )


def test_python_binance_reads_the_perpetual_and_its_account() -> None:
    async def story(client: Any, _sockets: Any) -> None:
        info = await client.futures_exchange_info()
        assert [symbol["contractType"] for symbol in info["symbols"]] == ["PERPETUAL"]
        book = await client.futures_order_book(symbol=SYMBOL, limit=5)
        assert float(book["bids"][0][0]) < float(book["asks"][0][0])
        assert float((await client.futures_mark_price(symbol=SYMBOL))["markPrice"]) > 0
        assert await client.futures_klines(symbol=SYMBOL, interval="1m") == []
        (held,) = await client.futures_account_balance()
        assert (held["asset"], float(held["availableBalance"])) == ("USDT", 100_000)
        flat = (await client.futures_account())["positions"]
        assert [row["positionAmt"] for row in flat] == ["0.00000"]
        assert not (await client.futures_get_position_mode())["dualSidePosition"]
        assert (await client.futures_leverage_bracket())[0]["brackets"]
        await client.futures_change_leverage(symbol=SYMBOL, leverage=10)
        (config,) = await client.futures_symbol_config()
        assert config["leverage"] == 10

    play(story)


def test_python_binance_places_changes_and_cancels_orders() -> None:
    async def story(client: Any, _sockets: Any) -> None:
        low = await low_price(client)
        assert await client.futures_create_test_order(**bid(low)) == {}
        order = await client.futures_create_order(**bid(low))
        assert (order["status"], "avgPrice" in order) == ("NEW", False)
        by_id = AT | {"orderId": order["orderId"]}
        await client.futures_modify_order(**by_id, side="BUY", quantity="0.02", price=low)
        found = await client.futures_get_order(**by_id)
        assert (found["origQty"], float(found["avgPrice"])) == ("0.02000", 0)
        (change,) = await client.futures_v1_get_order_amendment(symbol=SYMBOL)
        assert change["amendment"]["origQty"] == {"before": "0.01000", "after": "0.02000"}
        assert (await client.futures_cancel_order(**by_id))["status"] == "CANCELED"
        with pytest.raises(exceptions.BinanceAPIException) as refused:
            await client.futures_cancel_order(**by_id)
        assert refused.value.code == -2011
        several = [bid(low), bid("1.00")]
        placed = await client.futures_place_batch_order(batchOrders=several)
        assert (placed[0]["status"], placed[1]["code"]) == ("NEW", -4164)
        ids = [placed[0]["orderId"]]
        (canceled,) = await client.futures_cancel_orders(symbol=SYMBOL, orderidlist=ids)
        assert canceled["status"] == "CANCELED"
        armed = await client.futures_countdown_cancel_all(symbol=SYMBOL, countdownTime=9000)
        assert armed["countdownTime"] == "9000"

    play(story)


def test_python_binance_trades_stops_and_reads_its_books() -> None:
    async def story(client: Any, _sockets: Any) -> None:
        low = await low_price(client)
        order = await trade(client, "BUY")
        assert (order["status"], order["executedQty"]) == ("FILLED", "0.02000")
        (position,) = await client.futures_position_information(symbol=SYMBOL)
        assert (position["positionAmt"], position["positionSide"]) == ("0.02000", "BOTH")
        stop = AT | {"side": "SELL", "type": "STOP_MARKET", "stopPrice": low}
        placed = await client.futures_create_order(**stop, closePosition="true")
        assert (placed["algoStatus"], placed["closePosition"]) == ("NEW", True)
        assert await client.futures_get_open_orders(symbol=SYMBOL) == []
        (open_one,) = await client.futures_get_open_algo_orders(symbol=SYMBOL)
        assert open_one["algoId"] == placed["algoId"]
        await client.futures_cancel_algo_order(algoId=placed["algoId"])
        assert await client.futures_get_open_algo_orders(symbol=SYMBOL) == []
        trades = await client.futures_account_trades(symbol=SYMBOL)
        assert {one["orderId"] for one in trades} == {order["orderId"]}
        income = await client.futures_income_history(symbol=SYMBOL)
        assert {entry["incomeType"] for entry in income} == {"COMMISSION"}

    play(story)


def test_python_binance_trades_over_the_websocket_api() -> None:
    async def story(client: Any, _sockets: Any) -> None:
        low = await low_price(client)
        assert (await client.ws_futures_get_order_book(symbol=SYMBOL))["bids"]
        order = await client.ws_futures_create_order(**bid(low))
        by_id = AT | {"orderId": order["orderId"]}
        await client.ws_futures_edit_order(**by_id, side="BUY", quantity="0.02", price=low)
        assert (await client.ws_futures_get_order(**by_id))["origQty"] == "0.02000"
        assert (await client.ws_futures_cancel_order(**by_id))["status"] == "CANCELED"
        stop = AT | {
            "side": "SELL",
            "type": "STOP_MARKET",
            "stopPrice": low,
            "quantity": "0.01",
        }
        placed = await client.ws_futures_create_order(**stop)
        canceled = await client.ws_futures_cancel_order(algoId=placed["algoId"])
        assert canceled["algoId"] == placed["algoId"]
        assert await client.ws_futures_v2_account_position() == []
        (held,) = await client.ws_futures_v2_account_balance()
        assert held["asset"] == "USDT"
        assert (await client.ws_futures_account_status())["assets"]

    play(story)


def test_python_binance_hears_of_its_orders_and_the_market() -> None:
    async def story(client: Any, sockets: Any) -> None:
        socket = sockets.futures_user_socket()
        socket.TIMEOUT = PATIENCE_S
        async with socket as user:
            await trade(client, "BUY")
            events = [await user.recv() for _ in range(4)]
            kinds = sorted(event["e"] for event in events)
            assert kinds == [
                "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE", "TRADE_LITE",
            ]  # fmt: skip
            update = next(event["a"] for event in events if event["e"] == "ACCOUNT_UPDATE")
            assert (update["m"], update["P"][0]["pa"]) == ("ORDER", "0.02000")
        async with sockets.futures_depth_socket(SYMBOL) as stream:
            assert (await stream.recv())["data"]["e"] == "depthUpdate"
        names = [
            f"{SYMBOL.lower()}@{kind}" for kind in ("aggTrade", "markPrice@1s", "kline_1m")
        ]
        async with sockets.futures_multiplex_socket(names) as stream:
            kinds = {(await stream.recv())["data"]["e"] for _ in range(20)}
            assert kinds == {"aggTrade", "markPriceUpdate", "kline"}

    play(story)
