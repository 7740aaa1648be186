"""exchangeInfo to instruments: filters in units, which are made finer where a tick needs it.

Only filters say what a tick or a step is: the precisions that USD-M lists are none.
"""

from collections.abc import Container
from contextlib import suppress
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import DEFAULT_EXPONENT, Instrument, Product
from holdfast.domain.money import (
    AMOUNT_EXPONENT,
    Asset,
    PriceUnits,
    QuantityUnits,
    canonical,
    exact,
    to_units,
)
from holdfast.venues.binance.wire.numbers import decimal_text
from holdfast.venues.binance.wire.unreadable import READ_ERRORS, Unreadable

VENUE = "binance"
KINDS = {"REQUEST_WEIGHT": "weight", "ORDERS": "orders", "RAW_REQUESTS": "requests"}
SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3_600, "DAY": 86_400}


class _Filter(msgspec.Struct, rename="camel"):
    filter_type: str
    tick_size: str = "0"
    min_price: str = "0"
    max_price: str = "0"
    step_size: str = "0"
    min_qty: str = "0"
    max_qty: str = "0"
    min_notional: str = "0"
    notional: str = "0"
    multiplier_up: str = ""
    multiplier_down: str = ""
    bid_multiplier_up: str = ""
    bid_multiplier_down: str = ""
    ask_multiplier_up: str = ""
    ask_multiplier_down: str = ""
    avg_price_mins: int = 0
    max_notional: str = "0"
    apply_min_to_market: bool = True
    apply_max_to_market: bool = False
    limit: Any = 0
    max_num_orders: int = 0
    max_num_algo_orders: int = 0
    max_num_iceberg_orders: int = 0
    max_num_order_lists: int = 0
    max_position: str = "0"
    min_trailing_above_delta: int = 0
    max_trailing_above_delta: int = 0
    min_trailing_below_delta: int = 0
    max_trailing_below_delta: int = 0


class _Symbol(msgspec.Struct, rename="camel"):
    symbol: str
    base_asset: str
    quote_asset: str
    filters: msgspec.Raw
    status: str = "TRADING"
    margin_asset: str = ""
    oco_allowed: bool = False
    oto_allowed: bool = False
    iceberg_allowed: bool = False


class _RateLimit(msgspec.Struct, rename="camel"):
    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int


class _ExchangeInfo(msgspec.Struct, rename="camel"):
    symbols: list[_Symbol]
    rate_limits: list[_RateLimit] = []


class RateLimit(NamedTuple):
    """At most `most` of a kind (`weight`, `orders`, `requests`) in each aligned window."""

    kind: str
    window_ns: int
    most: int


class Listing(msgspec.Struct, frozen=True):
    """What exchangeInfo says; limits of kinds and intervals that are not known are left out."""

    instruments: dict[Symbol, Instrument]
    limits: tuple[RateLimit, ...]


_INFO = msgspec.json.Decoder(_ExchangeInfo)
_FILTERS = msgspec.json.Decoder(list[_Filter])


def listing(
    body: bytes, *, product: Product = Product.SPOT, wanted: Container[str] | None = None
) -> Listing | Unreadable:
    """Read an answer of exchangeInfo; of what is not wanted not even the filters.

    Where all are read, a symbol that cannot be is left out: it must not hide the others.
    """
    try:
        info = _INFO.decode(body)
        if wanted is None:
            instruments = _all_readable(info.symbols, product)
        else:
            instruments = [
                _instrument(symbol, product)
                for symbol in info.symbols
                if symbol.symbol in wanted
            ]
    except READ_ERRORS as error:
        return Unreadable(str(error))
    limits = tuple(
        RateLimit(
            KINDS[limit.rate_limit_type],
            SECONDS[limit.interval] * limit.interval_num * NS_PER_S,
            limit.limit,
        )
        for limit in info.rate_limits
        if limit.rate_limit_type in KINDS
        and limit.interval in SECONDS
        and min(limit.interval_num, limit.limit) > 0
    )
    return Listing({i.symbol: i for i in instruments}, limits)


def _all_readable(listed: list[_Symbol], product: Product) -> list[Instrument]:
    found = []
    for symbol in listed:
        with suppress(*READ_ERRORS):
            found.append(_instrument(symbol, product))
    return found


def _instrument(listed: _Symbol, product: Product) -> Instrument:
    filters = {item.filter_type: item for item in _FILTERS.decode(listed.filters)}
    none = _Filter("")
    price = filters.get("PRICE_FILTER", none)
    lot = filters.get("LOT_SIZE", none)
    market_lot = filters.get("MARKET_LOT_SIZE", none)
    smallest = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or none
    price_exponent = max(DEFAULT_EXPONENT, _decimals(price.tick_size))
    room = min(DEFAULT_EXPONENT, AMOUNT_EXPONENT - price_exponent)
    quantity_exponent = max(room, _decimals(lot.step_size))
    if price_exponent + quantity_exponent > AMOUNT_EXPONENT:
        raise ValueError(
            f"{listed.symbol}: tick {price.tick_size} and step {lot.step_size} together "
            f"are finer than {AMOUNT_EXPONENT} decimals"
        )

    def prices(text: str) -> PriceUnits:
        return PriceUnits(to_units(text, price_exponent))

    def quantities(text: str) -> QuantityUnits:
        return QuantityUnits(to_units(text, quantity_exponent))

    up, down = _multipliers(filters)
    instrument = Instrument(
        symbol=Symbol(listed.symbol),
        venue=VENUE,
        product=product,
        base=Asset(listed.base_asset),
        quote=Asset(listed.quote_asset),
        settle=Asset(listed.margin_asset or listed.quote_asset),
        price_exponent=price_exponent,
        quantity_exponent=quantity_exponent,
        tick=PriceUnits(prices(price.tick_size) or 1),
        step=QuantityUnits(quantities(lot.step_size) or 1),
        market_step=quantities(market_lot.step_size),
        min_price=prices(price.min_price),
        max_price=prices(price.max_price),
        min_quantity=quantities(lot.min_qty),
        max_quantity=quantities(lot.max_qty),
        market_max_quantity=quantities(market_lot.max_qty),
        min_notional=_first_of(smallest.min_notional, smallest.notional),
        multiplier_up=up,
        multiplier_down=down,
        status=listed.status,
        market_min_quantity=quantities(market_lot.min_qty),
    )
    return _with_order_types(instrument, listed, filters=filters)


def _with_order_types(
    instrument: Instrument, listed: _Symbol, *, filters: dict[str, _Filter]
) -> Instrument:
    """Add the rules of stops, lists, icebergs and counts; 0 where the venue has none.

    Spot names a count by what it counts, USD-M calls each a limit.
    """

    def rule(name: str) -> _Filter:
        return filters.get(name, _Filter(""))

    notional, sides, trailing = (
        rule("NOTIONAL"),
        rule("PERCENT_PRICE_BY_SIDE"),
        rule("TRAILING_DELTA"),
    )
    orders, algo = rule("MAX_NUM_ORDERS"), rule("MAX_NUM_ALGO_ORDERS")
    is_spot = instrument.product is Product.SPOT
    lists = ("OCO",) if listed.oco_allowed else ()
    chained = ("OTO", "OTOCO") if listed.oto_allowed else ()
    return msgspec.structs.replace(
        instrument,
        max_notional=decimal_text(notional.max_notional),
        min_notional_on_market=notional.apply_min_to_market,
        max_notional_on_market=notional.apply_max_to_market,
        bid_multiplier_up=_bound(sides.bid_multiplier_up),
        bid_multiplier_down=_bound(sides.bid_multiplier_down),
        ask_multiplier_up=_bound(sides.ask_multiplier_up),
        ask_multiplier_down=_bound(sides.ask_multiplier_down),
        average_price_minutes=sides.avg_price_mins,
        max_orders_count=orders.max_num_orders or _count(orders.limit),
        max_algo_orders_count=algo.max_num_algo_orders or _count(algo.limit),
        max_iceberg_orders_count=rule("MAX_NUM_ICEBERG_ORDERS").max_num_iceberg_orders,
        max_order_lists_count=rule("MAX_NUM_ORDER_LISTS").max_num_order_lists,
        iceberg_parts_count=_count(rule("ICEBERG_PARTS").limit),
        max_position=instrument.quantity(decimal_text(rule("MAX_POSITION").max_position)),
        min_trailing_above_bps=trailing.min_trailing_above_delta,
        max_trailing_above_bps=trailing.max_trailing_above_delta,
        min_trailing_below_bps=trailing.min_trailing_below_delta,
        max_trailing_below_bps=trailing.max_trailing_below_delta,
        order_lists=(*lists, *chained) if is_spot else (),
        has_icebergs=is_spot and listed.iceberg_allowed,
    )


def _count(limit: Any) -> int:
    """Read a limit; filters that are not known here may mean something else by the word."""
    return limit if type(limit) is int else 0


def _bound(text: str) -> str:
    return decimal_text(text) if text else ""


def _multipliers(filters: dict[str, _Filter]) -> tuple[str, str]:
    """Give the percent-price bounds; of bounds by side the narrower ones."""
    both = filters.get("PERCENT_PRICE")
    if both is not None:
        return decimal_text(both.multiplier_up), decimal_text(both.multiplier_down)
    sides = filters.get("PERCENT_PRICE_BY_SIDE")
    if sides is None:
        return "", ""
    up = min(_number(sides.bid_multiplier_up), _number(sides.ask_multiplier_up))
    down = max(_number(sides.bid_multiplier_down), _number(sides.ask_multiplier_down))
    return canonical(up), canonical(down)


def _number(text: str) -> Decimal:
    return exact(decimal_text(text))


def _decimals(text: str) -> int:
    return len(decimal_text(text).partition(".")[2])


def _first_of(*texts: str) -> str:
    """Give the first number that is not zero, else zero."""
    return next((number for text in texts if (number := decimal_text(text)) != "0"), "0")
