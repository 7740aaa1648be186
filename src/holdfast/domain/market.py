"""What a market says: top of book, trades, depth, bars. Prices and quantities in units.

`venue_at_ns` is the venue's event time, 0 where it sends none; `received_at_ns` is the clock of
this program at the frame. They are never subtracted without the measured offset.
"""

from collections.abc import Iterable

import msgspec

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import UtcNs
from holdfast.domain.money import PriceUnits, QuantityUnits

Level = tuple[PriceUnits, QuantityUnits]


class BookTop(msgspec.Struct, gc=False):
    """Best bid and ask of a symbol."""

    symbol: Symbol
    update_id: int
    bid: PriceUnits
    bid_quantity: QuantityUnits
    ask: PriceUnits
    ask_quantity: QuantityUnits
    venue_at_ns: UtcNs
    received_at_ns: UtcNs


class TradePrint(msgspec.Struct, gc=False):
    """A trade of the market, not necessarily ours."""

    symbol: Symbol
    trade_id: int
    price: PriceUnits
    quantity: QuantityUnits
    buyer_is_maker: bool
    venue_at_ns: UtcNs
    received_at_ns: UtcNs


class MarkPrice(msgspec.Struct, gc=False):
    """A contract's mark and index price and its funding; the rate is a fraction as text."""

    symbol: Symbol
    mark: PriceUnits
    index: PriceUnits
    funding_rate: str
    next_funding_at_ns: UtcNs
    venue_at_ns: UtcNs
    received_at_ns: UtcNs


class DepthDiff(msgspec.Struct):
    """Changed levels of a book; a quantity is absolute and 0 removes its level.

    `previous_id` is the id of the diff before where the venue says it (USD-M), else -1.
    """

    symbol: Symbol
    first_id: int
    last_id: int
    previous_id: int
    bids: list[Level]
    asks: list[Level]
    venue_at_ns: UtcNs
    received_at_ns: UtcNs


class DepthSnapshot(msgspec.Struct):
    """A whole book at one update id, best levels first."""

    symbol: Symbol
    last_id: int
    bids: list[Level]
    asks: list[Level]
    received_at_ns: UtcNs


class Bar(msgspec.Struct, gc=False):
    """Open, high, low, close and volume of an interval of market time, made from trades."""

    symbol: Symbol
    interval_ns: int
    open_at_ns: UtcNs
    open: PriceUnits
    high: PriceUnits
    low: PriceUnits
    close: PriceUnits
    volume: QuantityUnits
    trade_count: int


MarketEvent = BookTop | TradePrint | DepthDiff | DepthSnapshot | MarkPrice


class MarketReference(msgspec.Struct, frozen=True, array_like=True):
    """The market that a decision saw, as text, for the journal.

    `stream` and `update_id` name the message, `segment` the recording it can be found in.
    """

    stream: str = ""
    update_id: int = 0
    bid: str = ""
    ask: str = ""
    venue_at_ns: int = 0
    received_at_ns: int = 0
    segment: str = ""


def longer_bars(bars: Iterable[Bar], interval_ns: int) -> list[Bar]:
    """Join bars of one symbol, oldest first, to bars of a multiple of their interval.

    Intervals without a trade have no bar, as in `market.bars`.
    """
    joined: list[Bar] = []
    for bar in bars:
        if not bar.trade_count:
            continue
        open_at_ns = UtcNs(bar.open_at_ns - bar.open_at_ns % interval_ns)
        last = joined[-1] if joined else None
        if last is None or last.open_at_ns != open_at_ns:
            joined.append(
                msgspec.structs.replace(bar, interval_ns=interval_ns, open_at_ns=open_at_ns)
            )
            continue
        last.high = max(last.high, bar.high)
        last.low = min(last.low, bar.low)
        last.close = bar.close
        last.volume = QuantityUnits(last.volume + bar.volume)
        last.trade_count += bar.trade_count
    return joined
