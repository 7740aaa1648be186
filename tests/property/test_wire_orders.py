"""Whatever comes back about orders, of both products, is a value or cannot be read.

Bytes at random, right messages with something else in a field, words and fields that nobody
knows, huge numbers, deep nesting: never an exception, and one bad message never stops a stream.
"""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.domain.ids import ClientOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Product
from holdfast.domain.submission import Acked, Rejected, Unknown
from holdfast.domain.venue import CancelAcked, CancelRefused, OrderReport
from holdfast.testing.market import instrument
from holdfast.venues.binance.wire import account, usdm_account, usdm_orders
from holdfast.venues.binance.wire.replies import (
    Answered,
    ErrorBody,
    Reply,
    cancel_answer,
    error_body,
    list_submissions,
    replace_answers,
    reply,
    submission,
)
from holdfast.venues.binance.wire.stops import TriggeredStops
from holdfast.venues.binance.wire.unreadable import Unreadable
from holdfast.venues.binance.wire.usdm_events import UserEvents
from holdfast.venues.binance.wire.verdicts import ASKS, Ask, Verdict, judge

NOW = UtcNs(1)
SPOT = instrument()
PERPETUAL = instrument(product=Product.LINEAR)
A, B = ClientOrderId("A"), ClientOrderId("B")
USER_EVENTS = (OrderReport, account.AccountChanged, account.Ended, Unreadable)

GOOD: list[dict[str, Any]] = [
    {
        "e": "ORDER_TRADE_UPDATE", "E": 1568879465651, "T": 1, "o": {
            "s": "BTCUSDT", "c": "A", "S": "SELL", "o": "MARKET", "f": "GTC", "q": "0.010",
            "p": "0", "sp": "0", "x": "TRADE", "X": "FILLED", "i": 8886774, "l": "0.01",
            "z": "0.01", "L": "7", "n": "0.1", "N": "USDT", "t": 7, "m": False, "R": True,
            "ot": "STOP_MARKET", "ps": "BOTH", "rp": "0.5", "er": "0",
        },
    },
    {
        "e": "ALGO_UPDATE", "T": 1, "E": 1568879465651, "o": {
            "caid": "A", "aid": 2148719, "at": "CONDITIONAL", "o": "STOP_MARKET",
            "s": "BTCUSDT", "S": "SELL", "ps": "BOTH", "f": "GTC", "q": "0.01",
            "X": "TRIGGERED", "ai": "8886774", "aq": "0", "tp": "24000.5", "p": "0",
            "R": True, "rm": "",
        },
    },
    {"e": "ACCOUNT_UPDATE", "E": 1, "a": {"m": "FUNDING_FEE", "B": [], "P": []}},
    {"e": "CONDITIONAL_ORDER_TRIGGER_REJECT", "or": {"s": "BTCUSDT", "i": 1, "r": "x"}},
    {"stream": "key", "data": {"e": "listenKeyExpired", "E": "1"}},
    {
        "e": "executionReport", "E": 1499405658658, "s": "BTCUSDT", "c": "HA", "S": "BUY",
        "o": "STOP_LOSS", "f": "GTC", "q": "1", "p": "2", "C": "", "x": "TRADE",
        "X": "FILLED", "r": "NONE", "i": 4, "l": "1", "z": "1", "L": "2", "n": "0.001",
        "N": "BNB", "t": 1, "m": False, "P": "3", "g": -1, "d": 100,
    },
    {"e": "listStatus", "L": "REJECT", "r": "NONE"},
]  # fmt: skip
ROWS: list[dict[str, Any]] = [
    {
        "symbol": "BTCUSDT", "orderId": 1917641, "clientOrderId": "A", "price": "0.1",
        "origQty": "0.4", "executedQty": "0.2", "status": "NEW", "type": "LIMIT",
        "side": "BUY", "origType": "LIMIT", "stopPrice": "9300", "updateTime": 1579276756076,
    },
    {
        "symbol": "BTCUSDT", "algoId": 2146760, "clientAlgoId": "A", "orderType": "STOP",
        "side": "SELL", "algoStatus": "NEW", "quantity": "0.01", "actualOrderId": "7",
        "triggerPrice": "750.000", "price": "750.000", "createTime": 1750485492076,
    },
    {
        "symbol": "BTCUSDT", "id": 698759, "orderId": 25851813, "side": "SELL",
        "price": "7819.01", "qty": "0.002", "commission": "0.07819010",
        "commissionAsset": "USDT", "time": 1569514978020, "realizedPnl": "-0.9",
    },
    {
        "symbol": "BTCUSDT", "positionAmt": "-0.015", "positionSide": "SHORT",
        "entryPrice": "1250.1", "markPrice": "1251.5", "liquidationPrice": "0",
        "leverage": "10", "marginType": "cross",
    },
    {"asset": "USDT", "balance": "122607.35137903"},
    {
        "symbol": "", "incomeType": "TRANSFER", "income": "-0.375", "asset": "USDT",
        "time": 1570608000000, "tranId": 9689322392, "tradeId": "",
    },
    {"dualSidePosition": True, "listenKey": "abc"},
]  # fmt: skip
ANSWERS: list[dict[str, Any]] = [
    {"orderId": 28, "clientOrderId": "A", "executedQty": "1.0", "origClientOrderId": "A"},
    {"algoId": 28, "clientAlgoId": "A", "code": "200", "msg": "success"},
    {"orders": [{"orderId": 1, "clientOrderId": "A"}, {"orderId": 2, "clientOrderId": "B"}]},
    {"orderReports": [{"origClientOrderId": "A", "executedQty": "1"}]},
    {
        "cancelResult": "SUCCESS", "newOrderResult": "FAILURE",
        "cancelResponse": {"origClientOrderId": "A", "executedQty": "1"},
        "newOrderResponse": {"code": -2010, "msg": "no"},
    },
    {"code": -2021, "msg": "partly", "data": {"cancelResult": "FAILURE"}},
]  # fmt: skip
STRANGE = st.sampled_from(
    [
        10**400, -(10**400), 2**63, -1, 0.1, 1e308, "1e999999999", "9" * 5_000, "-0",
        "0x10", "NaN", "Infinity", "\u0661", "NEVER_SEEN", "", " ", "\x00", "\ud83d", None,
        True, [], {}, [[]], {"": None},
    ]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
DEEP = [b"[" * 100_000, b'{"a":' * 100_000, b'{"o":' + b"[" * 5_000 + b"]" * 5_000 + b"}"]


@st.composite
def respelled(draw: st.DrawFn, samples: list[dict[str, Any]]) -> bytes:
    """Take a message that is right, and change, add or remove some of its fields."""
    content = json.loads(json.dumps(draw(st.sampled_from(samples))))
    for _ in range(draw(st.integers(1, 3))):
        inner = content
        while nested := [v for v in inner.values() if isinstance(v, dict) and v]:
            if draw(st.booleans()):
                break
            inner = nested[0]
        name = draw(st.sampled_from([*sorted(inner), "brandNew"]))
        if draw(st.booleans()):
            inner.pop(name, None)
        else:
            inner[name] = deepcopy(draw(STRANGE | JSON))
    return json.dumps(content, separators=(",", ":")).encode()


@st.composite
def damaged(draw: st.DrawFn, samples: list[dict[str, Any]]) -> bytes:
    """Take the bytes of a message that is right, and spoil some of them."""
    message = bytearray(json.dumps(draw(st.sampled_from(samples))).encode())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(message) - 1))
        message[at : at + draw(st.integers(0, 9))] = draw(st.binary(max_size=9))
        if not message:
            break
    return bytes(message)


def anything(samples: list[dict[str, Any]]) -> st.SearchStrategy[bytes]:
    return (
        respelled(samples)
        | damaged(samples)
        | st.binary(max_size=200)
        | JSON.map(lambda value: json.dumps(value).encode())
        | st.sampled_from([b"[", b'{"a":', b'{"o":[']).map(lambda opening: opening * 3_000)
    )


@given(anything(GOOD))
def test_an_event_of_either_product_is_a_value_or_unreadable(raw: bytes) -> None:
    spot = account.event(raw, account.Reported([SPOT]), received_at_ns=NOW)
    assert spot is None or isinstance(spot, USER_EVENTS)
    events = UserEvents(account.Reported([PERPETUAL]), TriggeredStops())
    for event in events.read(raw, received_at_ns=NOW):
        assert isinstance(event, USER_EVENTS)


@given(st.lists(anything(GOOD), max_size=6))
def test_a_bad_event_never_stops_a_stream(frames: list[bytes]) -> None:
    events = UserEvents(account.Reported([PERPETUAL]), TriggeredStops())
    for frame in frames:
        events.read(frame, received_at_ns=NOW)
    whole = json.dumps({**GOOD[0], "o": {**GOOD[0]["o"], "c": "HABCDE000010000001"}})
    told = events.read(whole.encode(), received_at_ns=NOW)
    reports = [event for event in told if isinstance(event, OrderReport)]
    assert "8886774" in [report.venue_order_id for report in reports]


@given(anything(ROWS), st.booleans())
def test_an_answer_about_the_account_is_a_value_or_unreadable(raw: bytes, listed: bool) -> None:
    body = b"[" + raw + b"]" if listed else raw
    stops = TriggeredStops()
    for read in (
        usdm_orders.order(body, PERPETUAL, stops=stops, received_at_ns=NOW),
        usdm_orders.algo_order(body, PERPETUAL, stops=stops, received_at_ns=NOW),
        account.order(body, SPOT, received_at_ns=NOW),
    ):
        assert isinstance(read, OrderReport | Unreadable)
    for found in (
        usdm_orders.orders(body, PERPETUAL, stops=stops, received_at_ns=NOW),
        usdm_orders.algo_orders(body, PERPETUAL, stops=stops, received_at_ns=NOW),
        usdm_orders.trades(body, PERPETUAL),
        usdm_account.positions(body, {PERPETUAL.symbol: PERPETUAL}, settings={}),
        usdm_account.balances(body),
        usdm_account.income(body),
        account.orders(body, SPOT, received_at_ns=NOW),
        account.trades(body, SPOT),
        account.balances(body),
    ):
        assert isinstance(found, list | Unreadable)
    assert isinstance(usdm_account.symbol_settings(body), dict | Unreadable)
    assert isinstance(usdm_account.is_hedge(body), bool | Unreadable)
    assert isinstance(usdm_account.listen_key(body), str | Unreadable)


@given(
    anything(ANSWERS),
    st.integers(0, 999),
    st.none() | st.builds(ErrorBody, st.integers(-9999, 0), st.text(max_size=30)),
    st.sampled_from([(product, ask) for product, asks in ASKS.items() for ask in asks]),
)
@example(b'{"orderId":28}', 200, ErrorBody(-1013, "no"), (Product.SPOT, Ask.PLACE))
def test_every_answer_to_an_order_is_one_of_the_three(
    body: bytes, status: int, error: ErrorBody | None, asked: tuple[Product, Ask]
) -> None:
    product, ask = asked
    answered = Answered(status, error, body)
    submissions = [
        submission(answered, A, product=product, ask=ask),
        *list_submissions(answered, [A, B], product=product),
    ]
    canceled = [cancel_answer(answered, A, instrument=SPOT, product=product, ask=ask)]
    both = replace_answers(answered, A, order_id=B, instrument=SPOT, product=product)
    canceled.append(both[0])
    for answer in submissions:
        assert isinstance(answer, Acked | Rejected | Unknown)
        assert not isinstance(answer, Acked) or (status == 200 and error is None)
    assert isinstance(both[1], Acked | Rejected | Unknown)
    for verdict in canceled:
        assert isinstance(verdict, CancelAcked | CancelRefused | Unknown)


@given(anything(ANSWERS))
def test_a_frame_or_a_refusal_is_a_value(raw: bytes) -> None:
    assert isinstance(reply(raw), Reply | Unreadable)
    assert isinstance(error_body(raw), ErrorBody)


@given(
    st.integers(-1, 1_000),
    st.integers(-10_000, 1),
    st.text(max_size=40),
    st.sampled_from([(product, ask) for product, asks in ASKS.items() for ask in asks]),
)
def test_only_refusals_with_a_code_are_certain(
    status: int, code: int, text: str, asked: tuple[Product, Ask]
) -> None:
    product, ask = asked
    verdict = judge(status, code, text=text, product=product, ask=ask)
    assert verdict is not Verdict.DONE
    if verdict is Verdict.NOT_DONE:
        assert 400 <= status <= 499 or code in (-1008, -1000, -1001) or status == 503
        assert code != 0 or status in (418, 503)


@pytest.mark.parametrize("raw", DEEP, ids=["lists", "objects", "inside"])
def test_deep_nesting_is_unreadable(raw: bytes) -> None:
    assert isinstance(reply(raw), Unreadable)
    assert error_body(raw).code == 0
