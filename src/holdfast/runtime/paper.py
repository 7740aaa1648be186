"""Paper mode: a trader on real sockets against the simulated exchange, from start to stop.

The exchange is started as a process of its own unless one is named. Whatever ends the run
(data, time, Ctrl-C, a command, a failure), what rests is canceled where the venue can be
reached, and the journal is closed at its head.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from holdfast.domain.ids import AccountId
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Product
from holdfast.errors import (
    CredentialsRefused,
    HoldfastError,
    InvariantBroken,
    JournalError,
    NotFound,
    VenueUnavailable,
)
from holdfast.journal.chain import Head
from holdfast.journal.sqlite import SqliteStore
from holdfast.journal.writer import Journal, ThreadWriter
from holdfast.runtime import random
from holdfast.runtime.clock import PingedClock, RunningClock
from holdfast.runtime.commands import Answer, CommandSocket, Request
from holdfast.runtime.config import Config
from holdfast.runtime.control import Control
from holdfast.runtime.credentials import credentials_of
from holdfast.runtime.network import SocketNetwork
from holdfast.runtime.node import Node, name_journal
from holdfast.runtime.opening import open_trading
from holdfast.runtime.options import RunOptions
from holdfast.runtime.reconciler import Reconciler
from holdfast.runtime.spawn import Child, Ready, start_simulator, start_view
from holdfast.runtime.supervise import describe
from holdfast.runtime.trader import Trader
from holdfast.runtime.watching import Watching
from holdfast.venues.binance.adapter import BinanceSpot, Endpoints, Options

if TYPE_CHECKING:
    from holdfast.domain.ports import HttpAnswer

CANCELED_WITHIN_S = 10.0
COMPARED_WITHIN_S = 5.0
ANSWERED_WITHIN_S = 10.0
_Kind = TypeVar("_Kind")


class SimStatus(msgspec.Struct):
    """What the simulated exchange says of itself."""

    market_time_ns: int
    moving: bool
    symbols: list[str]
    products: dict[str, Product]
    speed: float | str


class SimNotes(msgspec.Struct):
    """What the simulated exchange assumes."""

    notes: list[str]


class PaperRun:
    """One run in paper mode; `trade` does all of it and gives the node for the result."""

    def __init__(
        self, config: Config, options: RunOptions, *, node_of: Callable[..., Node], speed: float
    ) -> None:
        self._config = config
        self._options = options
        self._node_of = node_of
        self._speed = speed
        self._stop: asyncio.Future[str]
        self._hurry: asyncio.Future[None]
        self._failed: asyncio.Future[None]
        self._failure: HoldfastError | None = None
        self._control: Control | None = None
        self._is_canceled = False
        self._is_gone = False

    async def trade(
        self, open_journal: Callable[[], SqliteStore], *, socket: Path, plain: bool, show: bool
    ) -> Node:
        """Trade until something ends the run; a failure of journal or venue is raised.

        The journal is opened once the venue has answered, so that nothing is left behind by a
        run that could not begin.
        """
        self._await_ends()
        async with contextlib.AsyncExitStack() as stack:
            ready = await self._venue(stack)
            network = SocketNetwork(
                on_failure=lambda line: self.fail(InvariantBroken(f"a message: {line}"))
            )
            status = await _ask(network, ready.rest, "/sim/status", SimStatus)
            notes = await _ask(network, ready.rest, "/sim/assumptions", SimNotes)
            symbols = self._symbols(status)
            clock = self._clock(status)
            venue = self._adapter(network, clock, ready)
            store = open_journal()
            stack.callback(store.close)
            commands = CommandSocket(socket, self._command)
            await commands.start()
            stack.push_async_callback(commands.close)
            node = self._node_of(clock=clock, store=store, make_journal=self._writer(clock))
            stack.callback(node.journal.close)
            check_time(store.head(), status.market_time_ns, mode=node.state.mode)
            node.open(
                journal=name_journal(self._config),
                venue="simulated",
                symbols=symbols,
                notes=notes.notes,
            )
            stack.push_async_callback(venue.close)
            stack.callback(self._leave_nothing, node)
            reconciler = await self._unless_stopped(
                open_trading(
                    node,
                    venue,
                    products=status.products,
                    clock=clock,
                    stack=stack,
                    on_end=partial(self.stop, "the data ended"),
                )
            )
            await self._watch(node, reconciler, stack=stack, plain=plain, show=show)
            await self._run(node, reconciler)
            return node

    def _await_ends(self) -> None:
        """Be ready for what may end the run: signals, failures, and errors that stray."""
        loop = asyncio.get_running_loop()
        self._stop = loop.create_future()
        self._hurry = loop.create_future()
        self._failed = loop.create_future()
        loop.set_exception_handler(self._on_stray_error)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop, f"{number.name} received")

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

    def _lose_exchange(self, error: HoldfastError) -> None:
        """End the run at once: nothing rests at an exchange that is gone, and none answers."""
        self._is_gone = True
        self.fail(error)

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

    def _leave_nothing(self, node: Node) -> None:
        """Cancel what rests when a run ends in any other way than in order."""
        if node.trader is not None and not self._is_canceled:
            node.trader.cancel_without_journal()

    async def _venue(self, stack: contextlib.AsyncExitStack) -> Ready:
        """Give the addresses of the exchange that was named, or start one."""
        url = self._config.venue.url.rstrip("/")
        if url:
            host = url.partition("://")[2]
            return Ready(True, url, f"ws://{host}", f"ws://{host}/ws-api/v3")
        child, ready = await start_simulator(
            self._options, seed=self._config.seed, speed=self._speed
        )
        stack.push_async_callback(child.end)
        child.watch(self._lose_exchange)
        return ready

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

    def _clock(self, status: SimStatus) -> PingedClock | RunningClock:
        if status.speed == "max":
            return PingedClock(status.market_time_ns)
        return RunningClock(
            status.market_time_ns, speed=float(status.speed), is_moving=status.moving
        )

    def _writer(self, clock: PingedClock | RunningClock) -> Callable[..., Journal]:
        loop = asyncio.get_running_loop()

        def make(store: SqliteStore, on_durable: Callable[[int], None]) -> Journal:
            return ThreadWriter(
                store,
                clock,
                account=AccountId(self._config.account),
                durable_callback=on_durable,
                post=loop.call_soon_threadsafe,
                failed_callback=self.fail,
            )

        return make

    def _symbols(self, status: SimStatus) -> list[str]:
        wanted = [self._options.symbol] if self._options.symbol else self._config.symbols
        for symbol in wanted:
            if symbol not in status.symbols:
                known = ", ".join(status.symbols)
                raise NotFound(f"symbol '{symbol}' is not at this venue; it has {known}")
        return list(wanted) or status.symbols

    def _adapter(
        self, network: SocketNetwork, clock: PingedClock | RunningClock, ready: Ready
    ) -> BinanceSpot:
        return BinanceSpot(
            network,
            clock,
            endpoints=Endpoints(rest=ready.rest, ws=ready.ws, ws_api=ready.ws_api),
            credentials=credentials_of(self._config.venue),
            account=AccountId(self._config.account),
            jitter=random.seeded(self._config.seed, "reconnect").random,
            options=Options(paper_pings=True, recv_window_ms=self._config.venue.recv_window_ms),
        )

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
        watching = Watching(node, trader, pipe=view.pipe if view else None)
        watching.start()
        stack.callback(watching.close)

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


def check_time(head: Head, market_time_ns: int, *, mode: str) -> None:
    """Refuse to go on where the market's time is before what a paper journal has recorded."""
    if mode == "paper" and market_time_ns < head.recorded_at_ns:
        raise JournalError(
            f"--resume: at this exchange it is {_text(market_time_ns)}, before the "
            f"journal's last record of {_text(head.recorded_at_ns)}, so it is not the "
            "one that the journal traded on; name that one (--venue-url) or begin a new journal"
        )


def _text(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns // NS_PER_S, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _trader(node: Node) -> Trader:
    assert node.trader is not None
    return node.trader


async def _ask(network: SocketNetwork, origin: str, path: str, kind: type[_Kind]) -> _Kind:
    """Ask the simulator something that only a simulator knows."""
    answered: asyncio.Future[HttpAnswer | None] = asyncio.get_running_loop().create_future()
    try:
        connection = await network.http(origin)
        connection.send("GET", path, headers={}, body=b"", on_answer=answered.set_result)
        answer = await asyncio.wait_for(answered, ANSWERED_WITHIN_S)
        connection.close()
    except (OSError, TimeoutError) as error:
        raise VenueUnavailable(f"no simulated exchange answers at {origin} ({error})") from None
    if answer is None or answer.status != HTTPStatus.OK:
        raise VenueUnavailable(
            f"{origin} is no simulated exchange; paper mode needs `holdfast sim serve`"
        )
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.DecodeError as error:
        raise VenueUnavailable(
            f"{origin}{path} cannot be read ({error}); paper mode needs a `holdfast sim serve` "
            "of the same version"
        ) from None
