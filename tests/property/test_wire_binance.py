"""Whatever bytes come, the wire gives a value or says that it cannot read them."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain.instant import UtcNs
from holdfast.domain.market import BookTop, DepthDiff, DepthSnapshot, TradePrint
from holdfast.domain.money import to_text, to_units
from holdfast.domain.venue import OrderReport
from holdfast.runtime.http1 import AnswerReader
from holdfast.testing.market import instrument
from holdfast.venues.binance.wire import account
from holdfast.venues.binance.wire.instruments import Listing, listing
from holdfast.venues.binance.wire.market import MarketWire, Shutdown
from holdfast.venues.binance.wire.numbers import Units
from holdfast.venues.binance.wire.replies import Reply, reply
from holdfast.venues.binance.wire.unreadable import Unreadable

NOW = UtcNs(1)
BTC = instrument()
WIRE = MarketWire([BTC])
REPORTED = account.Reported([BTC])
MARKET = (BookTop, TradePrint, DepthDiff, Shutdown, Unreadable, type(None))

SAID_OF_THE_ACCOUNT = (
    OrderReport, account.AccountChanged, account.Ended, Unreadable, type(None),
)  # fmt: skip

FRAMES = [
    b'{"stream":"btcusdt@bookTicker","data":{"u":4,"s":"BTCUSDT","b":"2.10000000",'
    b'"B":"3.00000000","a":"2.20000000","A":"4.00000000"}}',
    b'{"stream":"btcusdt@trade","data":{"e":"trade","E":1672515782136,"s":"BTCUSDT","t":1,'
    b'"p":"2.00000000","q":"0.10000000","T":1672515782136,"m":true,"M":true}}',
    b'{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1672515782136,'
    b'"s":"BTCUSDT","U":157,"u":160,"b":[["2.00000000","1.00000000"]],"a":[]}}',
]
EVENTS = [
    b'{"e":"executionReport","E":1499405658658,"s":"BTCUSDT","c":"HA","S":"BUY","o":"LIMIT",'
    b'"f":"GTC","q":"1.00000000","p":"2.00000000","C":"","x":"TRADE","X":"FILLED","r":"NONE",'
    b'"i":4,"l":"1.00000000","z":"1.00000000","L":"2.00000000","n":"0.001","N":"BNB","t":1,'
    b'"m":false}',
    b'{"id":7,"status":200,"result":{"symbol":"BTCUSDT","orderId":28,"executedQty":"1.0"}}',
    b'{"subscriptionId":0,"event":{"e":"executionReport","E":1}}',
    b'{"symbols":[{"symbol":"BTCUSDT","baseAsset":"BTC","quoteAsset":"USDT","filters":'
    b'[{"filterType":"PRICE_FILTER","tickSize":"0.01"}]}]}',
    b'{"lastUpdateId":7,"bids":[["2.00000000","1.00000000"]],"asks":[]}',
]
HTTP = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.0 404 Not Found\r\n\r\npage",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@st.composite
def damaged(draw: st.DrawFn, samples: list[bytes]) -> bytes:
    """Take a message that is right and spoil some of its bytes."""
    message = bytearray(draw(st.sampled_from(samples)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(message) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                message[at] = draw(st.integers(0, 255))
            case 1:
                del message[at : at + draw(st.integers(1, 20))]
            case 2:
                message[at:at] = draw(st.binary(max_size=8))
            case _:
                message[at:at] = draw(
                    st.sampled_from([b'"', b"{", b"[", b"-", b"9" * 30, b"."])
                )
        if not message:
            break
    return bytes(message)


@st.composite
def respelled(draw: st.DrawFn, samples: list[bytes]) -> bytes:
    """Take a message that is right and put something else into one of its fields."""
    content: dict[str, Any] = json.loads(draw(st.sampled_from(samples)))
    inner = content.get("data") or content.get("event") or content.get("result") or content
    if isinstance(inner, dict) and inner:
        inner[draw(st.sampled_from(sorted(inner)))] = draw(JSON)
    return json.dumps(content, separators=(",", ":")).encode()


@given(damaged(FRAMES) | respelled(FRAMES) | st.binary(max_size=200))
def test_a_market_frame_is_a_value_or_unreadable(frame: bytes) -> None:
    event = WIRE.decode(memoryview(frame), NOW)
    assert isinstance(event, MARKET)
    match event:
        case BookTop():
            assert min(event.bid, event.ask, event.bid_quantity, event.ask_quantity) >= 0
        case TradePrint():
            assert min(event.price, event.quantity, event.venue_at_ns) >= 0
        case DepthDiff():
            assert all(p >= 0 and q >= 0 for p, q in event.bids + event.asks)


@given(damaged(EVENTS) | respelled(EVENTS) | st.binary(max_size=200))
def test_what_a_venue_says_of_the_account_is_a_value_or_unreadable(raw: bytes) -> None:
    event = account.event(raw, REPORTED, received_at_ns=NOW)
    assert isinstance(event, SAID_OF_THE_ACCOUNT)
    assert isinstance(reply(raw), Reply | Unreadable)
    assert isinstance(listing(raw), Listing | Unreadable)
    assert isinstance(account.order(raw, BTC, received_at_ns=NOW), OrderReport | Unreadable)
    for read in (
        account.orders(raw, BTC, received_at_ns=NOW),
        account.trades(raw, BTC),
        account.balances(raw),
    ):
        assert isinstance(read, list | Unreadable)
    snapshot = WIRE.snapshot(BTC.symbol, raw, received_at_ns=NOW)
    assert isinstance(snapshot, DepthSnapshot | Unreadable)


@given(st.integers(0, 10**24), st.integers(0, 12))
def test_units_read_every_number_exactly(value: int, exponent: int) -> None:
    text = to_text(value, exponent)
    padded = text if "." in text else f"{text}."
    padded += "0" * (exponent - len(padded.partition(".")[2]))
    units = Units(exponent)
    assert units[text] == to_units(text, exponent) == value
    assert units[padded.rstrip(".")] == units[text] == value


@given(st.text(max_size=20))
def test_units_take_nothing_but_plain_decimal_numbers(text: str) -> None:
    units = Units(8)
    try:
        value = units[text]
    except ValueError:
        return
    assert text.isascii()
    assert set(text) <= set("0123456789.")
    assert value == to_units(text, 8)


@given(damaged(HTTP) | st.binary(max_size=200), st.lists(st.integers(1, 40), max_size=10))
def test_http_answers_are_the_same_however_they_are_cut(raw: bytes, cuts: list[int]) -> None:
    assert _read(raw, []) == _read(raw, cuts)


def _read(raw: bytes, cuts: list[int]) -> list[object]:
    reader, answers, at = AnswerReader(), list[object](), 0
    try:
        for size in [*cuts, len(raw) + 1]:
            answers += reader.feed(raw[at : at + size])
            at += size
    except ValueError:
        return [*answers, "broken"]
    last = reader.end()
    return [*answers, last] if last is not None else answers
