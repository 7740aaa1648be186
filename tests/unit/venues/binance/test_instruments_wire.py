"""exchangeInfo to instruments: filters in units, units as fine as the venue's ticks."""

import json
from typing import Any

import pytest

from holdfast.domain.instrument import Product
from holdfast.venues.binance.wire.instruments import Listing, listing
from holdfast.venues.binance.wire.unreadable import Unreadable

FILTERS: list[dict[str, Any]] = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.01000000", "maxPrice": "1000000.00000000",
     "tickSize": "0.01000000"},
    {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000",
     "stepSize": "0.00001000"},
    {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "81.50000000",
     "stepSize": "0.00000000"},
    {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "5", "bidMultiplierDown": "0.2",
     "askMultiplierUp": "4.50", "askMultiplierDown": "0.3", "avgPriceMins": 5},
    {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True,
     "maxNotional": "9000000.00000000", "applyMaxToMarket": False, "avgPriceMins": 5},
    {"filterType": "SOMETHING_NEW", "limit": {"deep": [1]}},
]  # fmt: skip


def body(filters: list[dict[str, Any]], **changes: Any) -> bytes:
    symbol = {
        "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT",
        "filters": filters, **changes,
    }  # fmt: skip
    limits = [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1,
         "limit": 6000},
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
    ]  # fmt: skip
    return json.dumps({"rateLimits": limits, "symbols": [symbol]}).encode()


def listed(filters: list[dict[str, Any]], **changes: Any) -> Listing:
    read = listing(body(filters, **changes))
    assert isinstance(read, Listing)
    return read


def test_filters_become_units() -> None:
    read = listed(FILTERS)
    btc = read.instruments["BTCUSDT"]
    assert (btc.product, btc.base) == (Product.SPOT, "BTC")
    assert btc.quote == btc.settle == "USDT"
    assert (btc.price_exponent, btc.quantity_exponent) == (8, 8)
    assert (btc.tick, btc.step, btc.market_step) == (10**6, 1000, 0)
    assert (btc.min_price, btc.max_price) == (10**6, 10**14)
    assert (btc.min_quantity, btc.max_quantity) == (1000, 9000 * 10**8)
    assert btc.market_max_quantity == 8150000000
    assert btc.min_notional == "5"
    assert (read.limits[0].kind, read.limits[0].most) == ("weight", 6000)


def test_of_percent_price_bounds_by_side_the_narrower_ones_hold() -> None:
    btc = listed(FILTERS).instruments["BTCUSDT"]
    assert (btc.multiplier_up, btc.multiplier_down) == ("4.5", "0.3")


def test_older_filters_say_the_same() -> None:
    older = [
        *FILTERS[:3],
        {"filterType": "PERCENT_PRICE", "multiplierUp": "5", "multiplierDown": "0.2"},
        {"filterType": "MIN_NOTIONAL", "minNotional": "10.00000000"},
    ]
    btc = listed(older).instruments["BTCUSDT"]
    assert (btc.multiplier_up, btc.multiplier_down, btc.min_notional) == ("5", "0.2", "10")


def test_a_symbol_without_filters_has_none() -> None:
    btc = listed([], status="BREAK").instruments["BTCUSDT"]
    assert (btc.tick, btc.step, btc.min_notional, btc.multiplier_up) == (1, 1, "0", "")
    assert btc.status == "BREAK"


def test_a_finer_tick_makes_finer_prices_and_leaves_amounts_exact() -> None:
    fine = [{"filterType": "PRICE_FILTER", "tickSize": "0.000000000001"}]
    coin = listed(fine).instruments["BTCUSDT"]
    assert (coin.price_exponent, coin.quantity_exponent, coin.tick) == (12, 6, 1)
    assert coin.notional(10**12, 10**6) == 10**18


def test_units_finer_than_an_amount_are_refused() -> None:
    fine = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.000000000001"},
        {"filterType": "LOT_SIZE", "stepSize": "0.00000001"},
    ]
    read = listing(body(fine), wanted=["BTCUSDT"])
    assert isinstance(read, Unreadable)
    assert "finer than 18 decimals" in read.reason


@pytest.mark.parametrize(
    "broken",
    [b"", b"[]", b'{"symbols":[{}]}', body([{"filterType": 3}]), body([{"tick": "x"}])],
)
def test_a_listing_that_cannot_be_read_is_said_to_be_so(broken: bytes) -> None:
    assert isinstance(listing(broken, wanted=["BTCUSDT"]), Unreadable)
