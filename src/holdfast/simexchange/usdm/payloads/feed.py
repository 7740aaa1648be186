"""Messages of the USD-M market streams, as bytes."""

import msgspec

from holdfast.simexchange.futures.model import ForcedOrder
from holdfast.simexchange.model import Bar, DayStatistics, Level, Mark, Ticker, Trade
from holdfast.simexchange.numbers import format_e8
from holdfast.simexchange.payloads.feed import percent
from holdfast.simexchange.usdm.payloads.digits import MILLISECOND_NS, Digits
from holdfast.simexchange.usdm.tape import Group


class Diff(msgspec.Struct, kw_only=True):
    """Depth diffs put together: the newest quantity of every level that changed."""

    at_ns: int
    first_id: int
    last_id: int
    prev_id: int
    bids: dict[int, int]
    asks: dict[int, int]


def depth_update(diff: Diff, symbol: str, *, digits: Digits, at_ns: int) -> bytes:
    """Write one depth diff; `pu` is the `u` of the diff before it."""
    bids, asks = digits.levels(diff.bids.items()), digits.levels(diff.asks.items())
    return _depth(diff, symbol, f'"b":{bids},"a":{asks}', at_ns)


def partial_depth(
    diff: Diff, symbol: str, *, digits: Digits, bids: list[Level], asks: list[Level]
) -> bytes:
    """Write the best levels of the book, in the form of a diff."""
    levels = f'"b":{digits.levels(bids)},"a":{digits.levels(asks)}'
    return _depth(diff, symbol, levels, diff.at_ns)


def book_ticker(record: Ticker, digits: Digits) -> bytes:
    """Write the best bid and ask."""
    at = record.at_ns // MILLISECOND_NS
    return (
        f'{{"e":"bookTicker","u":{record.update_id},"s":"{record.symbol}",'
        f'"b":"{digits.price(record.bid)}","B":"{digits.quantity(record.bid_quantity)}",'
        f'"a":"{digits.price(record.ask)}","A":"{digits.quantity(record.ask_quantity)}",'
        f'"T":{at},"E":{at}}}'
    ).encode()


def trade(record: Trade, digits: Digits) -> bytes:
    """Write one print of the trade stream."""
    at = record.at_ns // MILLISECOND_NS
    maker = "true" if record.buyer_is_maker else "false"
    return (
        f'{{"e":"trade","E":{at},"T":{at},"s":"{record.symbol}","t":{record.trade_id},'
        f'"p":"{digits.price(record.price)}","q":"{digits.quantity(record.quantity)}",'
        f'"X":"MARKET","m":{maker}}}'
    ).encode()


def agg_trade(group: Group, digits: Digits, *, at_ns: int) -> bytes:
    """Write the prints of one taker at one price within 100 ms.

    `nq` is the quantity without retail price improvement, of which there is none here.
    """
    at = group.at_ns // MILLISECOND_NS
    maker = "true" if group.buyer_is_maker else "false"
    quantity = digits.quantity(group.quantity)
    return (
        f'{{"e":"aggTrade","E":{at_ns // MILLISECOND_NS},"a":{group.agg_id},'
        f'"s":"{group.symbol}","p":"{digits.price(group.price)}","q":"{quantity}",'
        f'"nq":"{quantity}","f":{group.first_id},"l":{group.last_id},"T":{at},"m":{maker}}}'
    ).encode()


def kline(bar: Bar, digits: Digits, *, at_ns: int, is_closed: bool) -> bytes:
    """Write the state of a candle."""
    event = {
        "e": "kline",
        "E": at_ns // MILLISECOND_NS,
        "s": bar.symbol,
        "k": _candle(bar, digits, is_closed=is_closed) | {"s": bar.symbol},
    }
    return msgspec.json.encode(event)


def continuous_kline(bar: Bar, digits: Digits, *, at_ns: int, is_closed: bool) -> bytes:
    """Write the state of a candle of the perpetual contract of a pair."""
    event = {
        "e": "continuous_kline",
        "E": at_ns // MILLISECOND_NS,
        "ps": bar.symbol,
        "ct": "PERPETUAL",
        "k": _candle(bar, digits, is_closed=is_closed),
    }
    return msgspec.json.encode(event)


def day_ticker(day: DayStatistics, digits: Digits, *, at_ns: int) -> dict[str, object]:
    """Show the rolling 24 hours; unlike spot without the best bid and ask."""
    change = day.last - day.open
    return {
        "e": "24hrTicker",
        "E": at_ns // MILLISECOND_NS,
        "s": day.symbol,
        "p": digits.price(change),
        "P": percent(change, day.open),
        "w": digits.price(day.weighted_average),
        "c": digits.price(day.last),
        "Q": digits.quantity(day.last_quantity),
        "o": digits.price(day.open),
        "h": digits.price(day.high),
        "l": digits.price(day.low),
        "v": digits.quantity(day.volume),
        "q": format_e8(day.quote_volume),
        "O": day.open_ns // MILLISECOND_NS,
        "C": day.close_ns // MILLISECOND_NS,
        "F": day.first_trade_id,
        "L": day.last_trade_id,
        "n": day.trade_count,
    }


def mini_ticker(day: DayStatistics, digits: Digits, *, at_ns: int) -> dict[str, object]:
    """Show the short form of the rolling 24 hours."""
    return {
        "e": "24hrMiniTicker",
        "E": at_ns // MILLISECOND_NS,
        "s": day.symbol,
        "c": digits.price(day.last),
        "o": digits.price(day.open),
        "h": digits.price(day.high),
        "l": digits.price(day.low),
        "v": digits.quantity(day.volume),
        "q": format_e8(day.quote_volume),
    }


def _depth(diff: Diff, symbol: str, levels: str, at_ns: int) -> bytes:
    event, changed = at_ns // MILLISECOND_NS, diff.at_ns // MILLISECOND_NS
    return (
        f'{{"e":"depthUpdate","E":{event},"T":{changed},"s":"{symbol}","U":{diff.first_id},'
        f'"u":{diff.last_id},"pu":{diff.prev_id},{levels}}}'
    ).encode()


def _candle(bar: Bar, digits: Digits, *, is_closed: bool) -> dict[str, object]:
    return {
        "t": bar.open_ns // MILLISECOND_NS,
        "T": bar.close_ns // MILLISECOND_NS,
        "i": bar.interval,
        "f": bar.first_trade_id,
        "L": bar.last_trade_id,
        "o": digits.price(bar.open),
        "c": digits.price(bar.close),
        "h": digits.price(bar.high),
        "l": digits.price(bar.low),
        "v": digits.quantity(bar.volume),
        "n": bar.trade_count,
        "x": is_closed,
        "q": format_e8(bar.quote_volume),
        "V": digits.quantity(bar.taker_buy_volume),
        "Q": format_e8(bar.taker_buy_quote_volume),
        "B": "0",
    }


def mark_price(mark: Mark) -> dict[str, object]:
    """Show mark price, index price and the next funding."""
    return {
        "e": "markPriceUpdate",
        "E": mark.at_ns // MILLISECOND_NS,
        "s": mark.symbol,
        "p": format_e8(mark.mark),
        "i": format_e8(mark.index),
        "P": format_e8(mark.index),
        "r": format_e8(mark.funding_rate),
        "T": mark.next_funding_ns // MILLISECOND_NS,
    }


def force_order(forced: ForcedOrder, digits: Digits) -> bytes:
    """Write a liquidation as everybody hears of it."""
    order = forced.order
    at = forced.at_ns // MILLISECOND_NS
    shown = {
        "s": order.symbol,
        "S": order.side,
        "o": "LIMIT",
        "f": "IOC",
        "q": digits.quantity(order.quantity),
        "p": digits.price(order.price or order.avg_price),
        "ap": format_e8(order.avg_price),
        "X": order.status,
        "l": digits.quantity(order.cum_quantity),
        "z": digits.quantity(order.cum_quantity),
        "T": at,
    }
    return msgspec.json.encode({"e": "forceOrder", "E": at, "o": shown})
