"""Replay: records a second through the whole pipeline; nautilus_trader on an equal workload.

Three workloads, each with an order at the market once in 600 events:

- `tops`: best bids and asks that are decoded already, out of a seeded walk;
- `l2`: a recording of Binance (diffs of depth, best prices, trades), read and decoded from its
  compressed file on the way, after the pass that finds its filters; HOLDFAST_DATA names the
  folder, ../shared/data is looked at too;
- `nautilus`: the quotes of `tops` in its BacktestEngine, if HOLDFAST_BENCH_NAUTILUS names a
  Python that has it.

The pipeline is all of it: matching core, feed, strategy behind its fence, gates, reservations,
order state, journal in SQLite, ledger. Reading results and writing the report is not in it.
"""

import asyncio
import gc
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec

from bench.quotes import EVENTS_AN_ORDER, Quote, quotes
from bench.recorded import SPOT, find
from bench.rows import Row, skipped
from holdfast.decision.strategy import Strategy, Wishes
from holdfast.domain.intent import Buy, Sell
from holdfast.domain.market import BookTop
from holdfast.domain.money import QuantityUnits
from holdfast.journal.sqlite import SqliteStore
from holdfast.risk.limits import Limits
from holdfast.runtime.config import Config, StrategyEntry
from holdfast.runtime.node import choose
from holdfast.runtime.options import RunOptions
from holdfast.runtime.replay import Replay
from holdfast.simexchange.assumptions import load_assumptions
from holdfast.simexchange.model import Record, Ticker
from holdfast.simexchange.source import Market, open_market

QUOTES = 300_000
ROUNDS = 3
SYMBOL = "BTCUSDT"
QUANTITY = QuantityUnits(100_000)
NAUTILUS = "HOLDFAST_BENCH_NAUTILUS"
NAUTILUS_WITHIN_S = 120


class OncePerMany(Strategy):
    """Buys and sells in turn, once in so many events."""

    def __init__(self) -> None:
        self.seen = 0

    def book(self, top: BookTop) -> Wishes:
        """Count, and trade when it is time."""
        self.seen += 1
        if self.seen % EVENTS_AN_ORDER:
            return None
        make = Buy if self.seen // EVENTS_AN_ORDER % 2 else Sell
        return (make(top.symbol, QUANTITY),)


def rows() -> Iterator[Row]:
    """Give events a second of each workload."""
    made = quotes(QUOTES)
    market = tops(made)
    taken = [timed(market) for _ in range(ROUNDS)]
    ours = QUOTES / median(taken)
    bare = QUOTES / median([_bare(market.records()) for _ in range(ROUNDS)])
    yield _row("replay.tops.pure", ours, baseline="bare_loop", baseline_value=bare, n=QUOTES)
    yield from _against_nautilus(ours)
    yield from _recorded()


def tops(made: Sequence[Quote]) -> Market:
    """Make a market of decoded records, with the rules of the synthetic one."""
    assumptions = load_assumptions(None)
    rules = open_market((), f"spot:{SYMBOL}", assumptions=assumptions).symbols[SYMBOL]
    records: list[Record] = [
        Ticker(quote.at_ns, SYMBOL, number, quote.bid, quote.size, quote.ask, quote.size)
        for number, quote in enumerate(made, 1)
    ]
    rules = msgspec.structs.replace(rules, first_price=made[0].bid)
    return Market(
        {SYMBOL: rules},
        start_ns=made[0].at_ns,
        notes=["a seeded walk of best bids and asks"],
        records=lambda: iter(records),
    )


def timed(market: Market) -> float:
    """Replay a market from start to closed journal; gives seconds."""
    config = Config(
        mode="replay",
        strategies=[StrategyEntry(path=f"{__file__}:OncePerMany")],
        limits=Limits(order_notional="5000", position_notional="5000"),
    )
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        path = Path(folder) / "replay.journal"
        gc.collect()
        began = time.perf_counter()
        run = Replay(
            config,
            RunOptions(mode="replay", json=True),
            chosen=choose(config),
            open_journal=lambda: SqliteStore.create(path),
            path=path,
            market=market,
        )
        node = asyncio.run(run.run())
        took = time.perf_counter() - began
    if not node.state.account.last_exec:
        raise RuntimeError("the replay traded nothing, so its speed says nothing")
    return took


def _recorded() -> Iterator[Row]:
    path = find(SPOT)
    if path is None:
        yield skipped("replay.l2", f"no {SPOT}; set HOLDFAST_DATA to its folder")
        return
    market = open_market((path,), assumptions=load_assumptions(None))
    count, reading = _counted(market.records)
    taken = median([timed(market) for _ in range(ROUNDS)])
    yield _row(
        "replay.l2.pure",
        count / taken,
        baseline="reading_alone",
        baseline_value=count / reading,
        n=count,
    )


def _counted(records: Callable[[], Iterator[Record]]) -> tuple[int, float]:
    began = time.perf_counter()
    count = sum(1 for _ in records())
    return count, time.perf_counter() - began


def _bare(records: Iterator[Record]) -> float:
    """Look at each record as the least strategy would, without anything around it."""
    began = time.perf_counter()
    best = 0
    for record in records:
        if isinstance(record, Ticker) and record.bid < record.ask:
            best = max(best, record.bid)
    return time.perf_counter() - began


def _against_nautilus(ours: float) -> Iterator[Row]:
    python = os.environ.get(NAUTILUS, "")
    name = "replay.tops.nautilus"
    if not python:
        yield skipped(name, f"{NAUTILUS} names no Python that has nautilus_trader")
        return
    try:
        done = subprocess.run(
            [python, Path(__file__).with_name("nautilus_replay.py"), str(QUOTES)],
            capture_output=True,
            text=True,
            timeout=NAUTILUS_WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield skipped(name, f"{python}: {error}")
        return
    last = (done.stdout.strip().splitlines() or [""])[-1]
    if done.returncode or not last.startswith("{"):
        why = (done.stderr.strip().splitlines() or ["it gave no result"])[-1]
        yield skipped(name, f"{python}: {why}")
        return
    told = msgspec.json.decode(last)
    yield _row(
        "replay.tops.pure",
        ours,
        baseline=f"nautilus_trader {told['version']}",
        baseline_value=told["events_per_s"],
        n=QUOTES,
    )


def _row(name: str, value: float, *, baseline: str, baseline_value: float, n: int) -> Row:
    return {
        "name": name,
        "value": round(value),
        "unit": "events/s",
        "baseline": baseline,
        "baseline_value": round(baseline_value),
        "ratio": round(value / baseline_value, 3),
        "n": n,
    }
