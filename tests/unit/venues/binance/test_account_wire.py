"""Reports, orders, trades and balances as the venue writes them."""

import json
from typing import Any

import pytest

from holdfast.domain.instant import UtcNs
from holdfast.domain.order import LiquiditySide, OrderType, Side, TimeInForce
from holdfast.domain.venue import BalanceReport, OrderReport, ReportKind, TradeReport
from holdfast.testing.market import instrument
from holdfast.venues.binance.wire import account
from holdfast.venues.binance.wire.unreadable import Unreadable

NOW = UtcNs(1_700_000_000_000_000_001)
BTC = instrument()
REPORTED = account.Reported([BTC])
REPORT: dict[str, Any] = {
    "e": "executionReport", "E": 1499405658658, "s": "BTCUSDT", "c": "HABCDE0000010000001",
    "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "1.00000000", "p": "25351.19000000",
    "P": "0.00000000", "F": "0.00000000", "g": -1, "C": "", "x": "NEW", "X": "NEW",
    "r": "NONE", "i": 4293153, "l": "0.00000000", "z": "0.00000000", "L": "0.00000000",
    "n": "0", "N": None, "T": 1499405658657, "t": -1, "v": 3, "I": 8641984, "w": True,
    "m": False, "M": False, "O": 1499405658657, "Z": "0.00000000", "Y": "0.00000000",
    "Q": "0.00000000", "W": 1499405658657, "V": "EXPIRE_MAKER",
}  # fmt: skip
TRADED = {
    "x": "TRADE", "X": "PARTIALLY_FILLED", "l": "0.40000000", "z": "0.40000000",
    "L": "25351.18000000", "n": "0.00012000", "N": "BNB", "t": 77, "m": True,
}  # fmt: skip
ORDER: dict[str, Any] = {
    "symbol": "BTCUSDT", "orderId": 28, "orderListId": -1, "clientOrderId": "HABCDE1",
    "price": "0.10000000", "origQty": "1.00000000", "executedQty": "0.25000000",
    "cummulativeQuoteQty": "0.0", "status": "PARTIALLY_FILLED", "timeInForce": "GTC",
    "type": "LIMIT", "side": "SELL", "stopPrice": "0.0", "icebergQty": "0.0",
    "time": 1499827319559, "updateTime": 1499827319600, "isWorking": True,
}  # fmt: skip
TRADE: dict[str, Any] = {
    "symbol": "BTCUSDT", "id": 28457, "orderId": 100234, "orderListId": -1,
    "price": "4.00000100", "qty": "12.00000000", "quoteQty": "48.000012",
    "commission": "10.10000000", "commissionAsset": "BNB", "time": 1499865549590,
    "isBuyer": True, "isMaker": False, "isBestMatch": True,
}  # fmt: skip


def report(**changes: Any) -> OrderReport:
    read = event(**changes)
    assert isinstance(read, OrderReport)
    return read


def event(**changes: Any) -> object:
    raw = json.dumps({**REPORT, **changes}, separators=(",", ":")).encode()
    return account.event(raw, REPORTED, received_at_ns=NOW)


def test_a_new_order_is_acked_with_its_terms() -> None:
    read = report()
    assert read.kind is ReportKind.ACKED
    assert (read.client_order_id, read.venue_order_id) == ("HABCDE0000010000001", "4293153")
    assert (read.side, read.order_type, read.time_in_force) == (
        Side.BUY, OrderType.LIMIT, TimeInForce.GTC,
    )  # fmt: skip
    assert (read.price, read.quantity, read.cum_quantity) == (2535119000000, 10**8, 0)
    assert read.venue_at_ns == 1499405658658 * 10**6
    assert (read.execution, read.reason, read.source) == (None, "", "stream")


def test_a_trade_has_its_execution_with_the_fee_in_its_own_asset() -> None:
    read = report(**TRADED)
    assert read.kind is ReportKind.FILLED
    assert read.cum_quantity == 40000000
    assert read.execution is not None
    assert read.execution.exec_id == "77"
    assert read.execution.fee == 120000000000000
    assert read.execution.fee_asset == "BNB"
    assert read.execution.liquidity_side is LiquiditySide.MAKER


def test_a_cancel_is_reported_under_the_orders_own_id() -> None:
    read = report(x="CANCELED", X="CANCELED", c="id-of-the-cancel", C="HABCDE0000010000001")
    assert read.kind is ReportKind.CANCELED
    assert read.client_order_id == "HABCDE0000010000001"


def test_an_expiry_after_a_partial_fill_keeps_what_was_executed() -> None:
    read = report(x="EXPIRED", X="EXPIRED", z="0.40000000", eR="UNFILLED_IOC_QUANTITY_EXPIRED")
    assert read.kind is ReportKind.EXPIRED
    assert (read.cum_quantity, read.reason) == (40000000, "UNFILLED_IOC_QUANTITY_EXPIRED")


def test_an_order_ended_by_self_trade_prevention_is_expired() -> None:
    read = report(x="TRADE_PREVENTION", X="EXPIRED_IN_MATCH")
    assert (read.kind, read.status_text) == (ReportKind.EXPIRED, "EXPIRED_IN_MATCH")


@pytest.mark.parametrize("kind", ["REPLACED", "TRADE_PREVENTION", "SOMETHING_NEW"])
def test_a_word_that_is_not_known_ends_nothing(kind: str) -> None:
    read = report(x=kind, X="NEW", o="PEGGED", f="RPI")
    assert read.kind is ReportKind.STATUS
    assert read.order_type is OrderType.LIMIT


@pytest.mark.parametrize(
    "other",
    [
        {"e": "outboundAccountPosition"},
        {"e": "listStatus", "L": "EXECUTING"},
        {"e": "listStatus"},
        {"s": "ETHUSDT"},
    ],
)
def test_events_that_are_not_ours_need_no_attention(other: dict[str, str]) -> None:
    assert event(**other) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"e": "balanceUpdate"}, "balanceUpdate"),
        ({"e": "externalLockUpdate"}, "externalLockUpdate"),
        ({"e": "listStatus", "L": "REJECT", "r": "NONE"}, "listStatus REJECT: NONE"),
    ],
)
def test_what_moves_without_a_report_of_an_order_is_said(
    changes: dict[str, str], reason: str
) -> None:
    assert event(**changes) == account.AccountChanged(reason)


def test_a_stop_names_its_trigger_its_list_and_whether_it_trails() -> None:
    read = report(o="STOP_LOSS_LIMIT", P="24000.50000000", g=7)
    assert read.order_type is OrderType.STOP_LIMIT
    assert (read.trigger_price, read.order_list_id) == (BTC.price("24000.5"), "7")
    assert report(o="STOP_LOSS", d=100).order_type is OrderType.TRAILING_STOP
    assert report().order_list_id == ""


@pytest.mark.parametrize("kind", ["eventStreamTerminated", "serverShutdown"])
def test_the_end_of_the_stream_is_heard(kind: str) -> None:
    assert event(e=kind) == account.Ended(kind)


@pytest.mark.parametrize(
    "broken",
    [
        {"S": "HOLD"},
        {"q": "x"},
        {"E": -1},
        {"i": "7"},
        {**TRADED, "t": -1},
        {**TRADED, "n": "x"},
    ],
)
def test_a_report_that_makes_no_sense_is_unreadable(broken: dict[str, Any]) -> None:
    assert isinstance(event(**broken), Unreadable)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("NEW", ReportKind.ACKED),
        ("PENDING_NEW", ReportKind.ACKED),
        ("PARTIALLY_FILLED", ReportKind.ACKED),
        ("FILLED", ReportKind.STATUS),
        ("CANCELED", ReportKind.CANCELED),
        ("EXPIRED", ReportKind.EXPIRED),
        ("EXPIRED_IN_MATCH", ReportKind.EXPIRED),
        ("REJECTED", ReportKind.REJECTED),
        ("PENDING_CANCEL", ReportKind.STATUS),
        ("UNHEARD_OF", ReportKind.STATUS),
    ],
)
def test_a_queried_order_says_how_it_stands(status: str, kind: ReportKind) -> None:
    body = json.dumps({**ORDER, "status": status}).encode()
    read = account.order(body, BTC, received_at_ns=NOW)
    assert isinstance(read, OrderReport)
    assert (read.kind, read.status_text, read.source) == (kind, status, "query")
    assert (read.side, read.cum_quantity) == (Side.SELL, 25000000)
    assert read.venue_at_ns == 1499827319600 * 10**6


def test_a_list_of_orders_keeps_its_order() -> None:
    body = json.dumps([{**ORDER, "orderId": n} for n in (3, 1, 2)]).encode()
    read = account.orders(body, BTC, received_at_ns=NOW)
    assert isinstance(read, list)
    assert [order.venue_order_id for order in read] == ["3", "1", "2"]


def test_a_trade_of_the_account_names_order_fee_and_side() -> None:
    read = account.trades(json.dumps([TRADE]).encode(), BTC)
    assert isinstance(read, list)
    (trade,) = read
    assert isinstance(trade, TradeReport)
    assert (trade.venue_order_id, trade.side) == ("100234", Side.BUY)
    assert trade.execution.exec_id == "28457"
    assert (trade.execution.fee, trade.execution.fee_asset) == (101 * 10**17, "BNB")
    assert trade.execution.liquidity_side is LiquiditySide.TAKER


def test_balances_are_free_plus_locked_without_zeros() -> None:
    body = (
        b'{"balances":[{"asset":"BTC","free":"0.1","locked":"0.00000002"},'
        b'{"asset":"XRP","free":"0.0","locked":"0"}]}'
    )
    assert account.balances(body) == [BalanceReport("BTC", 100000020000000000)]


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"<html>", b'[{"symbol":1}]'])
def test_answers_that_cannot_be_read_are_said_to_be_so(body: bytes) -> None:
    assert isinstance(account.trades(body, BTC), Unreadable)
    assert isinstance(account.orders(body, BTC, received_at_ns=NOW), Unreadable)
    assert isinstance(account.order(body, BTC, received_at_ns=NOW), Unreadable)
    assert isinstance(account.balances(body), Unreadable)
