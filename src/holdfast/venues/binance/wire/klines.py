"""Candles of the venue as bars; pure.

The venue knows some intervals, all of them aligned to midnight UTC like our bars. A bar of any
other length is joined from the longest of those that divides it.
"""

import msgspec

from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Instrument
from holdfast.domain.market import Bar
from holdfast.venues.binance.wire.numbers import instant, price_table, quantity_table
from holdfast.venues.binance.wire.unreadable import READ_ERRORS, Unreadable

_SECONDS = (
    ("1d", 86_400),
    ("12h", 43_200),
    ("8h", 28_800),
    ("6h", 21_600),
    ("4h", 14_400),
    ("2h", 7_200),
    ("1h", 3_600),
    ("30m", 1_800),
    ("15m", 900),
    ("5m", 300),
    ("3m", 180),
    ("1m", 60),
    ("1s", 1),
)


class _Row(msgspec.Struct, array_like=True, gc=False):
    open_at: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    close_at: int
    quote_volume: str
    trade_count: int


_ROWS = msgspec.json.Decoder(list[_Row])


def asked_interval(interval_ns: int) -> tuple[str, int]:
    """Give name and length of the longest interval of the venue that divides one of ours."""
    for name, seconds in _SECONDS:
        if interval_ns % (seconds * NS_PER_S) == 0:
            return name, seconds * NS_PER_S
    raise ValueError(f"bars of {interval_ns} ns are no whole seconds")


def klines(body: bytes, instrument: Instrument, *, interval_ns: int) -> list[Bar] | Unreadable:
    """Read the answer of a candle query; what a row has beyond the count is not read."""
    prices = price_table(instrument.price_exponent)
    quantities = quantity_table(instrument.quantity_exponent)
    try:
        return [
            Bar(
                instrument.symbol,
                interval_ns,
                instant(row.open_at),
                prices[row.open],
                prices[row.high],
                prices[row.low],
                prices[row.close],
                quantities[row.volume],
                row.trade_count,
            )
            for row in _ROWS.decode(body)
        ]
    except READ_ERRORS as error:
        return Unreadable(str(error), instrument.symbol)
