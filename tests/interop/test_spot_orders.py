"""Other people's clients place spot's stops, trails, icebergs and order lists (XCH-10)."""

from typing import Any

import pytest

pytest.importorskip("ccxt.async_support")
pytest.importorskip("binance")

from tests.interop import test_ccxt as with_ccxt
from tests.interop import test_python_binance as with_python_binance

SYMBOL = "BTCUSDT"


async def around(client: Any) -> tuple[str, str, str, str]:
    """Give prices 20 and 10 per cent below the market and 10 and 20 above it."""
    best = await client.get_orderbook_ticker(symbol=SYMBOL)
    price = float(best["bidPrice"])
    low, under, over, high = (f"{price * share:.2f}" for share in (0.8, 0.9, 1.1, 1.2))
    return low, under, over, high


def test_ccxt_places_stops_trails_icebergs_and_post_only_orders() -> None:
    async def story(exchange: Any) -> None:
        symbol = with_ccxt.SYMBOL
        book = await exchange.fetch_order_book(symbol)
        bid = book["bids"][0][0]
        low, lower, high = (
            float(exchange.price_to_precision(symbol, bid * share)) for share in (0.9, 0.8, 1.1)
        )
        stop = await exchange.create_order(
            symbol, "limit", "sell", 0.01, lower, {"stopLossPrice": low}
        )
        market_stop = await exchange.create_order(
            symbol, "market", "sell", 0.01, None, {"stopLossPrice": low}
        )
        profit = await exchange.create_order(
            symbol, "limit", "sell", 0.01, high, {"takeProfitPrice": high}
        )
        trail = await exchange.create_order(
            symbol, "STOP_LOSS_LIMIT", "sell", 0.01, lower, {"trailingDelta": 200}
        )
        shy = await exchange.create_order(symbol, "limit", "buy", 0.01, low, {"postOnly": True})
        berg = await exchange.create_order(
            symbol, "limit", "buy", 0.02, low, {"icebergQty": 0.01}
        )
        resting = {one["id"]: one for one in await exchange.fetch_open_orders(symbol)}
        assert set(resting) == {
            one["id"] for one in (stop, market_stop, profit, trail, shy, berg)
        }
        assert resting[stop["id"]]["triggerPrice"] == low
        kinds = {one["info"]["type"] for one in resting.values()}
        assert kinds == {
            "STOP_LOSS_LIMIT",
            "STOP_LOSS",
            "TAKE_PROFIT_LIMIT",
            "LIMIT_MAKER",
            "LIMIT",
        }
        await exchange.cancel_all_orders(symbol)
        assert await exchange.fetch_open_orders(symbol) == []

    with_ccxt.play(story, with_ccxt.ccxt_async.binance, "--speed", "1")


def test_python_binance_places_queries_and_cancels_order_lists() -> None:
    async def story(trader: Any, _reader: Any) -> None:
        low, under, over, _ = await around(trader)
        pair = await trader.create_oco_order(
            symbol=SYMBOL,
            side="SELL",
            quantity="0.01",
            aboveType="LIMIT_MAKER",
            abovePrice=over,
            belowType="STOP_LOSS_LIMIT",
            belowStopPrice=under,
            belowPrice=low,
            belowTimeInForce="GTC",
        )
        assert pair["contingencyType"] == "OCO"
        (known,) = await trader.get_open_oco_orders()
        assert known["orderListId"] == pair["orderListId"]
        canceled = await trader.v3_delete_order_list(
            symbol=SYMBOL, orderListId=pair["orderListId"]
        )
        assert canceled["listOrderStatus"] == "ALL_DONE"
        working = {
            "symbol": SYMBOL,
            "workingType": "LIMIT",
            "workingSide": "BUY",
            "workingPrice": under,
            "workingQuantity": "0.01",
            "workingTimeInForce": "GTC",
            "pendingSide": "SELL",
            "pendingQuantity": "0.01",
        }
        first = await trader.v3_post_order_list_oto(**working, pendingType="MARKET")
        second = await trader.ws_create_otoco_order(
            **working,
            pendingAboveType="LIMIT_MAKER",
            pendingAbovePrice=over,
            pendingBelowType="STOP_LOSS",
            pendingBelowStopPrice=low,
        )
        open_lists = await trader.get_open_oco_orders()
        assert [one["orderListId"] for one in open_lists] == [
            first["orderListId"],
            second["orderListId"],
        ]
        assert len(await trader.get_open_orders(symbol=SYMBOL)) == 5

    with_python_binance.play(story)


def test_python_binance_replaces_an_order_and_asks_about_prevented_matches() -> None:
    async def story(trader: Any, _reader: Any) -> None:
        _, under, _, _ = await around(trader)
        order = await trader.order_limit_buy(symbol=SYMBOL, quantity="0.01", price=under)
        replaced = await trader.cancel_replace_order(
            symbol=SYMBOL,
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity="0.02",
            price=under,
            cancelReplaceMode="STOP_ON_FAILURE",
            cancelOrderId=order["orderId"],
        )
        assert replaced["newOrderResult"] == "SUCCESS"
        matches = await trader.get_prevented_matches(symbol=SYMBOL, orderId=order["orderId"])
        assert matches == []
        day = await trader.v3_get_ticker_trading_day(symbol=SYMBOL)
        assert day["symbol"] == SYMBOL

    with_python_binance.play(story)
