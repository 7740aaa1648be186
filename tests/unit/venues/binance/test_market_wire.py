"""Market messages: what a frame becomes, and that nothing else than a value comes out."""

import json

import pytest

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import UtcNs
from holdfast.domain.market import BookTop, DepthDiff, DepthSnapshot, TradePrint
from holdfast.testing.market import instrument
from holdfast.venues.binance.wire.market import MarketWire, Shutdown
from holdfast.venues.binance.wire.numbers import REMEMBERED_TEXTS, Units, instant
from holdfast.venues.binance.wire.unreadable import Unreadable

NOW = UtcNs(1_700_000_000_123_456_789)
BTC = Symbol("BTCUSDT")
TOP = (
    '{"stream":"btcusdt@bookTicker","data":{"u":400900217,"s":"BTCUSDT","b":"25351.19000000",'
    '"B":"31.21000000","a":"25351.20000000","A":"40.66000000"}}'
)
TRADE = (
    '{"stream":"btcusdt@trade","data":{"e":"trade","E":1672515782136,"s":"BTCUSDT","t":12345,'
    '"p":"25351.19000000","q":"0.10000000","T":1672515782136,"m":true,"M":true}}'
)
DIFF = (
    '{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1672515782136,'
    '"s":"BTCUSDT","U":157,"u":160,"b":[["25351.19000000","10.00000000"]],'
    '"a":[["25351.20000000","0.00000000"],["25352.00000000","1.50000000"]]}}'
)


def wire(*symbols: str) -> MarketWire:
    return MarketWire([instrument(symbol) for symbol in symbols or ("BTCUSDT",)])


def decode(frame: str, market: MarketWire | None = None) -> object:
    return (market or wire()).decode(memoryview(frame.encode()), NOW)


def test_a_book_ticker_becomes_the_top_of_the_book_in_units() -> None:
    assert decode(TOP) == BookTop(
        BTC, 400900217, 2535119000000, 3121000000, 2535120000000, 4066000000, UtcNs(0), NOW
    )


def test_a_trade_carries_the_venues_event_time() -> None:
    assert decode(TRADE) == TradePrint(
        BTC, 12345, 2535119000000, 10000000, True, UtcNs(1672515782136 * 10**6), NOW
    )


def test_a_depth_update_keeps_its_ids_and_absolute_quantities() -> None:
    diff = decode(DIFF)
    assert isinstance(diff, DepthDiff)
    assert (diff.first_id, diff.last_id, diff.previous_id) == (157, 160, -1)
    assert diff.bids == [(2535119000000, 1000000000)]
    assert diff.asks == [(2535120000000, 0), (2535200000000, 150000000)]


def test_a_depth_update_of_usdm_says_which_update_was_before() -> None:
    diff = decode(DIFF.replace('"u":160', '"u":160,"pu":156'))
    assert isinstance(diff, DepthDiff)
    assert diff.previous_id == 156


def test_unknown_fields_are_ignored() -> None:
    more = TOP.replace('"u":400900217', '"u":400900217,"zz":[{"a":null}]')
    assert decode(more) == decode(TOP)


@pytest.mark.parametrize("frame", [TOP, TRADE, DIFF])
def test_a_frame_written_with_spaces_means_the_same(frame: str) -> None:
    spaced = json.dumps(json.loads(frame), indent=1)
    assert decode(spaced) == decode(frame)


@pytest.mark.parametrize(
    "names", [("BTCUSDT", "ETHUSDT"), ("A", "AB"), ("1000SATSFDUSDT", "1000SATSFDUSDTX")]
)
def test_each_symbol_of_a_connection_gets_its_own_messages(names: tuple[str, str]) -> None:
    market = wire(*names)
    for name in names:
        for frame in (TOP, TRADE, DIFF):
            event = decode(frame.replace("btcusdt", name.lower()), market)
            assert getattr(event, "symbol", None) == name


def test_stamps_in_microseconds_are_recognised() -> None:
    assert instant(1672515782136000) == instant(1672515782136) == 1672515782136 * 10**6


@pytest.mark.parametrize(
    "broken",
    [
        TOP.replace('"25351.19000000"', "25351.19"),
        TOP.replace('"25351.19000000"', '"25351.190000001"'),
        TOP.replace('"25351.19000000"', '"-1.00000000"'),
        TOP.replace('"25351.19000000"', '"NaN"'),
        TOP.replace('"25351.19000000"', '"1e5"'),
        TOP.replace('"25351.19000000"', '"1_0.00000000"'),
        TOP.replace('"25351.19000000"', '"\u0661.00000000"'),
        TOP.replace('"25351.19000000"', '""'),
        TOP[:-1],
        TOP[:70],
    ],
)
def test_a_broken_message_of_a_known_stream_names_its_symbol(broken: str) -> None:
    event = decode(broken)
    assert isinstance(event, Unreadable)
    assert event.symbol in (BTC, "")
    assert event.reason


@pytest.mark.parametrize("frame", ["", "null", "[]", "{", "\x00", '"text"'])
def test_what_is_no_message_is_unreadable(frame: str) -> None:
    assert isinstance(decode(frame), Unreadable)


@pytest.mark.parametrize(
    "frame",
    [
        '{"result":null,"id":1}',
        '{"stream":"ethusdt@trade","data":{"e":"trade"}}',
        '{"stream":"btcusdt@newThing","data":{"e":"newThing","x":1}}',
    ],
)
def test_what_nobody_asked_for_needs_no_attention(frame: str) -> None:
    assert decode(frame) is None


def test_the_venues_shutdown_notice_is_heard_raw_and_wrapped() -> None:
    assert decode('{"e":"serverShutdown","E":1}') == Shutdown()
    wrapped = '{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}'
    assert decode(wrapped) == Shutdown()


def test_a_snapshot_has_both_sides_and_its_id() -> None:
    body = b'{"lastUpdateId":7,"bids":[["1.00000000","2.00000000"]],"asks":[]}'
    snapshot = wire().snapshot(BTC, body, received_at_ns=NOW)
    assert snapshot == DepthSnapshot(BTC, 7, [(10**8, 2 * 10**8)], [], NOW)


def test_an_unreadable_snapshot_names_its_symbol() -> None:
    read = wire().snapshot(BTC, b"<html>", received_at_ns=NOW)
    assert isinstance(read, Unreadable)
    assert read.symbol == BTC


def test_remembered_texts_stay_bounded_and_exact() -> None:
    units = Units(8)
    for number in range(REMEMBERED_TEXTS + 10):
        assert units[f"{number}.00000001"] == number * 10**8 + 1
    assert len(units) <= REMEMBERED_TEXTS


@pytest.mark.parametrize(
    ("text", "value"), [("1", 10**8), ("0.1", 10**7), ("0.10000000", 10**7)]
)
def test_fewer_decimals_than_a_unit_has_are_read_exactly(text: str, value: int) -> None:
    assert Units(8)[text] == value
