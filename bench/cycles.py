"""What an order's whole life costs as history grows: from 1,000 orders to 100,000.

A replay: matching core, feed, strategy, both reviews, reservation, order state, journal in
SQLite, fills, ledger. Every fifth quote brings an order that takes at once. The clock is that
of the process's own work, and at each point the fastest of some spans of orders counts, so that
what else the machine does is hardly in it. The baseline is the cost after the thousandth order
of the same run.
"""

import asyncio
import gc
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.quotes import quotes
from bench.replay import QUANTITY, tops
from bench.rows import Row
from holdfast.decision.strategy import Strategy, Wishes
from holdfast.domain.intent import Buy, Sell
from holdfast.domain.market import BookTop
from holdfast.journal.sqlite import SqliteStore
from holdfast.risk.limits import Limits
from holdfast.runtime.config import Config, StrategyEntry, VenueEntry
from holdfast.runtime.node import choose
from holdfast.runtime.options import RunOptions
from holdfast.runtime.replay import Replay

SPAN, SPANS = 500, 8
POINTS = (1_000, 10_000, 50_000, 100_000)
QUOTES_AN_ORDER = 5
EVENTS_A_CYCLE = 4
ROUNDS = 2
MOST = 10_000_000


class OftenEnough(Strategy):
    """Buys and sells in turn at the market, and notes the time at the end of each span."""

    def __init__(self) -> None:
        self.noted: dict[int, int] = {}
        self._seen = 0

    def book(self, top: BookTop) -> Wishes:
        """Trade when the order before has certainly filled."""
        self._seen += 1
        if self._seen % QUOTES_AN_ORDER:
            return None
        number = self._seen // QUOTES_AN_ORDER
        if not number % SPAN:
            self.noted[number] = time.process_time_ns()
        make = Buy if number % 2 else Sell
        return (make(top.symbol, QUANTITY),)


def rows() -> Iterator[Row]:
    """Give the cost at each point against that at the first."""
    costs: dict[int, list[float]] = {point: [] for point in POINTS}
    for _ in range(ROUNDS):
        for point, cost in measured(POINTS).items():
            costs[point].append(cost)
    first = median(costs[POINTS[0]])
    for point in POINTS[1:]:
        cost = median(costs[point])
        yield {
            "name": f"cycles.order_at.{point}",
            "value": round(cost, 2),
            "unit": "us",
            "baseline": f"order_at_{POINTS[0]}",
            "baseline_value": round(first, 2),
            "ratio": round(cost / first, 3),
            "n": SPAN * SPANS * ROUNDS,
            "mode": "cycles: gateway in process, commits in line (as in replay)",
        }


def measured(points: Sequence[int], *, spans: int = SPANS) -> dict[int, float]:
    """Trade beyond the last of the points; gives microseconds an order around each."""
    config = Config(
        mode="replay",
        strategies=[StrategyEntry(path=f"{__file__}:OftenEnough")],
        venue=VenueEntry(orders_per_10s_count=MOST, orders_per_day_count=MOST),
        limits=Limits(
            order_notional="5000",
            position_notional="5000",
            orders_per_10s_count=MOST,
            account_orders_per_10s_count=MOST,
        ),
    )
    chosen = choose(config)
    count = max(points) + (spans + 1) * SPAN
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        path = Path(folder) / "cycles.journal"
        gc.collect()
        run = Replay(
            config,
            RunOptions(mode="replay", json=True),
            chosen=chosen,
            open_journal=lambda: SqliteStore.create(path),
            path=path,
            market=tops(quotes(count * QUOTES_AN_ORDER)),
        )
        node = asyncio.run(run.run())
    noted: dict[int, int] = getattr(chosen[0].loaded.strategy, "noted")  # noqa: B009
    if node.journal.seq < EVENTS_A_CYCLE * count:
        raise RuntimeError(f"{node.journal.seq} events of {count} orders: they did not fill")
    return {
        point: min(
            (noted[at + SPAN] - noted[at]) / SPAN / 1e3
            for at in range(point, point + spans * SPAN, SPAN)
        )
        for point in points
    }
