"""Fetches the bars that strategies declare, so that each starts warm.

Paper time stands while the questions are out, and they are asked again when a boundary passed
meanwhile, so that no bar falls between the history and the first one made from trades.
"""

from holdfast.domain.ids import Symbol
from holdfast.domain.instant import Clock
from holdfast.domain.market import Bar
from holdfast.domain.venue import MarketData
from holdfast.runtime.cast import Cast

ATTEMPTS = 5

Asked = dict[tuple[Symbol, int], int]
"""How many bars of a symbol and an interval are wanted."""


async def warm(cast: Cast, market_data: MarketData, *, clock: Clock) -> None:
    """Give every strategy the bars that it declared, as far as the venue has them."""
    wanted = _wanted(cast)
    cast.is_warming = True
    try:
        found: dict[tuple[Symbol, int], list[Bar]] = {}
        for _ in range(ATTEMPTS):
            began_ns = clock.now_ns()
            for (symbol, interval_ns), count in sorted(wanted.items()):
                found[symbol, interval_ns] = await market_data.bars(
                    symbol, interval_ns=interval_ns, count=count
                )
            now_ns = clock.now_ns()
            if all(began_ns // length == now_ns // length for _, length in wanted):
                break
    finally:
        cast.is_warming = False
    for member in cast.members.values():
        count = member.host.strategy.history_bars
        bars = [
            bar
            for interval_ns in set(member.intervals_ns)
            for symbol in member.host.symbols
            for bar in found.get((symbol, interval_ns), ())
            if bar.open_at_ns >= now_ns - now_ns % interval_ns - count * interval_ns
        ]
        bars.sort(key=_as_they_closed)
        member.bars = tuple(bars)


def _as_they_closed(bar: Bar) -> tuple[int, Symbol, int]:
    return bar.open_at_ns + bar.interval_ns, bar.symbol, bar.interval_ns


def _wanted(cast: Cast) -> Asked:
    """Join the wishes of all strategies: of each symbol and interval the most bars."""
    wanted: Asked = {}
    for member in cast.members.values():
        count = member.host.strategy.history_bars
        for symbol in member.host.symbols if count else ():
            for interval_ns in member.intervals_ns:
                key = (symbol, interval_ns)
                wanted[key] = max(count, wanted.get(key, 0))
    return wanted
