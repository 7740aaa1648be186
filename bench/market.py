"""What a market message costs: depth diffs into a book, tops into a feed, a walk, a callback.

The diffs are made like recorded ones of BTCUSDT: 20 levels a side, most of them new or removed,
half of them more than 64 levels away from the best, in a book of about two thousand levels a
side. The baseline of the book is what a person writes first, a map and one sorted list of every
price, in the same run.
"""

import gc
import time
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator

from holdfast.decision.context import Context
from holdfast.decision.host import Hosted
from holdfast.decision.strategy import Strategy, Wishes
from holdfast.decision.view import PositionView
from holdfast.domain.ids import StrategyId, Symbol
from holdfast.domain.instant import UtcNs
from holdfast.domain.market import BookTop, DepthDiff, DepthSnapshot, Level
from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.order import Side
from holdfast.market.book import Book
from holdfast.market.feed import Feed
from holdfast.runtime.supervise import guard
from holdfast.testing.clock import ManualClock
from holdfast.testing.market import Market, instrument

SYMBOL = Symbol("BTCUSDT")
DIFFS = 5_000
LEVELS = 20
CALLS = 200_000
ROUNDS = 5
MID = 6_180_000_000_000
TICK = 1_000_000
DEEP = 2_000


def rows() -> Iterator[dict[str, object]]:
    """Measure everything; each row carries its baseline of the same run."""
    yield from _depth()
    yield from _walk()
    yield from _tops()
    yield from _callback()


def draws() -> Iterator[int]:
    """Give the same numbers of 32 bits in every run."""
    state = 20_240_808
    while True:
        state = (state * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407) & (1 << 64) - 1
        yield state >> 32


def snapshot() -> DepthSnapshot:
    """Give a book with every second tick taken."""
    one = QuantityUnits(100_000_000)
    steps = range(1, 2 * DEEP, 2)
    bids: list[Level] = [(PriceUnits(MID - step * TICK), one) for step in steps]
    asks: list[Level] = [(PriceUnits(MID + step * TICK), one) for step in steps]
    return DepthSnapshot(SYMBOL, 0, bids, asks, UtcNs(0))


def diffs(count: int) -> list[DepthDiff]:
    """Give diffs whose levels lie near the best as often as far away."""
    drawn = draws()

    def levels(sign: int) -> list[Level]:
        made: list[Level] = []
        for _ in range(LEVELS):
            bits = next(drawn) % 12
            step = 1 + next(drawn) % (1 << bits)
            quantity = 0 if next(drawn) % 100 < 48 else 1_000 + next(drawn)
            made.append((PriceUnits(MID + sign * step * TICK), QuantityUnits(quantity)))
        return made

    return [
        DepthDiff(SYMBOL, n, n, -1, levels(-1), levels(1), UtcNs(n), UtcNs(n))
        for n in range(1, count + 1)
    ]


class PlainBook:
    """A map and one sorted list of every price."""

    def __init__(self, start: DepthSnapshot) -> None:
        self.sides = [(dict(start.bids), sorted(p for p, _ in start.bids))]
        self.sides.append((dict(start.asks), sorted(p for p, _ in start.asks)))

    def apply_diff(self, diff: DepthDiff) -> tuple[int, int]:
        """Set the levels of a diff; give the best prices."""
        for (quantities, prices), levels in zip(
            self.sides, (diff.bids, diff.asks), strict=True
        ):
            for price, quantity in levels:
                if quantity:
                    if price not in quantities:
                        insort(prices, price)
                    quantities[price] = quantity
                elif price in quantities:
                    del quantities[price]
                    del prices[bisect_left(prices, price)]
        return self.sides[0][1][-1], self.sides[1][1][0]


def best_seconds(*works: Callable[[], Callable[[], object]]) -> list[float]:
    """Give each one's best time of a few rounds, taken in turn, prepared anew each time."""
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for index, prepare in enumerate(works):
            work = prepare()
            gc.collect()
            gc.disable()
            began = time.perf_counter()
            work()
            best[index] = min(best[index], time.perf_counter() - began)
            gc.enable()
    return best


def _depth() -> Iterator[dict[str, object]]:
    start, stream = snapshot(), diffs(DIFFS)

    def into_book() -> Callable[[], object]:
        book = Book(SYMBOL)
        book.apply_snapshot(start)
        return lambda: [book.apply_diff(diff) for diff in stream]

    def into_feed() -> Callable[[], object]:
        feed = Feed(SYMBOL)
        feed.on_snapshot(start)
        return lambda: [feed.on_diff(diff) for diff in stream]

    def into_plain() -> Callable[[], object]:
        book = PlainBook(start)
        return lambda: [book.apply_diff(diff) for diff in stream]

    book, feed, plain = best_seconds(into_book, into_feed, into_plain)
    yield _rate("market.depth_diff.book", book, baseline=("plain", plain), count=DIFFS)
    yield _rate("market.depth_diff.feed", feed, baseline=("plain", plain), count=DIFFS)


def _walk() -> Iterator[dict[str, object]]:
    book = Book(SYMBOL)
    book.apply_snapshot(snapshot())
    quantity = QuantityUnits(LEVELS * 100_000_000)
    asks = snapshot().asks

    def bare() -> tuple[int, int]:
        rest, cost = int(quantity), 0
        for price, standing in asks:
            taken = min(standing, rest)
            cost += price * taken
            rest -= taken
            if not rest:
                break
        return cost, rest

    count = CALLS // 10
    walked, floor = best_seconds(
        lambda: lambda: [book.walk(Side.BUY, quantity) for _ in range(count)],
        lambda: lambda: [bare() for _ in range(count)],
    )
    yield _each("market.walk.20_levels", walked, baseline=("bare", floor), count=count)


def _tops() -> Iterator[dict[str, object]]:
    one = QuantityUnits(1)
    tops = [
        BookTop(
            SYMBOL, n, PriceUnits(MID - TICK), one, PriceUnits(MID + n), one, UtcNs(n), UtcNs(n)
        )
        for n in range(1, CALLS + 1)
    ]

    def into_feed() -> Callable[[], object]:
        see = Feed(SYMBOL).on_top
        return lambda: [see(top) for top in tops]

    def bare() -> Callable[[], object]:
        return lambda: [top.bid < top.ask for top in tops]

    feed, floor = best_seconds(into_feed, bare)
    yield _rate("market.top.feed", feed, baseline=("bare", floor), count=CALLS)


class Still(Strategy):
    """Looks at the book and wishes for nothing."""

    def book(self, _: BookTop) -> Wishes:
        """Look."""
        return None


def _callback() -> Iterator[dict[str, object]]:
    traded = instrument()
    context = Context(
        StrategyId("still"),
        instruments={traded.symbol: traded},
        clock=ManualClock(),
        position=PositionView,
        on_timer=lambda _name, _at_ns: None,
    )
    strategy = Still()
    replayed = Hosted(strategy, context, guard=guard).book
    live = Hosted(strategy, context, guard=guard, monotonic_ns=time.monotonic_ns).book
    top = Market(traded).top("99", "101")
    taken = best_seconds(
        *(
            lambda call=call: lambda: [call(top) for _ in range(CALLS)]
            for call in (replayed, live, strategy.book)
        )
    )
    for name, seconds in zip(("replay", "live"), taken, strict=False):
        yield _each(
            f"strategy.callback.{name}", seconds, baseline=("direct", taken[-1]), count=CALLS
        )


def _rate(
    name: str, seconds: float, *, baseline: tuple[str, float], count: int
) -> dict[str, object]:
    return {
        "name": name,
        "value": round(count / seconds),
        "unit": "1/s",
        "baseline": baseline[0],
        "baseline_value": round(count / baseline[1]),
        "ratio": round(baseline[1] / seconds, 3),
        "n": count,
    }


def _each(
    name: str, seconds: float, *, baseline: tuple[str, float], count: int
) -> dict[str, object]:
    return {
        "name": name,
        "value": round(seconds / count * 1e6, 3),
        "unit": "us",
        "baseline": baseline[0],
        "baseline_value": round(baseline[1] / count * 1e6, 3),
        "ratio": round(seconds / baseline[1], 3),
        "n": count,
    }
