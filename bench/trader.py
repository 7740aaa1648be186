"""The trader that `bench.tick_to_order` measures: the real one, with a strategy of one line.

It is wired as a live run is: picows and uvloop, the Binance adapter with a session that logged
on, every gate, the gateway in process, SQLite with a writer thread. The limits and the venue's
order counts are raised by configuration, because a thousand orders a second are more than any
account may send.

usage: python -m bench.trader PORT before-send|with-send blocking|polling FOLDER WRITER_CORE; it
prints "ready", ends with its standard input, and prints then what it did as one JSON object.
"""

import asyncio
import contextlib
import os
import random
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from holdfast.decision.strategy import Strategy, Wishes
from holdfast.domain.ids import AccountId, JournalId
from holdfast.domain.intent import Buy
from holdfast.domain.market import BookTop
from holdfast.domain.money import QuantityUnits
from holdfast.domain.order import TimeInForce
from holdfast.errors import HoldfastError
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.writer import Journal, ThreadWriter
from holdfast.risk.limits import Limits
from holdfast.runtime.busy_poll import BusyPoll
from holdfast.runtime.clock import RunningClock
from holdfast.runtime.config import Config, JournalEntry, StrategyEntry, VenueEntry
from holdfast.runtime.heap import frozen_heap
from holdfast.runtime.network import SocketNetwork
from holdfast.runtime.node import Node, choose
from holdfast.runtime.opening import open_trading
from holdfast.runtime.watching import Watching
from holdfast.simexchange.accounts import DEMO_ED25519_API_KEY, DEMO_ED25519_PRIVATE_KEY
from holdfast.venues.binance.adapter import BinanceSpot, Credentials, Endpoints
from holdfast.venues.binance.options import Liveness, Options

ACCOUNT = AccountId("bench")
MOST = 1_000_000
QUANTITY = QuantityUnits(100_000)


class EveryTick(Strategy):
    """Buys a thousandth at the bid, immediate or cancel, on every tick."""

    def book(self, top: BookTop) -> Wishes:
        """Answer a tick with an order."""
        return (Buy(top.symbol, QUANTITY, top.bid, TimeInForce.IOC),)


def config(durability: Any) -> Config:
    """Give a configuration that lets a thousand orders a second pass every gate."""
    return Config(
        account=ACCOUNT,
        strategies=[StrategyEntry(path=f"{__file__}:EveryTick")],
        venue=VenueEntry(orders_per_10s_count=MOST, orders_per_day_count=100 * MOST),
        journal=JournalEntry(intent_durability=durability),
        limits=Limits(orders_per_10s_count=MOST, account_orders_per_10s_count=MOST),
    )


async def trade(
    port: int, durability: str, *, polls: bool, folder: Path, writer_core: int
) -> Node:
    """Trade until standard input ends."""
    loop = asyncio.get_running_loop()
    poll = BusyPoll(loop) if polls else None
    ended: asyncio.Future[None] = loop.create_future()
    clock = RunningClock()
    path = folder / f"{durability}.{'polling' if polls else 'blocking'}.journal"
    settings = config(durability)
    venue = binance(port, clock)
    async with contextlib.AsyncExitStack() as stack:
        node = Node(
            settings,
            path=path,
            strategies=choose(settings),
            clock=clock,
            store=SqliteStore.create(path),
            make_journal=partial(make_writer, clock=clock, ended=ended, poll=poll),
        )
        stack.callback(node.journal.close)
        _pin_writer(writer_core)
        node.open(journal=JournalId("BENCH"), venue="stub", symbols=["BTCUSDT"], notes=[])
        stack.push_async_callback(venue.close)
        await open_trading(
            node, venue, settings=None, clock=clock, stack=stack, on_end=lambda: None
        )
        assert node.trader is not None
        sweeper = stack.enter_context(frozen_heap())
        watching = Watching(node, node.trader, pipe=None, sweep=sweeper.sweep)
        watching.start()
        stack.callback(watching.close)
        loop.add_reader(0, lambda: os.read(0, 100) or ended.done() or ended.set_result(None))
        if poll is not None:
            poll.start(waits=lambda: not node.recorder.is_idle)
            stack.callback(poll.close)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await ended
        loop.remove_reader(0)
        return node


def binance(port: int, clock: RunningClock) -> BinanceSpot:
    """Give the adapter as live trading has it, at the stub's port."""
    return BinanceSpot(
        SocketNetwork(),
        clock,
        endpoints=Endpoints(
            rest=f"http://127.0.0.1:{port}",
            ws=f"ws://127.0.0.1:{port}",
            ws_api=f"ws://127.0.0.1:{port}/ws-api/v3",
        ),
        credentials=Credentials(DEMO_ED25519_API_KEY, DEMO_ED25519_PRIVATE_KEY),
        account=ACCOUNT,
        jitter=random.Random(1).random,
        options=Options(liveness=Liveness(suspect_after_s=0)),  # the stub sends tops alone
    )


def told(node: Node) -> dict[str, Any]:
    """Say what a trader did, so that a run that sent nothing cannot pass for a fast one."""
    assert node.trader is not None
    latency = node.trader.pipeline.latency
    return {
        "sent": latency.count,
        "p50_us": latency.percentile_us(0.5),
        "p99_us": latency.percentile_us(0.99),
        "events": node.journal.seq,
        "open_orders": len(node.state.account.orders),
    }


def make_writer(
    store: SqliteStore,
    on_durable: Callable[[int], None],
    *,
    clock: RunningClock,
    ended: "asyncio.Future[None]",
    poll: BusyPoll | None,
) -> Journal:
    """Make the journal with its thread; what fails it ends the run."""

    def fail(error: HoldfastError) -> None:
        if not ended.done():
            ended.set_exception(error)

    return ThreadWriter(
        store,
        clock,
        account=ACCOUNT,
        durable_callback=on_durable,
        post=poll.post if poll else asyncio.get_running_loop().call_soon_threadsafe,
        failed_callback=fail,
    )


def _pin_writer(core: int) -> None:
    for thread in threading.enumerate():
        if thread.name == "journal" and thread.native_id is not None and core >= 0:
            os.sched_setaffinity(thread.native_id, {core})


def main() -> None:
    """Run one trader."""
    port, durability, way, folder, core = sys.argv[1:6]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        node = runner.run(
            trade(
                int(port),
                durability,
                polls=way == "polling",
                folder=Path(folder),
                writer_core=int(core),
            )
        )
    sys.stdout.write(msgspec.json.encode(told(node)).decode() + "\n")


if __name__ == "__main__":
    main()
