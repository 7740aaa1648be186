"""The floor joins the matching core with time, streams and waiting answers.

Every emission of the core passes here, in its order; the answer to a request comes before the
account events that it caused, unless a fault turns that round.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from holdfast.simexchange.chronicle import Chronicle
from holdfast.simexchange.everystream import EveryStream
from holdfast.simexchange.faults import Armed, FaultKind, Faults, Scene
from holdfast.simexchange.faults.acts import perform
from holdfast.simexchange.faults.at_market import MarketFaults
from holdfast.simexchange.futures.model import FuturesEvent, Liquidated
from holdfast.simexchange.futures.requests import (
    FuturesDone,
    FuturesEmission,
    FuturesTicket,
)
from holdfast.simexchange.listed import Listed
from holdfast.simexchange.model import (
    NEVER_NS,
    AccountEvent,
    Emission,
    OrderUpdate,
    Published,
    Record,
    Ticket,
    TicketDone,
)
from holdfast.simexchange.streams import MarketStreams
from holdfast.simexchange.timetable import Timetable
from holdfast.simexchange.usdm.state import UsdmState
from holdfast.simexchange.userdata import UserStreams

if TYPE_CHECKING:
    from holdfast.simexchange.desk import Desk
    from holdfast.simexchange.exchange import Exchange
    from holdfast.simexchange.pacing import MarketClock, Pacer
    from holdfast.simexchange.port import Port

AnyTicket: TypeAlias = Ticket | FuturesTicket


class Floor:
    """One running venue."""

    def __init__(
        self, exchange: "Exchange", clock: "MarketClock", pacer: "Pacer", *, faults: Faults
    ) -> None:
        self.exchange = exchange
        self.clock = clock
        self.pacer = pacer
        self.faults = faults
        self.spot_symbols = Listed(exchange.symbols, is_linear=False)
        self.spot = MarketStreams(
            exchange, clock, on_change=self._on_listeners, symbols=self.spot_symbols
        )
        self.usdm = UsdmState(exchange, clock, on_change=self._on_listeners)
        self.streams = EveryStream([self.spot, self.usdm.streams])
        self.timetable = Timetable(clock, is_moving=lambda: self.is_moving)
        self.market_faults = MarketFaults(self)
        self.chronicle = Chronicle(clock.now_ns)
        self.users = UserStreams(
            clock, faults=faults, timetable=self.timetable, chronicle=self.chronicle
        )
        self.record_count = 0
        self.has_ended = False
        self.desks: list[Desk] = []
        self.on_first_fill: Callable[[str, bool], None] = _ignore
        self.is_full = False
        self.is_in_maintenance = False
        self.port: Port | None = None
        self.tasks: list[asyncio.Task[None]] = []
        self.expire_keys: Callable[[str | None], int] | None = self.usdm.listen_keys.expire
        self._replies: dict[int, Callable[[Any], None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._listened = asyncio.Event()
        self._afterwards: list[Callable[[], None]] = []
        self._early: list[Armed] | None = []
        faults.bind(
            start_ns=clock.start_ns,
            now_ns=clock.now_ns,
            lasting_now_ns=clock.limits_now_ns,
            on_timed=self._await_fault,
        )

    @property
    def is_moving(self) -> bool:
        """Tell whether market time moves by itself or by pongs."""
        if self.has_ended or not self.clock.has_begun:
            return False
        return self.clock.speed is not None or self.streams.has_listeners

    def afterwards(self, act: Callable[[], None]) -> None:
        """Do something when what is being delivered has been."""
        self._afterwards.append(act)

    async def listened(self) -> None:
        """Wait until market time may move."""
        while not self.is_moving:
            self._listened.clear()
            await self._listened.wait()

    def submit(self, start: Callable[[], AnyTicket], done: Callable[[Any], None]) -> None:
        """Hand a request to the core and call `done` when its ticket is."""
        ticket = start()
        if ticket.done:
            done(ticket)
            return
        self._replies[ticket.ticket_id] = done
        self.work_off()

    def work_off(self) -> None:
        """Let the core do what is due; at once everything that waits while time stands."""
        self.deliver(self.exchange.advance(self.clock.now_ns()))
        if not self.is_moving:
            self.deliver(self.exchange.flush())
            return
        due_ns = self.exchange.next_due_ns
        if self.clock.speed is not None and due_ns < NEVER_NS:
            if self._timer is not None:
                self._timer.cancel()
            delay_s = self.clock.seconds_until(due_ns)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self.work_off)

    def move_to(self, now_ns: int) -> None:
        """Move market time at speed max and do what became due."""
        self.clock.move_to(now_ns)
        if now_ns >= self.timetable.next_ns:
            self.timetable.run(now_ns)
        self.deliver(self.exchange.advance(now_ns))

    def play(self, record: Record) -> None:
        """Bring one record of the market to everybody."""
        self.clock.move_to(record.at_ns)
        if record.at_ns >= self.timetable.next_ns:
            self.timetable.run(record.at_ns)
        self.deliver(self.exchange.advance(record.at_ns))
        caused = self.exchange.absorb(record)
        self.record_count += 1
        if self.streams.hears(record.symbol):
            self._publish(record)
        if caused:
            self.deliver(caused)

    def end(self) -> None:
        """Say that the recording is over; the market stays as it is."""
        self.has_ended = True
        self.work_off()
        self._note_movement()
        self.timetable.moved()
        self.streams.announce(b"end:%d" % self.clock.now_ns())

    def deliver(self, emissions: Iterable[Emission | FuturesEmission]) -> None:
        """Send what happened to whom it concerns."""
        events: list[AccountEvent | FuturesEvent] = []
        for emission in emissions:
            if isinstance(emission, AccountEvent | FuturesEvent):
                events.append(emission)
            elif isinstance(emission, TicketDone | FuturesDone):
                self._answer(emission.ticket, events)
            elif isinstance(emission, Published):
                self._release(events)
                self._publish(emission.record)
            elif isinstance(emission, Liquidated):
                self._release(events)
                self.usdm.streams.publish_forced(emission.forced)
        self._release(events)
        while self._afterwards:
            self._afterwards.pop(0)()

    def _answer(self, ticket: AnyTicket, events: list[AccountEvent | FuturesEvent]) -> None:
        done = self._replies.pop(ticket.ticket_id, None)
        if events and self.faults.on_reply:
            scene = Scene(account=ticket.account)
            if self.faults.strikes(FaultKind.EVENT_BEFORE_ACK, scene):
                self._release(events)
        if done is not None:
            done(ticket)
        self._release(events)

    def _release(self, events: list[AccountEvent | FuturesEvent]) -> None:
        for event in events:
            fact = event.event
            if isinstance(event, FuturesEvent):
                self.usdm.history.note(event.account, event.event)
            self.users.publish(event.account, fact)
            if not isinstance(fact, OrderUpdate) or fact.trade is None:
                continue
            if fact.trade.quantity == fact.order.cum_quantity:
                self.on_first_fill(event.account, fact.trade.is_maker)
        events.clear()

    def _publish(self, record: Record) -> None:
        if self.faults.on_market:
            self.market_faults.publish(record)
            return
        self.streams.publish(record)

    def opened(self) -> None:
        """Say that clients may come; what was due before happens now."""
        early, self._early = self._early or [], None
        for armed in early:
            self._await_fault(armed)

    def _await_fault(self, armed: Armed) -> None:
        """Let a fault happen at its time, and again as often as it may."""
        if self._early is not None:
            self._early.append(armed)
            return

        def happen() -> None:
            if self.faults.strike_timed(armed):
                perform(self, armed.entry)
            if armed.is_removed or armed.is_spent or not armed.every_ns:
                return
            due_ns = self.clock.now_ns() + armed.every_ns
            if not armed.until_ns or due_ns < armed.until_ns:
                self.timetable.at(due_ns, happen)

        if armed.from_ns <= self.clock.now_ns():
            asyncio.get_running_loop().call_soon(happen)
        else:
            self.timetable.at(armed.from_ns, happen)

    def _on_listeners(self) -> None:
        if self.streams.has_listeners:
            self.clock.begin()
        self._note_movement()
        self.timetable.moved()
        if self.is_moving:
            self._listened.set()
        elif self._replies:
            asyncio.get_running_loop().call_soon(self.work_off)

    def _note_movement(self) -> None:
        runs_by_itself = self.clock.speed is not None and self.clock.has_begun
        self.clock.set_moving(self.is_moving or runs_by_itself)


def _ignore(_account: str, _is_maker: bool, /) -> None:
    pass
