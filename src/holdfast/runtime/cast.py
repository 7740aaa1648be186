"""The strategies of a trader, and what each of them is told once it is durable and in force."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from holdfast.decision.host import Hosted
from holdfast.decision.sizing import CancelWish
from holdfast.decision.strategy import History, TradingMode, order_update
from holdfast.domain import events as ev
from holdfast.domain.account import Taken
from holdfast.domain.fill import Fill
from holdfast.domain.ids import ClientOrderId, ExecId, StrategyId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.money import Asset, amount_units
from holdfast.domain.order import LiquiditySide, NewOrder, PositionSide, Side
from holdfast.errors import StrategyFailed
from holdfast.execution.cancel import cancelable
from holdfast.runtime.pipeline import Pipeline
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.settlement import Listener
from holdfast.runtime.state import State
from holdfast.runtime.taken import say_taken, taken_of

if TYPE_CHECKING:
    from holdfast.domain.market import Bar


class Member:
    """A hosted strategy: its source's digest, what warms it, how it joins its lanes."""

    __slots__ = ("bars", "digest", "fills", "host", "intervals_ns", "joins", "mode")

    def __init__(
        self,
        host: Hosted,
        digest: str,
        *,
        fills: Iterable[Fill],
        intervals_ns: tuple[int, ...] = (),
    ) -> None:
        self.host = host
        self.digest = digest
        self.bars: tuple[Bar, ...] = ()
        self.fills = tuple(fills)
        self.intervals_ns = intervals_ns
        self.mode = TradingMode.ACTIVE
        self.joins: list[Callable[[], None]] = []


class Cast(Listener):
    """Tells strategies what became of their orders; `on_doubt` has the venue asked.

    What is found before they begin, by the comparison at the start, comes with their history.
    """

    def __init__(
        self,
        *,
        recorder: Recorder,
        state: State,
        pipeline: Pipeline,
    ) -> None:
        self.members: dict[StrategyId, Member] = {}
        self.on_doubt: Callable[[Symbol, ClientOrderId], None] = _nothing
        self.on_lost_key: Callable[[str], None] = _nothing
        self.on_another: Callable[[str, str], None] = _nothing
        self.is_warming = False
        self._is_running = False
        self._recorder = recorder
        self._state = state
        self._pipeline = pipeline
        self._changed: asyncio.Future[None] | None = None
        self._told = dict(state.account.taken)

    def on_order_changed(self, client_order_id: ClientOrderId, event: ev.Event) -> None:
        """Show an order's new state to its strategy."""
        order = self._state.account.find(client_order_id)
        if order is None:
            return
        host = self._touch(order.request)
        self._pipeline.stops.on_order(order)
        if isinstance(event, ev.CancelRejected) and order.ending:
            return  # its end came first, and has been told
        if host is not None:
            reason = getattr(event, "reason", "") or getattr(event, "message", "")
            self._pipeline.answer(host, host.order(order_update(order, reason=reason)))

    def on_filled(self, event: ev.OrderFilled) -> None:
        """Show a fill, durable and booked, to its strategy."""
        order = self._state.account.find(ClientOrderId(event.client_order_id))
        if order is None:
            return
        host = self._touch(order.request)
        self._pipeline.stops.on_order(order)
        if host is not None:
            self._pipeline.answer(host, host.fill(fill_of(event, self._state)))
            self._pipeline.answer(host, host.order(order_update(order)))
        elif not self._is_running and (member := self.members.get(order.request.strategy)):
            member.fills = (*member.fills, fill_of(event, self._state))

    def on_in_doubt(self, symbol: Symbol, client_order_id: ClientOrderId) -> None:
        """Have the venue asked what became of an order."""
        self.on_doubt(symbol, client_order_id)

    def on_another_instance(self, sign: str, detail: str) -> None:
        """Have new risk blocked while somebody else of ours trades."""
        self.on_another(sign, detail)

    def on_moved(self, symbol: Symbol) -> None:
        """Have the views of a symbol made again: the venue or a stranger moved positions."""
        for strategy in self.members:
            self._pipeline.working.touch(strategy, symbol)
        taken = self._state.account.taken.get(symbol)
        if taken is None or self._told.get(symbol) is taken:
            return
        self._told[symbol] = taken
        say_taken(self._state, self._recorder)
        if self._is_running:
            self._pipeline.stops.look_at_all()
        for strategy, _ in taken.parts:
            for order in cancelable(self._state.account, strategy=strategy, symbol=symbol):
                if not order.cancel_requested:
                    wish = CancelWish(symbol, order.request.client_order_id, "position closed")
                    self._pipeline.cancel(strategy, wish)
        self._tell_taken(taken)

    def _tell_taken(self, taken: Taken) -> None:
        """Show strategies, as fills of no order of theirs, what was taken from them."""
        for strategy, part in taken.parts:
            member = self.members.get(strategy)
            if member is None:
                continue
            fill = taken_of(taken, strategy, part=part, state=self._state)
            if self._is_running:
                self._pipeline.answer(member.host, member.host.fill(fill))
            else:
                member.fills = (*member.fills, fill)

    def on_key_refused(self, message: str) -> None:
        """Have the run ended: no order can be done any more."""
        self.on_lost_key(message)

    def waker(self, strategy: StrategyId) -> Callable[[str, int], None]:
        """Give what wakes a strategy when a timer of its is due."""

        def wake(name: str, at_ns: int) -> None:
            host = self.members[strategy].host
            self._pipeline.answer(host, host.timer(name, at_ns))
            self._recorder.flush()

        return wake

    def start(self) -> None:
        """Begin every strategy, with what it saved when it ran last."""
        self._is_running = True
        for member in self.members.values():
            for join in member.joins:
                join()
        self._pipeline.stops.look_at_all()
        for name, member in self.members.items():
            self._recorder.decide(
                ev.StrategyStarted(name, sorted(member.host.symbols), member.digest)
            )
            saved = self._state.saved.get(name)
            history = History(bars=member.bars, fills=member.fills)
            member.bars, member.fills = (), ()
            self._pipeline.answer(member.host, member.host.start(history, saved=saved))
        self._recorder.flush()
        self.tell_modes()

    def tell_modes(self) -> None:
        """Tell every strategy what the gates let through, where that changed."""
        for name, member in self.members.items() if self._is_running else ():
            mode = TradingMode(self._state.halts.mode(name).value)
            if mode is not member.mode:
                member.mode = mode
                self._pipeline.answer(member.host, member.host.mode(mode))
                self._recorder.flush()

    def stop(self, reason: str) -> None:
        """End every strategy, keep what it wants to remember, and show it nothing any more."""
        for member in self.members.values():
            self._pipeline.answer(member.host, member.host.stop(reason))
        self.save()
        self._is_running = False
        for lane in self._pipeline.lanes.values():
            lane.leave()

    def save(self) -> None:
        """Keep what every strategy wants to remember, where it changed."""
        for name, member in self.members.items():
            saved = member.host.save()
            if isinstance(saved, StrategyFailed):
                self._pipeline.halt(member.host, str(saved))
            elif saved is not None and saved != self._state.saved.get(name):
                self._recorder.decide(ev.StrategySaved(name, saved))

    async def changed(self) -> None:
        """Wait until an order changes."""
        self._changed = asyncio.get_running_loop().create_future()
        await self._changed

    def _touch(self, request: NewOrder) -> Hosted | None:
        """Let the order's views be made again; gives its strategy, if that runs by now."""
        self._pipeline.working.touch(request.strategy, request.symbol)
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)
        member = self.members.get(request.strategy)
        return member.host if member and self._is_running else None


def fill_of(event: ev.OrderFilled, state: State) -> Fill:
    """Give a fill in the units of its instrument."""
    instrument = state.account.instruments[Symbol(event.symbol)]
    return Fill(
        account=state.account.account,
        strategy=StrategyId(event.strategy),
        symbol=instrument.symbol,
        client_order_id=ClientOrderId(event.client_order_id),
        venue_order_id=VenueOrderId(event.venue_order_id),
        exec_id=ExecId(event.exec_id),
        side=Side(event.side),
        position_side=PositionSide(event.position_side),
        last_price=instrument.price(event.last_price),
        last_quantity=instrument.quantity(event.last_quantity),
        fee=amount_units(event.fee),
        fee_asset=Asset(event.fee_asset),
        liquidity_side=LiquiditySide(event.liquidity_side),
        venue_at_ns=UtcNs(event.venue_at_ns),
        received_at_ns=UtcNs(event.received_at_ns),
    )


def _nothing(*_: object) -> None:
    """Do nothing; stands where nobody listens yet."""
