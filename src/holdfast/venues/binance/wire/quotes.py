"""Answers of REST about the market now: tickers and mark prices; pure."""

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Instrument
from holdfast.domain.market import MarkPrice
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.venues.binance.wire.market import funding_rate
from holdfast.venues.binance.wire.numbers import instant, price_table, quantity_table
from holdfast.venues.binance.wire.unreadable import READ_ERRORS, Unreadable

Ticker: TypeAlias = tuple[PriceUnits, QuantityUnits, PriceUnits, QuantityUnits]
"""Best bid, its quantity, best ask, its quantity."""


class _Ticker(msgspec.Struct, rename="camel"):
    symbol: str
    bid_price: str
    bid_qty: str
    ask_price: str
    ask_qty: str


class _Premium(msgspec.Struct, rename="camel"):
    mark_price: str
    index_price: str
    time: int
    last_funding_rate: str = ""
    next_funding_time: int = 0


_TICKERS = msgspec.json.Decoder(_Ticker | list[_Ticker])
_PREMIUM = msgspec.json.Decoder(_Premium)


def tickers(
    body: bytes, instruments: Mapping[Symbol, Instrument]
) -> dict[Symbol, Ticker] | Unreadable:
    """Read the answer of a bookTicker query; symbols that are not ours are left out."""
    try:
        read = _TICKERS.decode(body)
        rows = read if isinstance(read, list) else [read]
        return {
            found.symbol: _ticker(row, found)
            for row in rows
            if (found := instruments.get(Symbol(row.symbol))) is not None
        }
    except READ_ERRORS as error:
        return Unreadable(str(error))


def _ticker(row: _Ticker, instrument: Instrument) -> Ticker:
    prices = price_table(instrument.price_exponent)
    quantities = quantity_table(instrument.quantity_exponent)
    return (
        prices[row.bid_price],
        quantities[row.bid_qty],
        prices[row.ask_price],
        quantities[row.ask_qty],
    )


def premium(
    body: bytes, instrument: Instrument, *, received_at_ns: UtcNs
) -> MarkPrice | Unreadable:
    """Read the answer of a premiumIndex query of one symbol."""
    prices = price_table(instrument.price_exponent)
    try:
        read = _PREMIUM.decode(body)
        return MarkPrice(
            instrument.symbol,
            prices[read.mark_price],
            prices[read.index_price],
            funding_rate(read.last_funding_rate),
            instant(read.next_funding_time),
            instant(read.time),
            received_at_ns,
        )
    except READ_ERRORS as error:
        return Unreadable(str(error), instrument.symbol)
