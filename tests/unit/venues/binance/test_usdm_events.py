"""Events of the USD-M user stream as the venue writes them (XCH-5, XCH-10)."""

import json
from typing import Any

import pytest

from holdfast.domain.instant import NS_PER_S, UtcNs
from holdfast.domain.instrument import Product
from holdfast.domain.order import (
    LiquiditySide,
    OrderType,
    Origin,
    PositionSide,
    Side,
    TimeInForce,
)
from holdfast.domain.venue import OrderReport, ReportKind
from holdfast.testing.market import instrument
from holdfast.venues.binance.wire.account import AccountChanged, Ended, Reported
from holdfast.venues.binance.wire.stops import TriggeredStops
from holdfast.venues.binance.wire.unreadable import Unreadable
from holdfast.venues.binance.wire.usdm_events import HELD_FOR_NS, UserEvent, UserEvents

NOW = UtcNs(1_700_000_000_000_000_000)
OURS = "HABCDE000010000001"
STOP = "HABCDE000010000002"
BTC = instrument(product=Product.LINEAR)
ORDER: dict[str, Any] = {
    "s": "BTCUSDT", "c": OURS, "S": "SELL", "o": "LIMIT", "f": "GTC", "q": "0.010",
    "p": "25351.10", "ap": "0", "sp": "0", "x": "NEW", "X": "NEW", "i": 8886774, "l": "0",
    "z": "0", "L": "0", "T": 1568879465650, "t": 0, "b": "0", "a": "9.91", "m": False,
    "R": False, "wt": "CONTRACT_PRICE", "ot": "LIMIT", "ps": "LONG", "cp": False,
    "rp": "0", "pP": False, "si": 0, "ss": 0, "V": "EXPIRE_MAKER", "pm": "NONE", "gtd": 0,
    "er": "0",
}  # fmt: skip
TRADED = {
    "x": "TRADE", "X": "PARTIALLY_FILLED", "l": "0.004", "z": "0.004", "L": "25351.20",
    "n": "0.01", "N": "USDT", "t": 77, "m": True, "rp": "-1.25",
}  # fmt: skip
ALGO: dict[str, Any] = {
    "caid": STOP, "aid": 2148719, "at": "CONDITIONAL", "o": "STOP_MARKET", "s": "BTCUSDT",
    "S": "SELL", "ps": "LONG", "f": "GTC", "q": "0.01", "X": "NEW", "ai": "", "ap": "0",
    "aq": "0", "act": "0", "tp": "24000.5", "p": "0", "V": "EXPIRE_MAKER",
    "wt": "MARK_PRICE", "pm": "NONE", "cp": False, "pP": False, "R": True, "tt": 0,
    "gtd": 0, "rm": "",
}  # fmt: skip


class Stream:
    """A subscription whose messages the test writes."""

    def __init__(self) -> None:
        self.stops = TriggeredStops()
        self.events = UserEvents(Reported([BTC]), self.stops)

    def take(self, message: object, *, at_ns: int = NOW) -> list[UserEvent]:
        raw = json.dumps(message, separators=(",", ":")).encode()
        return self.events.read(raw, received_at_ns=UtcNs(at_ns))

    def order(self, *, at_ns: int = NOW, **changes: Any) -> list[UserEvent]:
        body = {"e": "ORDER_TRADE_UPDATE", "E": 1568879465651, "T": 1, "o": ORDER | changes}
        return self.take(body, at_ns=at_ns)

    def algo(self, **changes: Any) -> list[UserEvent]:
        return self.take({"e": "ALGO_UPDATE", "T": 1, "E": 1568879465651, "o": ALGO | changes})


def only(events: list[UserEvent]) -> OrderReport:
    (event,) = events
    assert isinstance(event, OrderReport)
    return event


def test_a_new_order_is_acked_with_its_terms() -> None:
    read = only(Stream().order(f="GTX", R=True))
    assert (read.kind, read.status_text) == (ReportKind.ACKED, "NEW")
    assert (read.client_order_id, read.venue_order_id) == (OURS, "8886774")
    assert (read.side, read.position_side) == (Side.SELL, PositionSide.LONG)
    assert (read.order_type, read.time_in_force) == (OrderType.LIMIT_MAKER, TimeInForce.GTC)
    assert (read.price, read.quantity) == (BTC.price("25351.1"), BTC.quantity("0.01"))
    assert (read.reduce_only, read.origin) == (True, Origin.REQUEST)
    assert read.venue_at_ns == 1568879465651 * 10**6


@pytest.mark.parametrize("none", ["0", 0, None])
def test_no_reason_is_not_told_as_a_number(none: str | int | None) -> None:
    assert only(Stream().order(er=none, X="CANCELED", x="CANCELED")).reason == ""


def test_a_trade_names_its_fee_and_what_it_realized() -> None:
    read = only(Stream().order(**TRADED))
    assert (read.kind, read.cum_quantity) == (ReportKind.FILLED, BTC.quantity("0.004"))
    execution = read.execution
    assert execution is not None
    assert (execution.exec_id, execution.fee_asset) == ("77", "USDT")
    assert (execution.fee, execution.realized) == (10**16, -125 * 10**16)
    assert execution.liquidity_side is LiquiditySide.MAKER


def test_a_trade_without_a_fee_paid_none() -> None:
    read = only(Stream().order(**{**TRADED, "n": None, "N": None, "rp": None}))
    assert read.execution is not None
    assert (read.execution.fee, read.execution.fee_asset) == (0, "USDT")


@pytest.mark.parametrize(
    ("client_order_id", "origin"),
    [
        ("autoclose-1568879465651", Origin.LIQUIDATION),
        ("adl_autoclose", Origin.ADL),
        ("settlement_autoclose-1", Origin.SETTLEMENT),
        ("web_autoclose-", Origin.REQUEST),
    ],
)
def test_the_venues_own_orders_are_known_by_their_ids(
    client_order_id: str, origin: Origin
) -> None:
    read = only(Stream().order(c=client_order_id, o="LIQUIDATION", ot="LIQUIDATION"))
    assert read.origin is origin


def test_a_liquidation_is_an_execution_and_without_an_id_a_question() -> None:
    terms = {**TRADED, "c": "autoclose-1", "x": "CALCULATED"}
    assert only(Stream().order(**terms)).kind is ReportKind.FILLED
    assert Stream().order(**{**terms, "t": 0}) == [
        AccountChanged("CALCULATED of order 8886774")
    ]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"x": "CANCELED", "X": "CANCELED"}, ReportKind.CANCELED),
        ({"x": "EXPIRED", "X": "EXPIRED"}, ReportKind.EXPIRED),
        ({"x": "EXPIRED", "X": "EXPIRED_IN_MATCH"}, ReportKind.EXPIRED),
        ({"x": "TRADE_PREVENTION", "X": "EXPIRED_IN_MATCH"}, ReportKind.EXPIRED),
        ({"x": "AMENDMENT", "X": "NEW"}, ReportKind.STATUS),
        ({"x": "SOMETHING_NEW", "X": "NEW_ADL"}, ReportKind.STATUS),
    ],
)
def test_words_become_kinds_and_strange_ones_are_kept(
    said: dict[str, str], kind: ReportKind
) -> None:
    read = only(Stream().order(**said, er="8"))
    assert (read.kind, read.status_text, read.reason) == (kind, said["X"], "8")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("NEW", ReportKind.ACKED),
        ("TRIGGERING", ReportKind.STATUS),
        ("CANCELED", ReportKind.CANCELED),
        ("EXPIRED", ReportKind.EXPIRED),
        ("REJECTED", ReportKind.REJECTED),
        ("FINISHED", ReportKind.STATUS),
        ("NEVER_SEEN", ReportKind.STATUS),
    ],
)
def test_a_stop_is_reported_under_an_id_of_the_algo_service(
    status: str, kind: ReportKind
) -> None:
    read = only(Stream().algo(X=status, rm="Reduce Only reject"))
    assert (read.kind, read.reason) == (kind, "Reduce Only reject")
    assert (read.client_order_id, read.venue_order_id) == (STOP, "algo:2148719")
    assert (read.order_type, read.reduce_only) == (OrderType.STOP_MARKET, True)
    assert read.trigger_price == BTC.price("24000.5")


def test_a_triggered_stop_goes_on_under_its_own_client_id() -> None:
    stream = Stream()
    stream.algo()
    stream.algo(X="TRIGGERING")
    read = only(stream.algo(X="TRIGGERED", ai="8886774"))
    assert (read.kind, read.venue_order_id) == (ReportKind.TRIGGERED, "8886774")
    filled = only(stream.order(c="x-1", o="MARKET", ot="STOP_MARKET", **TRADED))
    assert (filled.client_order_id, filled.venue_order_id) == (STOP, "8886774")
    assert filled.order_type is OrderType.STOP_MARKET


@pytest.mark.parametrize("original", ["STOP_MARKET", "MARKET"])
def test_events_that_overtake_the_trigger_wait_for_the_stops_name(original: str) -> None:
    stream = Stream()
    stream.algo(X="TRIGGERING")
    assert stream.order(c="x-1", o="MARKET", ot=original) == []
    assert stream.order(c="x-1", o="MARKET", ot=original, **TRADED) == []
    told = stream.algo(X="TRIGGERED", ai=8886774)
    reports = [event for event in told if isinstance(event, OrderReport)]
    assert [report.client_order_id for report in reports] == [STOP] * 3
    assert [report.kind for report in reports] == [
        ReportKind.TRIGGERED, ReportKind.ACKED, ReportKind.FILLED,
    ]  # fmt: skip


def test_what_waits_is_given_after_a_while_under_its_own_id() -> None:
    stream = Stream()
    assert stream.order(c="manual", ot="STOP_MARKET") == []
    assert stream.events.release(UtcNs(NOW + HELD_FOR_NS - 1)) == []
    (freed,) = stream.take({"e": "TRADE_LITE"}, at_ns=NOW + HELD_FOR_NS)
    assert isinstance(freed, OrderReport)
    assert freed.client_order_id == "manual"


def test_orders_of_others_are_not_held_while_no_stop_is_triggered() -> None:
    stream = Stream()
    assert only(stream.order(c="manual")).client_order_id == "manual"
    stream.algo(X="TRIGGERING")
    assert only(stream.order()).client_order_id == OURS


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"e": "ACCOUNT_UPDATE", "a": {"m": "FUNDING_FEE"}}, AccountChanged("FUNDING_FEE")),
        ({"e": "ACCOUNT_UPDATE", "a": {"m": "DEPOSIT", "B": []}}, AccountChanged("DEPOSIT")),
        ({"e": "MARGIN_CALL", "p": []}, AccountChanged("MARGIN_CALL")),
        ({"e": "ACCOUNT_CONFIG_UPDATE", "ac": {}}, AccountChanged("ACCOUNT_CONFIG_UPDATE")),
        ({"e": "listenKeyExpired", "E": "1736996475556"}, Ended("listenKeyExpired")),
        ({"e": "listenKeyExpired", "E": 1736996475556}, Ended("listenKeyExpired")),
        (
            {"e": "CONDITIONAL_ORDER_TRIGGER_REJECT", "or": {"s": "X", "i": 5, "r": "FOK"}},
            AccountChanged("CONDITIONAL_ORDER_TRIGGER_REJECT X 5: FOK"),
        ),
    ],
)
def test_what_moves_without_an_order_is_said(message: object, said: UserEvent) -> None:
    stream = Stream()
    assert stream.take(message) == [said]
    assert stream.take({"stream": "key", "data": message}) == [said]


@pytest.mark.parametrize(
    "message",
    [
        {"e": "ACCOUNT_UPDATE", "a": {"m": "ORDER"}},
        {"e": "TRADE_LITE", "s": "BTCUSDT", "t": 1},
        {"e": "STRATEGY_UPDATE"},
        {"result": None, "id": 1},
        {"e": "ORDER_TRADE_UPDATE", "E": 1, "o": {**ORDER, "s": "ETHUSDT"}},
        {"e": "ALGO_UPDATE", "E": 1, "o": {**ALGO, "s": "ETHUSDT"}},
    ],
)
def test_what_concerns_nobody_says_nothing(message: object) -> None:
    assert Stream().take(message) == []


def test_one_bad_message_is_a_value_and_stops_nothing() -> None:
    stream = Stream()
    for bad in (b"", b"{", b"[]", b'{"e":"ORDER_TRADE_UPDATE"}', b"[" * 10_000):
        (said,) = stream.events.read(bad, received_at_ns=UtcNs(NOW + NS_PER_S))
        assert isinstance(said, Unreadable)
    (wrong,) = stream.order(S="HOLD")
    assert isinstance(wrong, Unreadable)
    assert only(stream.order()).client_order_id == OURS


def test_of_many_triggered_stops_the_oldest_are_forgotten() -> None:
    stops = TriggeredStops(kept=2)
    for number in range(3):
        stops.note(f"{number}", f"S{number}")  # type: ignore[arg-type]
    assert [stops.stop_of(f"{n}") for n in range(3)] == [None, "S1", "S2"]  # type: ignore[arg-type]
