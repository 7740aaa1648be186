"""Replay mode: the same trader in one process under a virtual clock, as fast as it goes.

Deterministic to the byte for one seed: nothing reads the machine's clock but the progress line,
and a commit takes the time that the assumptions file gives it.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from holdfast.domain.ids import AccountId, Symbol
from holdfast.domain.instant import NS_PER_MS, NS_PER_S, NS_PER_US
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.writer import InlineWriter, Journal
from holdfast.runtime.clock import VirtualClock, stopwatch_ns
from holdfast.runtime.config import Config
from holdfast.runtime.node import Chosen, Node, name_journal
from holdfast.runtime.options import RunOptions
from holdfast.runtime.reconciler import Reconciler
from holdfast.runtime.trader import Trader
from holdfast.runtime.warming import warm
from holdfast.simexchange.accounts import demonstration_account
from holdfast.simexchange.assumptions import load_assumptions
from holdfast.simexchange.notes import opening_notes
from holdfast.simexchange.source import Market, open_market
from holdfast.venues.paper.adapter import PaperVenue

DATA_ENDED = "the data ended"
BATCH_RECORDS = 20_000
PROGRESS_AFTER_NS = 2 * NS_PER_S
CANCELED_WITHIN_NS = 10 * NS_PER_S
COMPARING_TURNS = 100
SYNTHETIC_REPLAY_NS = 600 * NS_PER_S


def replay(
    config: Config,
    options: RunOptions,
    *,
    chosen: list[Chosen],
    open_journal: Callable[[], SqliteStore],
    path: Path,
    tell: Callable[[str], None],
) -> Node:
    """Replay to the end of the data, or of the time asked for."""
    run = Replay(config, options, chosen=chosen, open_journal=open_journal, path=path)
    run.tell(tell)
    return asyncio.run(run.run())


class Replay:
    """One replay; of `market` where one is given, else of what the options name."""

    def __init__(
        self,
        config: Config,
        options: RunOptions,
        *,
        chosen: list[Chosen],
        open_journal: Callable[[], SqliteStore],
        path: Path,
        market: Market | None = None,
    ) -> None:
        self._config = config
        self._shows_progress = not options.json
        self._reason = DATA_ENDED
        self._moved = ""
        self._reconciler: Reconciler | None = None
        assumptions = load_assumptions(None)
        is_endless = not options.data and options.duration_ns is None
        self._market = market or open_market(
            options.data,
            options.symbol or config.symbols or None,
            instruments=options.instruments,
            seed=config.seed,
            assumptions=assumptions,
            for_ns=SYNTHETIC_REPLAY_NS if is_endless else options.duration_ns,
        )
        self._clock = VirtualClock(self._market.start_ns)
        account = demonstration_account(self._market.symbols)
        config.account = account.name
        self._notes = [*self._market.notes, *opening_notes([account])]
        self._venue = PaperVenue(
            self._clock,
            symbols=self._market.symbols,
            records=self._market.records(),
            account=account,
            assumptions=assumptions,
            seed=config.seed,
            funding=self._market.funding,
        )
        self._node = Node(
            config,
            path=path,
            strategies=chosen,
            clock=self._clock,
            store=open_journal(),
            make_journal=self._writer,
        )
        self._commit_ns = assumptions.latency.commit_us * NS_PER_US
        self._commit_is_due = False
        self._node.schedule_commit = self._schedule_commit

    def tell(self, tell: Callable[[str], None]) -> None:
        """Have the user told what happens on the way, a line each."""
        self._node.tell = tell

    async def run(self) -> Node:
        """Replay everything and close the journal at its head."""
        node, venue = self._node, self._venue
        previous = {
            n: signal.signal(n, self._interrupt) for n in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            node.open(
                journal=name_journal(self._config),
                venue="simulated",
                symbols=sorted(self._market.symbols),
                notes=self._notes,
            )
            symbols = [Symbol(symbol) for symbol in node.state.symbols]
            instruments = await venue.market_data.instruments(symbols)
            node.register(instruments)
            trader = node.wire(venue.order_entry, snapshot=venue.market_data.request_snapshot)
            trader.sinks.on_frame = partial(self._pause_at_marks, trader)
            await node.gateway.start(instruments, trader.sinks)
            await venue.account_view.start(instruments, trader.sinks)
            await venue.market_data.start(instruments, trader.sinks)
            await self._play(trader)
            self._finish(trader)
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
            node.journal.close()
        return node

    async def _play(self, trader: Trader) -> None:
        """Play the records; open the books at the first marks; show progress."""
        began_ns = shown_ns = stopwatch_ns()
        market = self._venue.market_data
        is_going = True
        while is_going and self._reason == DATA_ENDED:
            is_going = market.play(limit=BATCH_RECORDS)
            if not trader.is_opened and trader.marks.are_known:
                await self._open(trader)
            if self._moved:
                await self._compare()
            await asyncio.sleep(0)
            now_ns = stopwatch_ns()
            if now_ns - max(began_ns + NS_PER_S, shown_ns) > NS_PER_S:
                shown_ns = now_ns
                self._progress(market.played_count, now_ns - began_ns)

    def _pause_at_marks(self, trader: Trader) -> None:
        """Let the books be opened once every symbol has a price."""
        if trader.marks.are_known:
            trader.sinks.on_frame = None
            self._venue.market_data.pause()

    async def _open(self, trader: Trader) -> None:
        trader.open_balances(await self._venue.account_view.balances(), source="venue")
        reconciler = Reconciler(
            trader,
            self._venue.account_view,
            recorder=self._node.recorder,
            gateway=self._node.gateway,
            clock=self._clock,
            recv_window_ns=self._config.venue.recv_window_ms * NS_PER_MS,
        )
        self._commit()
        reconciler.request("start")
        await reconciler.finish()
        self._reconciler = reconciler
        trader.sinks.on_moved = self._pause_to_compare
        await warm(trader.cast, self._venue.market_data, clock=self._clock)
        trader.cast.start()
        trader.keep_passing_barriers()

    def _pause_to_compare(self, reason: str) -> None:
        """Have the account compared after the record in hand: funding was paid, or the like."""
        self._moved = reason
        self._venue.market_data.pause()

    async def _compare(self) -> None:
        """Compare at once, while the market stands; what needs time goes on with it."""
        reason, self._moved = self._moved, ""
        if self._reconciler is None:
            return
        self._reconciler.request(f"the account moved: {reason}")
        for _ in range(COMPARING_TURNS):
            await asyncio.sleep(0)
            self._commit()
            if not self._reconciler.is_busy:
                break

    def _finish(self, trader: Trader) -> None:
        """Cancel what rests, let market time pass until it is gone, write the last records."""
        trader.begin_stop(self._reason)
        end_ns = self._clock.now_ns() + CANCELED_WITHIN_NS
        while not trader.is_quiet and self._clock.now_ns() < end_ns:
            self._clock.advance(self._clock.now_ns() + NS_PER_MS)
        trader.end(self._reason)
        self._commit()

    def _writer(self, store: SqliteStore, on_durable: Callable[[int], None]) -> Journal:
        return InlineWriter(
            store,
            self._clock,
            account=AccountId(self._config.account),
            durable_callback=on_durable,
        )

    def _schedule_commit(self) -> None:
        """Let what was put become durable when the assumed time of a commit is over."""
        if not self._commit_is_due and self._node.journal.lag_events:
            self._commit_is_due = True
            self._clock.call_at(self._clock.now_ns() + self._commit_ns, self._commit)

    def _commit(self) -> None:
        self._commit_is_due = False
        self._node.journal.drain()
        self._schedule_commit()

    def _interrupt(self, number: int, _: object) -> None:
        """End in order; the second time, end also what is running: a strategy may spin."""
        if self._reason != DATA_ENDED:
            raise KeyboardInterrupt
        self._reason = f"{signal.Signals(number).name} received"

    def _progress(self, count: int, took_ns: int) -> None:
        if self._shows_progress:
            rate = count * NS_PER_S // max(1, took_ns)
            sys.stderr.write(f"replay: {count:,} records, {rate:,} a second\n")
