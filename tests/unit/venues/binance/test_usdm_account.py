"""USD-M's answers about orders, trades, positions and wallets (XCH-5)."""

import json
from typing import Any

import pytest

from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Product
from holdfast.domain.order import OrderType, Origin, PositionSide, Side
from holdfast.domain.venue import BalanceReport, IncomeReport, OrderReport, ReportKind
from holdfast.testing.market import instrument
from holdfast.venues.binance.wire import usdm_account, usdm_orders
from holdfast.venues.binance.wire.stops import TriggeredStops
from holdfast.venues.binance.wire.unreadable import Unreadable
from holdfast.venues.binance.wire.usdm_account import Settings

NOW = UtcNs(1)
BTC = instrument(product=Product.LINEAR)
ORDER: dict[str, Any] = {
    "avgPrice": "0.00", "clientOrderId": "abc", "cumQuote": "0", "executedQty": "0.2",
    "orderId": 1917641, "origQty": "0.40", "origType": "STOP_MARKET", "price": "0",
    "reduceOnly": True, "side": "BUY", "positionSide": "SHORT", "status": "NEW",
    "stopPrice": "9300", "closePosition": False, "symbol": "BTCUSDT",
    "time": 1579276756075, "timeInForce": "GTC", "type": "MARKET",
    "updateTime": 1579276756076, "workingType": "CONTRACT_PRICE", "priceProtect": False,
}  # fmt: skip
ALGO: dict[str, Any] = {
    "algoId": 2146760, "clientAlgoId": "STOP1", "algoType": "CONDITIONAL",
    "orderType": "TAKE_PROFIT", "symbol": "BTCUSDT", "side": "SELL", "positionSide": "BOTH",
    "timeInForce": "GTC", "quantity": "0.01", "algoStatus": "NEW", "actualOrderId": "",
    "actualPrice": "0.00000", "triggerPrice": "750.000", "price": "750.000",
    "icebergQuantity": None, "selfTradePreventionMode": "EXPIRE_MAKER",
    "workingType": "CONTRACT_PRICE", "priceMatch": "NONE", "closePosition": False,
    "priceProtect": False, "reduceOnly": False, "createTime": 1750485492076,
    "updateTime": 1750485492076, "triggerTime": 0, "goodTillDate": 0,
}  # fmt: skip
TRADE: dict[str, Any] = {
    "buyer": False, "commission": "0.07819010", "commissionAsset": "USDT", "id": 698759,
    "maker": True, "orderId": 25851813, "price": "7819.01", "qty": "0.002",
    "quoteQty": "15.63802", "realizedPnl": "-0.91539999", "side": "SELL",
    "positionSide": "SHORT", "symbol": "BTCUSDT", "time": 1569514978020,
}  # fmt: skip
POSITION: dict[str, Any] = {
    "symbol": "BTCUSDT", "positionSide": "SHORT", "positionAmt": "-0.015",
    "entryPrice": "1250.10", "breakEvenPrice": "1249.9", "markPrice": "1251.50000000",
    "unRealizedProfit": "-0.02", "liquidationPrice": "0", "isolatedMargin": "0",
    "notional": "18.77", "marginAsset": "USDT", "updateTime": 1720736417660,
}  # fmt: skip


def body(value: object) -> bytes:
    return json.dumps(value).encode()


def order(stops: TriggeredStops | None = None, **changes: Any) -> OrderReport:
    read = usdm_orders.order(
        body(ORDER | changes), BTC, stops=stops or TriggeredStops(), received_at_ns=NOW
    )
    assert isinstance(read, OrderReport)
    return read


def algo(stops: TriggeredStops | None = None, **changes: Any) -> OrderReport:
    read = usdm_orders.algo_order(
        body(ALGO | changes), BTC, stops=stops or TriggeredStops(), received_at_ns=NOW
    )
    assert isinstance(read, OrderReport)
    return read


def test_an_order_is_read_with_its_terms() -> None:
    read = order()
    assert (read.kind, read.source) == (ReportKind.ACKED, "query")
    assert (read.side, read.position_side, read.reduce_only) == (
        Side.BUY, PositionSide.SHORT, True,
    )  # fmt: skip
    assert (read.order_type, read.trigger_price) == (OrderType.STOP_MARKET, BTC.price("9300"))
    assert (read.quantity, read.cum_quantity) == (BTC.quantity("0.4"), BTC.quantity("0.2"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("PARTIALLY_FILLED", ReportKind.ACKED),
        ("FILLED", ReportKind.STATUS),
        ("CANCELED", ReportKind.CANCELED),
        ("EXPIRED_IN_MATCH", ReportKind.EXPIRED),
        ("NEW_INSURANCE", ReportKind.STATUS),
    ],
)
def test_the_state_of_an_order_becomes_a_kind(status: str, kind: ReportKind) -> None:
    assert order(status=status).kind is kind


def test_the_venues_own_order_is_known() -> None:
    assert order(clientOrderId="autoclose-1").origin is Origin.LIQUIDATION


def test_a_stop_that_waits_has_an_id_that_no_order_has() -> None:
    read = algo()
    assert (read.client_order_id, read.venue_order_id) == ("STOP1", "algo:2146760")
    assert (read.kind, read.order_type) == (ReportKind.ACKED, OrderType.TAKE_PROFIT_LIMIT)
    assert read.trigger_price == BTC.price("750")


def test_a_query_teaches_what_a_triggered_stop_has_become() -> None:
    stops = TriggeredStops()
    read = algo(stops, algoStatus="TRIGGERED", actualOrderId="1917641")
    assert (read.kind, read.venue_order_id) == (ReportKind.TRIGGERED, "1917641")
    assert order(stops).client_order_id == "STOP1"
    assert order().client_order_id == "abc"


def test_lists_of_orders_keep_the_venues_order() -> None:
    stops = TriggeredStops()
    read = usdm_orders.orders(
        body([ORDER, {**ORDER, "orderId": 2}]), BTC, stops=stops, received_at_ns=NOW
    )
    assert not isinstance(read, Unreadable)
    assert [report.venue_order_id for report in read] == ["1917641", "2"]
    algos = usdm_orders.algo_orders(body([ALGO]), BTC, stops=stops, received_at_ns=NOW)
    assert algos == [algo()]


def test_a_trade_names_its_side_its_position_and_what_it_realized() -> None:
    read = usdm_orders.trades(body([TRADE]), BTC)
    assert not isinstance(read, Unreadable)
    (trade,) = read
    assert (trade.side, trade.position_side) == (Side.SELL, PositionSide.SHORT)
    assert trade.execution.realized == -915399990000000000
    assert trade.execution.fee == 78190100000000000


def test_positions_take_what_the_newer_answer_lacks_from_the_settings() -> None:
    settings = usdm_account.symbol_settings(
        body([{"symbol": "BTCUSDT", "marginType": "ISOLATED", "leverage": 21}])
    )
    assert settings == {"BTCUSDT": Settings(21, "isolated")}
    flat = {**POSITION, "positionAmt": "0.000"}
    other = {**POSITION, "symbol": "ETHUSDT", "positionAmt": "0"}
    read = usdm_account.positions(
        body([POSITION, flat, other]), {BTC.symbol: BTC}, settings=settings
    )
    assert not isinstance(read, Unreadable)
    (position,) = read
    assert (position.quantity, position.position_side) == (
        -BTC.quantity("0.015"), PositionSide.SHORT,
    )  # fmt: skip
    assert (position.entry_price, position.mark_price) == ("1250.1", "1251.5")
    assert (position.leverage, position.margin_type) == (21, "isolated")
    assert position.liquidation_price == ""


def test_what_is_held_and_not_listed_is_never_left_out_in_silence() -> None:
    other = {**POSITION, "symbol": "ETHUSDT"}
    read = usdm_account.positions(body([POSITION, other]), {BTC.symbol: BTC}, settings={})
    assert isinstance(read, Unreadable)
    assert "'ETHUSDT' is held and not listed" in read.reason


def test_the_older_answer_about_positions_is_read_as_well() -> None:
    old = {
        **POSITION, "leverage": "10", "marginType": "cross", "liquidationPrice": "1300.50",
    }  # fmt: skip
    read = usdm_account.positions(body([old]), {BTC.symbol: BTC}, settings={})
    assert not isinstance(read, Unreadable)
    assert (read[0].leverage, read[0].margin_type) == (10, "cross")
    assert read[0].liquidation_price == "1300.5"


def test_wallets_and_their_movements_are_exact() -> None:
    wallets = [
        {"asset": "USDT", "balance": "122607.35137903", "crossUnPnl": "3"},
        {"asset": "BNB", "balance": "0.00000000"},
    ]
    assert usdm_account.balances(body(wallets)) == [
        BalanceReport("USDT", 122607351379030000000000)  # type: ignore[arg-type]
    ]
    row = {
        "symbol": "", "incomeType": "TRANSFER", "income": "-0.37500000", "asset": "USDT",
        "info": "TRANSFER", "time": 1570608000000, "tranId": 9689322392, "tradeId": "",
    }  # fmt: skip
    read = usdm_account.income(body([row, {**row, "tradeId": 5, "tranId": "7"}]))
    assert not isinstance(read, Unreadable)
    first, second = read
    assert isinstance(first, IncomeReport)
    assert (first.tran_id, first.kind, first.amount) == (
        "9689322392",
        "TRANSFER",
        -375 * 10**15,
    )
    assert (second.tran_id, second.trade_id) == ("7", "5")


def test_mode_and_listen_key_are_read() -> None:
    assert usdm_account.is_hedge(b'{"dualSidePosition":true}') is True
    assert usdm_account.listen_key(b'{"listenKey":"abc"}') == "abc"


@pytest.mark.parametrize("bad", [b"", b"{}", b"[{}]", b"null", b"<html>", b'[{"symbol":1}]'])
def test_what_cannot_be_read_is_a_value(bad: bytes) -> None:
    stops = TriggeredStops()
    for read in (
        usdm_orders.order(bad, BTC, stops=stops, received_at_ns=NOW),
        usdm_orders.orders(bad, BTC, stops=stops, received_at_ns=NOW),
        usdm_orders.algo_order(bad, BTC, stops=stops, received_at_ns=NOW),
        usdm_orders.algo_orders(bad, BTC, stops=stops, received_at_ns=NOW),
        usdm_orders.trades(bad, BTC),
        usdm_account.positions(bad, {BTC.symbol: BTC}, settings={}),
        usdm_account.symbol_settings(bad),
        usdm_account.balances(bad),
        usdm_account.income(bad),
        usdm_account.is_hedge(bad),
        usdm_account.listen_key(bad),
    ):
        assert isinstance(read, Unreadable)


@pytest.mark.parametrize("huge", ["1e999999999", "9" * 5_000, "1_000", "0x10", "NaN", "\u0661"])
def test_a_number_that_is_no_plain_decimal_is_refused(huge: str) -> None:
    rows = body([{**POSITION, "entryPrice": huge}])
    read = usdm_account.positions(rows, {BTC.symbol: BTC}, settings={})
    assert isinstance(read, Unreadable)
