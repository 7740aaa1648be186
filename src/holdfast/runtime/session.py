"""A run on real sockets, from start to stop, whatever it trades on.

Whatever ends it (data, time, Ctrl-C, a command, a failure), entries and exits that rest are
canceled where the venue can be reached, protective orders stay, and the journal is closed at
its head. `paper.py` and `live.py` say what it stands on.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import msgspec

from holdfast.domain.events import Event
from holdfast.domain.ids import AccountId
from holdfast.errors import (
    CredentialsRefused,
    HoldfastError,
    InvariantBroken,
    JournalError,
)
from holdfast.journal.chain import Head
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.writer import Journal, ThreadWriter
from holdfast.runtime.beat import Beat, file_mark
from holdfast.runtime.busy_poll import BusyPoll
from holdfast.runtime.clock import PingedClock, RunningClock
from holdfast.runtime.commands import Answer, CommandSocket, Request
from holdfast.runtime.config import Config
from holdfast.runtime.control import Control
from holdfast.runtime.guards import AskStatus, Guards, JudgeKey
from holdfast.runtime.heap import frozen_heap
from holdfast.runtime.network import SocketNetwork
from holdfast.runtime.node import Node, name_journal
from holdfast.runtime.opening import open_trading
from holdfast.runtime.options import RunOptions
from holdfast.runtime.reconciler import Reconciler
from holdfast.runtime.spawn import Child, start_view
from holdfast.runtime.supervise import describe
from holdfast.runtime.trader import Trader
from holdfast.runtime.watching import Watching
from holdfast.venues.binance.adapter import BinanceSpot, BinanceUsdm
from holdfast.venues.binance.contract_settings import BinanceSettings

CANCELED_WITHIN_S = 10.0
COMPARED_WITHIN_S = 5.0

AnyVenue: TypeAlias = BinanceSpot | BinanceUsdm
AnyClock: TypeAlias = PingedClock | RunningClock


class Ground(msgspec.Struct, kw_only=True):
    """What a run stands on: its venue, its clock, and what it may trade there.

    `check` refuses to go on with a journal that does not belong here. `first_words` are
    journaled before anything is traded; `judge_key` gives such a word again, a day later.
    `settings` are asked for where contracts are traded.
    """

    venue: AnyVenue
    clock: AnyClock
    name: str
    symbols: list[str]
    notes: list[str]
    check: Callable[[Head, str], None]
    first_words: Callable[[], Awaitable[list[Event]]]
    settings: BinanceSettings | None = None
    ask_status: AskStatus | None = None
    judge_key: JudgeKey | None = None


class Prepare(Protocol):
    """Makes the ground of a run, with what it needs for as long as the run lasts."""

    def __call__(
        self, session: "Session", stack: contextlib.AsyncExitStack, *, network: SocketNetwork
    ) -> Awaitable[Ground]:
        """Give the ground; an error of one line when there is none."""


class Session:
    """One run; `trade` does all of it and gives the node for the result."""

    def __init__(
        self,
        config: Config,
        options: RunOptions,
        *,
        node_of: Callable[..., Node],
        prepare: Prepare,
        hosts: frozenset[str] = frozenset(),
    ) -> None:
        self._config = config
        self._options = options
        self._node_of = node_of
        self._prepare = prepare
        self._hosts = hosts
        self._poll: BusyPoll | None = None
        self._stop: asyncio.Future[str]
        self._hurry: asyncio.Future[None]
        self._failed: asyncio.Future[None]
        self._failure: HoldfastError | None = None
        self._control: Control | None = None
        self._guards: Guards | None = None
        self._is_canceled = False
        self._is_gone = False
        self._journal = ""

    async def trade(
        self, open_journal: Callable[[], SqliteStore], *, socket: Path, plain: bool, show: bool
    ) -> Node:
        """Trade until something ends the run; a failure of journal or venue is raised.

        The journal is opened once the venue has answered, so that nothing is left behind by a
        run that could not begin.
        """
        self._await_ends()
        async with contextlib.AsyncExitStack() as stack:
            network = SocketNetwork(
                on_failure=lambda line: self.fail(InvariantBroken(f"a message: {line}")),
                hosts=self._hosts,
            )
            ground = await self._prepare(self, stack, network=network)
            store = self._open(open_journal, stack)
            commands = CommandSocket(socket, self._command, beat=self._beat)
            await commands.start()
            stack.push_async_callback(commands.close)
            node = self._node_of(
                clock=ground.clock, store=store, make_journal=self._writer(ground.clock)
            )
            stack.callback(node.journal.close)
            ground.check(store.head(), node.state.mode)
            words = await ground.first_words()
            node.open(
                journal=name_journal(self._config),
                venue=ground.name,
                symbols=ground.symbols,
                notes=ground.notes,
            )
            for word in words:
                node.recorder.decide(word)
            stack.push_async_callback(ground.venue.close)
            stack.callback(self._leave_nothing, node)
            reconciler = await self._unless_stopped(
                open_trading(
                    node,
                    ground.venue,
                    settings=ground.settings,
                    clock=ground.clock,
                    stack=stack,
                    on_end=partial(self.stop, "the data ended"),
                )
            )
            await self._watch(node, reconciler, stack=stack, plain=plain, show=show)
            self._guard(node, reconciler, ground=ground, stack=stack)
            await self._run(node, reconciler)
            return node

    def _open(
        self, open_journal: Callable[[], SqliteStore], stack: contextlib.AsyncExitStack
    ) -> SqliteStore:
        store = open_journal()
        stack.callback(store.close)
        self._journal = file_mark(store.path)
        return store

    def stop(self, reason: str) -> None:
        """End the run in order; the second time, without waiting for what rests."""
        if not self._stop.done():
            self._stop.set_result(reason)
        elif not self._hurry.done():
            self._hurry.set_result(None)

    def fail(self, error: HoldfastError) -> None:
        """End the run because something that nothing can go on without is gone."""
        self._failure = self._failure or error
        if not self._failed.done():
            self._failed.set_result(None)
        if not self._stop.done():
            self._stop.set_result(str(error))

    def lose_exchange(self, error: HoldfastError) -> None:
        """End the run at once: nothing rests at an exchange that is gone, and none answers.

        Its own last words say more than what its absence broke first.
        """
        self._is_gone = True
        self._failure = error
        self.fail(error)

    def _await_ends(self) -> None:
        """Be ready for what may end the run: signals, failures, and errors that stray."""
        loop = asyncio.get_running_loop()
        self._stop = loop.create_future()
        self._hurry = loop.create_future()
        self._failed = loop.create_future()
        loop.set_exception_handler(self._on_stray_error)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop, f"{number.name} received")

    def _lose_key(self, message: str) -> None:
        self.fail(
            CredentialsRefused(
                f"the venue takes no order of this key: {message}; give a key that may trade"
            )
        )

    def _on_stray_error(self, _: object, context: dict[str, Any]) -> None:
        """End the run for an exception that nobody was there to take: it is half done."""
        error = context.get("exception")
        if isinstance(error, HoldfastError):
            self.fail(error)
        elif error is not None:
            self.fail(InvariantBroken(f"{context['message']}: {describe(error)}"))

    def _command(self, request: Request) -> Answer:
        """Take a command, once there is a trader to carry it out."""
        if self._control is None:
            return Answer(ok=False, outcome="the trader is starting or ending; ask again")
        return self._control.execute(request)

    def _beat(self) -> Beat:
        """Answer the watchdog; before there is a trader only that the loop lives."""
        beat = self._guards.beat() if self._guards else Beat(number=0, status="starting")
        return msgspec.structs.replace(beat, journal=self._journal)

    def _guard(
        self,
        node: Node,
        reconciler: Reconciler,
        *,
        ground: Ground,
        stack: contextlib.AsyncExitStack,
    ) -> None:
        """Have the trader watched over where time runs by itself."""
        venue = ground.venue
        self._guards = Guards(
            node,
            _trader(node),
            reconciler,
            rule=self._config.guards,
            countdown=venue.countdown if isinstance(venue, BinanceUsdm) else None,
            ask_status=ground.ask_status,
            breakers=venue.breakers,
            judge_key=ground.judge_key,
        )
        if isinstance(ground.clock, RunningClock):
            self._guards.start(stack)

    def _leave_nothing(self, node: Node) -> None:
        """Cancel what rests when a run ends in any other way than in order."""
        if node.trader is not None and not self._is_canceled:
            node.trader.cancel_without_journal()

    async def _unless_stopped(self, work: Coroutine[None, None, Reconciler]) -> Reconciler:
        """Do the work, or give it up when the run is told to end meanwhile."""
        task = asyncio.get_running_loop().create_task(work)
        await asyncio.wait((task, self._stop), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        if self._failure is not None:
            raise self._failure
        raise asyncio.CancelledError(self._stop.result())

    def _writer(self, clock: AnyClock) -> Callable[..., Journal]:
        loop = asyncio.get_running_loop()
        if self._config.performance.busy_poll:
            self._poll = BusyPoll(loop)
        post = loop.call_soon_threadsafe if self._poll is None else self._poll.post

        def make(store: SqliteStore, on_durable: Callable[[int], None]) -> Journal:
            return ThreadWriter(
                store,
                clock,
                account=AccountId(self._config.account),
                durable_callback=on_durable,
                post=post,
                failed_callback=self.fail,
            )

        return make

    async def _watch(
        self,
        node: Node,
        reconciler: Reconciler,
        *,
        stack: contextlib.AsyncExitStack,
        plain: bool,
        show: bool,
    ) -> None:
        """Let commands in and start the view."""
        trader = _trader(node)
        trader.cast.on_lost_key = self._lose_key
        self._control = Control(
            trader,
            recorder=node.recorder,
            clock=node.clock,
            stop=self.stop,
            release=reconciler.release,
        )
        if self._options.duration_ns is not None:
            node.clock.call_at(
                node.clock.now_ns() + self._options.duration_ns,
                lambda: self.stop("the time asked for is over"),
            )
        view: Child | None = None
        if show:
            view = await start_view(Path(node.path), plain=plain)
            stack.push_async_callback(view.end)
        sweeper = stack.enter_context(frozen_heap())
        pipe = view.pipe if view else None
        watching = Watching(node, trader, pipe=pipe, sweep=sweeper.sweep)
        watching.start()
        stack.callback(watching.close)
        if self._poll is not None:
            self._poll.start(waits=lambda: not node.recorder.is_idle)
            stack.callback(self._poll.close)

    async def _run(self, node: Node, reconciler: Reconciler) -> None:
        """Wait for the end, cancel what rests, compare once more, write the last records."""
        trader = _trader(node)
        reason = await self._stop
        if isinstance(self._failure, JournalError):
            raise self._failure
        trader.begin_stop(reason)
        if not self._is_gone:
            quiet = asyncio.get_running_loop().create_task(trader.quiet())
            await self._first_of(quiet, self._hurry)
        if self._failure is None and not self._hurry.done():
            reconciler.request("stop")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(reconciler.finish(), COMPARED_WITHIN_S)
        if self._guards is not None:
            await self._guards.finish()
        trader.end(reason)
        self._control = None
        await self._first_of(asyncio.ensure_future(node.recorder.settled()))
        self._is_canceled = trader.is_quiet
        if self._failure is not None:
            raise self._failure

    async def _first_of(self, work: asyncio.Task[None], *others: asyncio.Future[None]) -> None:
        """Wait for some work, but neither for ever nor beyond a failure that comes now."""
        enders = [work, *others] if self._failed.done() else [work, self._failed, *others]
        await asyncio.wait(
            enders, timeout=CANCELED_WITHIN_S, return_when=asyncio.FIRST_COMPLETED
        )
        work.cancel()


def _trader(node: Node) -> Trader:
    assert node.trader is not None
    return node.trader
