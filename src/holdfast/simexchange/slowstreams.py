"""Streams that speak once a second: statistics, average and reference price, all symbols."""

from collections.abc import Callable, Iterable

from holdfast.simexchange.payloads import feed
from holdfast.simexchange.queries import MarketQueries

HOUR_NS = 3600 * 10**9
WINDOWS = {"ticker_1h": HOUR_NS, "ticker_4h": 4 * HOUR_NS, "ticker_1d": 24 * HOUR_NS}
SLOW_KINDS = ("ticker", "miniTicker", "avgPrice", "referencePrice", *WINDOWS)
EVERY_SYMBOL = "!"
"""Stands for the symbol of a stream that is about all of them."""
EVERY_KINDS = ("miniTicker", *WINDOWS)
Build = Callable[[int], bytes]


def every_kind(name: str) -> str | None:
    """Return the kind of a stream of all symbols such as `!miniTicker@arr`, else None."""
    kind, _, form = name.removeprefix(EVERY_SYMBOL).partition("@")
    is_known = name.startswith(EVERY_SYMBOL) and form == "arr" and kind in EVERY_KINDS
    return kind if is_known else None


def slow_message(market: MarketQueries, symbol: str, *, kind: str, at_ns: int) -> Build:
    """Return what writes the present message of a slow stream, given the unit of time."""
    if kind == "referencePrice":
        price = market.reference_price(symbol)
        return lambda unit_ns: feed.reference_price(symbol, price, at_ns=at_ns, unit_ns=unit_ns)
    if kind == "avgPrice":
        average = market.average_price(symbol)
        minutes = market.average_minutes(symbol)
        newest = market.recent_trades(symbol, limit=1)
        traded_ns = newest[-1].at_ns if newest else at_ns
        return lambda unit_ns: feed.average_price(
            symbol, average, minutes=minutes, times_ns=(at_ns, traded_ns), unit_ns=unit_ns
        )
    if kind in WINDOWS:
        window = market.ticker_24h(symbol, start_ns=at_ns - WINDOWS[kind])
        name = f"{kind.removeprefix('ticker_')}Ticker"
        return lambda unit_ns: feed.window_ticker(window, name, at_ns=at_ns, unit_ns=unit_ns)
    day = market.ticker_24h(symbol)
    if kind == "miniTicker":
        return lambda unit_ns: feed.mini_ticker(day, at_ns=at_ns, unit_ns=unit_ns)
    best = market.best(symbol)
    return lambda unit_ns: feed.day_ticker(day, best, at_ns=at_ns, unit_ns=unit_ns)


def every_message(
    market: MarketQueries, symbols: Iterable[str], *, kind: str, at_ns: int
) -> Build:
    """Return what writes one message about all the symbols that changed."""
    builds = [slow_message(market, symbol, kind=kind, at_ns=at_ns) for symbol in symbols]
    return lambda unit_ns: b"[" + b",".join(build(unit_ns) for build in builds) + b"]"
