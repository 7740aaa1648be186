"""Whatever a USD-M stream, ticker or listing says, it is a value or unreadable (MKT-1)."""

import json

from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Product
from holdfast.domain.market import BookTop, DepthDiff, MarkPrice, TradePrint
from holdfast.testing.market import instrument
from holdfast.venues.binance.dialect import USDM
from holdfast.venues.binance.wire.instruments import Listing, listing
from holdfast.venues.binance.wire.market import TRADE, MarketWire, Shutdown
from holdfast.venues.binance.wire.quotes import premium, tickers
from holdfast.venues.binance.wire.unreadable import Unreadable
from tests.property.test_wire_binance import JSON, damaged, respelled

NOW = UtcNs(1)
KINDS = (*(kind for route in USDM.routes for kind in route.kinds), TRADE)
WIRE = MarketWire([instrument(product=Product.LINEAR)], KINDS)
MARKET = (BookTop, TradePrint, DepthDiff, MarkPrice, Shutdown, Unreadable, type(None))
FRAMES = [
    b'{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1562305380000,'
    b'"s":"BTCUSDT","p":"11794.15","i":"11784.62","P":"11784.25","r":"-0.00038167",'
    b'"T":1562306400000}}',
    b'{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":123456789,"s":"BTCUSDT","a":5,'
    b'"p":"0.001","q":"100","nq":"90","f":100,"l":105,"T":123456785,"m":true}}',
    b'{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":1,"p":"2.0",'
    b'"q":"0.1","X":"MARKET","m":false}}',
    b'{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT",'
    b'"U":157,"u":160,"pu":149,"b":[["2.0","1"]],"a":[]}}',
]
ANSWERS = [
    b'{"symbol":"BTCUSDT","bidPrice":"4.0","bidQty":"431","askPrice":"4.1","askQty":"9"}',
    b'[{"symbol":"BTCUSDT","bidPrice":"4.0","bidQty":"431","askPrice":"4.1","askQty":"9"}]',
    b'{"symbols":[{"symbol":"BTCUSDT","contractType":"PERPETUAL","baseAsset":"BTC",'
    b'"quoteAsset":"USDT","marginAsset":"USDT","pricePrecision":2,"filters":'
    b'[{"filterType":"PRICE_FILTER","tickSize":"0.10"},{"filterType":"MIN_NOTIONAL",'
    b'"notional":"100"},{"filterType":"PERCENT_PRICE","multiplierUp":"1.05",'
    b'"multiplierDown":"0.95","multiplierDecimal":"4"}]}]}',
]
HUGE = ["1e999999999", "9" * 5_000, "-0", "0x1", "\u0661", "1_0", "", "Infinity"]


@given(damaged(FRAMES) | respelled(FRAMES) | st.binary(max_size=200))
def test_a_frame_is_a_value_or_unreadable(frame: bytes) -> None:
    event = WIRE.decode(memoryview(frame), NOW)
    assert isinstance(event, MARKET)
    if isinstance(event, MarkPrice):
        assert min(event.mark, event.index, event.next_funding_at_ns) >= 0


@given(
    damaged(ANSWERS)
    | respelled([ANSWERS[0], ANSWERS[2]])
    | JSON.map(lambda j: json.dumps(j).encode())
)
def test_a_ticker_and_a_listing_are_values_or_unreadable(raw: bytes) -> None:
    assert isinstance(tickers(raw, WIRE.instruments), dict | Unreadable)
    mark = premium(raw, WIRE.instruments[Symbol("BTCUSDT")], received_at_ns=NOW)
    assert isinstance(mark, Unreadable) or min(mark.mark, mark.index) >= 0
    assert isinstance(listing(raw, product=Product.LINEAR), Listing | Unreadable)


@given(st.sampled_from(HUGE), st.sampled_from(["tickSize", "stepSize", "minNotional"]))
def test_a_number_that_is_no_plain_decimal_is_refused_before_it_is_written_out(
    text: str, name: str
) -> None:
    filters = [
        {"filterType": "PRICE_FILTER", name: text},
        {"filterType": "LOT_SIZE", name: text},
        {"filterType": "NOTIONAL", name: text},
        {"filterType": "PERCENT_PRICE", "multiplierUp": text, "multiplierDown": text},
    ]
    symbol = {"symbol": "A", "baseAsset": "A", "quoteAsset": "B", "filters": filters}
    raw = json.dumps({"symbols": [symbol]}).encode()
    read = listing(raw, wanted=["A"])
    assert isinstance(read, Unreadable) or text == "-0"
    mark = FRAMES[0].replace(b"-0.00038167", text.encode())
    assert isinstance(WIRE.decode(memoryview(mark), NOW), MarkPrice | Unreadable)


def test_what_the_insurance_fund_takes_is_no_price_of_the_market() -> None:
    frame = FRAMES[2].replace(b"MARKET", b"INSURANCE_FUND")
    assert WIRE.decode(memoryview(frame), NOW) is None


def test_a_mark_price_a_group_of_trades_and_a_chained_diff_are_read() -> None:
    mark, group, _, diff = (WIRE.decode(memoryview(frame), NOW) for frame in FRAMES)
    assert isinstance(mark, MarkPrice)
    assert (mark.mark, mark.funding_rate) == (1_179_415_000_000, "-0.00038167")
    assert isinstance(group, TradePrint)
    assert (group.trade_id, group.quantity) == (5, 100 * 10**8)
    assert isinstance(diff, DepthDiff)
    assert (diff.first_id, diff.previous_id) == (157, 149)


def test_a_listing_reads_filters_and_not_precisions() -> None:
    read = listing(ANSWERS[2], product=Product.LINEAR, wanted=["BTCUSDT"])
    assert isinstance(read, Listing)
    found = read.instruments["BTCUSDT"]
    assert (found.product, found.settle) == (Product.LINEAR, "USDT")
    assert (found.tick, found.min_notional) == (10**7, "100")
    assert (found.multiplier_up, found.multiplier_down) == ("1.05", "0.95")
    other = listing(ANSWERS[2], product=Product.LINEAR, wanted=["ETHUSDT"])
    assert isinstance(other, Listing)
    assert other.instruments == {}
