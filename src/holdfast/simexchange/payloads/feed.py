"""Messages of the market streams, as bytes; `unit_ns` is what one count of a time stamp is."""

import msgspec

from holdfast.simexchange.model import (
    Bar,
    DayStatistics,
    Depth,
    DepthView,
    Level,
    Ticker,
    Trade,
)
from holdfast.simexchange.numbers import format_e8

MILLISECOND_NS = 10**6
MICROSECOND_NS = 10**3
NS_PER_MINUTE = 60 * 10**9


def levels(side: list[Level]) -> str:
    """Write levels as the venue does: pairs of decimal texts."""
    if not side:
        return "[]"
    pairs = [f'["{format_e8(price)}","{format_e8(quantity)}"]' for price, quantity in side]
    return f"[{','.join(pairs)}]"


def depth_update(record: Depth, *, unit_ns: int = MILLISECOND_NS) -> bytes:
    """Write one depth diff.

    A recording that chains by `pu` skips ids between its diffs; the spot rule (next U is u + 1)
    then holds for the first id that may have changed this book.
    """
    first_id = record.prev_id + 1 if record.prev_id else record.first_id
    return (
        f'{{"e":"depthUpdate","E":{record.at_ns // unit_ns},"s":"{record.symbol}",'
        f'"U":{first_id},"u":{record.last_id},'
        f'"b":{levels(record.bids)},"a":{levels(record.asks)}}}'
    ).encode()


def partial_depth(view: DepthView) -> bytes:
    """Write the best levels of the book."""
    return (
        f'{{"lastUpdateId":{view.last_update_id},"bids":{levels(view.bids)},'
        f'"asks":{levels(view.asks)}}}'
    ).encode()


def book_ticker(record: Ticker) -> bytes:
    """Write the best bid and ask; spot sends no time with it."""
    return (
        f'{{"u":{record.update_id},"s":"{record.symbol}","b":"{format_e8(record.bid)}",'
        f'"B":"{format_e8(record.bid_quantity)}","a":"{format_e8(record.ask)}",'
        f'"A":"{format_e8(record.ask_quantity)}"}}'
    ).encode()


def trade(record: Trade, *, unit_ns: int = MILLISECOND_NS) -> bytes:
    """Write one print of the trade stream."""
    at = record.at_ns // unit_ns
    maker = "true" if record.buyer_is_maker else "false"
    return (
        f'{{"e":"trade","E":{at},"s":"{record.symbol}","t":{record.trade_id},'
        f'"p":"{format_e8(record.price)}","q":"{format_e8(record.quantity)}",'
        f'"T":{at},"m":{maker},"M":true}}'
    ).encode()


def agg_trade(record: Trade, *, unit_ns: int = MILLISECOND_NS) -> bytes:
    """Write one print of the aggregated trade stream."""
    at = record.at_ns // unit_ns
    maker = "true" if record.buyer_is_maker else "false"
    return (
        f'{{"e":"aggTrade","E":{at},"s":"{record.symbol}","a":{record.trade_id},'
        f'"p":"{format_e8(record.price)}","q":"{format_e8(record.quantity)}",'
        f'"f":{record.first_id},"l":{record.last_id},"T":{at},"m":{maker},"M":true}}'
    ).encode()


def kline(bar: Bar, *, at_ns: int, is_closed: bool, unit_ns: int = MILLISECOND_NS) -> bytes:
    """Write the state of a candle."""
    candle = {
        "t": bar.open_ns // unit_ns,
        "T": bar.close_ns // unit_ns,
        "s": bar.symbol,
        "i": bar.interval,
        "f": bar.first_trade_id,
        "L": bar.last_trade_id,
        "o": format_e8(bar.open),
        "c": format_e8(bar.close),
        "h": format_e8(bar.high),
        "l": format_e8(bar.low),
        "v": format_e8(bar.volume),
        "n": bar.trade_count,
        "x": is_closed,
        "q": format_e8(bar.quote_volume),
        "V": format_e8(bar.taker_buy_volume),
        "Q": format_e8(bar.taker_buy_quote_volume),
        "B": "0",
    }
    event = {"e": "kline", "E": at_ns // unit_ns, "s": bar.symbol, "k": candle}
    return _encode(event)


def window_ticker(
    day: DayStatistics, name: str, *, at_ns: int, unit_ns: int = MILLISECOND_NS
) -> bytes:
    """Write the statistics of another window than the rolling 24 hours."""
    event: dict[str, object] = {"e": name, "E": at_ns // unit_ns} | _statistics(day, unit_ns)
    return _encode(event)


def average_price(
    symbol: str,
    price: int,
    *,
    minutes: int,
    times_ns: tuple[int, int],
    unit_ns: int = MILLISECOND_NS,
) -> bytes:
    """Write the average price; `times_ns` are the event's and the last trade's."""
    event: dict[str, object] = {
        "e": "avgPrice",
        "E": times_ns[0] // unit_ns,
        "s": symbol,
        "i": f"{minutes}m",
        "w": format_e8(price),
        "T": times_ns[1] // unit_ns,
    }
    return _encode(event)


def reference_price(
    symbol: str, price: int | None, *, at_ns: int, unit_ns: int = MILLISECOND_NS
) -> bytes:
    """Write the reference price, null where there is none."""
    event: dict[str, object] = {
        "e": "referencePrice",
        "s": symbol,
        "r": format_e8(price) if price else None,
        "t": at_ns // unit_ns,
    }
    return _encode(event)


def day_ticker(
    day: DayStatistics, best: Ticker | None, *, at_ns: int, unit_ns: int = MILLISECOND_NS
) -> bytes:
    """Write the rolling 24 hours with the best bid and ask."""
    event: dict[str, object] = {"e": "24hrTicker", "E": at_ns // unit_ns} | _statistics(
        day, unit_ns
    )
    event |= {
        "x": format_e8(day.open),
        "Q": format_e8(day.last_quantity),
        "b": format_e8(best.bid if best else 0),
        "B": format_e8(best.bid_quantity if best else 0),
        "a": format_e8(best.ask if best else 0),
        "A": format_e8(best.ask_quantity if best else 0),
    }
    return _encode(event)


def _statistics(day: DayStatistics, unit_ns: int) -> dict[str, object]:
    change = day.last - day.open
    return {
        "s": day.symbol,
        "p": format_e8(change),
        "P": percent(change, day.open),
        "w": format_e8(day.weighted_average),
        "c": format_e8(day.last),
        "o": format_e8(day.open),
        "h": format_e8(day.high),
        "l": format_e8(day.low),
        "v": format_e8(day.volume),
        "q": format_e8(day.quote_volume),
        "O": day.open_ns // unit_ns,
        "C": day.close_ns // unit_ns,
        "F": day.first_trade_id,
        "L": day.last_trade_id,
        "n": day.trade_count,
    }


def mini_ticker(day: DayStatistics, *, at_ns: int, unit_ns: int = MILLISECOND_NS) -> bytes:
    """Write the short form of the rolling 24 hours."""
    event: dict[str, object] = {
        "e": "24hrMiniTicker",
        "E": at_ns // unit_ns,
        "s": day.symbol,
        "c": format_e8(day.last),
        "o": format_e8(day.open),
        "h": format_e8(day.high),
        "l": format_e8(day.low),
        "v": format_e8(day.volume),
        "q": format_e8(day.quote_volume),
    }
    return _encode(event)


def percent(change: int, base: int) -> str:
    """Write a change in per cent with three decimals, rounded toward zero."""
    if base == 0:
        return "0.000"
    thousandths = abs(change) * 100_000 // base
    sign = "-" if change < 0 and thousandths else ""
    return f"{sign}{thousandths // 1000}.{thousandths % 1000:03d}"


def wrap(stream: str, payload: bytes) -> bytes:
    """Put a message into the envelope of a combined stream."""
    return b'{"stream":"' + stream.encode() + b'","data":' + payload + b"}"


def _encode(event: dict[str, object]) -> bytes:
    return msgspec.json.encode(event)
