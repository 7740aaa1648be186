"""One trader: the sinks that a venue talks to, and the acts of its life in their order.

Open, trade, stop. It starts blocked; the venue and the journal have to agree before new risk is
taken, and again after every connect. What it does between is the pipeline's and settlement's.
"""

import asyncio
from collections.abc import Callable

from holdfast.decision.host import Hosted
from holdfast.decision.strategy import History, order_update
from holdfast.domain import events as ev
from holdfast.domain.fill import Fill
from holdfast.domain.ids import (
    AccountId,
    ClientOrderId,
    ExecId,
    StrategyId,
    Symbol,
    VenueOrderId,
)
from holdfast.domain.instant import Clock, UtcNs
from holdfast.domain.market import MarketEvent
from holdfast.domain.money import Asset, amount_text, amount_units
from holdfast.domain.order import LiquiditySide, NewOrder, PositionSide, Purpose, Side
from holdfast.domain.submission import Submission
from holdfast.domain.venue import (
    BalanceReport,
    CancelAnswer,
    CancelOrder,
    OrderReport,
    Pingable,
)
from holdfast.errors import HoldfastError, StrategyFailed
from holdfast.risk.halt import UNRECONCILED
from holdfast.runtime.marks import Marks
from holdfast.runtime.pacing import Pacer
from holdfast.runtime.pipeline import Pipeline
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.settlement import Listener, Settlement
from holdfast.runtime.state import STATE_FORM, State


class Trader(Listener):
    """Joins pipeline and settlement; implements the market, account and order sinks.

    `flush` makes what was put durable in due time; it ends every segment.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        recorder: Recorder,
        state: State,
        pipeline: Pipeline,
        marks: Marks,
        flush: Callable[[], None],
    ) -> None:
        self.hosts: list[Hosted] = []
        self.joins: list[Callable[[], None]] = []
        self.digests: dict[StrategyId, str] = {}
        self.pipeline = pipeline
        self.state = state
        self.marks = marks
        self.failed: HoldfastError | None = None
        self.pacer: Pacer | None = None
        self.on_connected: Callable[[], None] = _nothing
        self.on_first_marks: Callable[[], None] = _nothing
        self.on_doubt: Callable[[Symbol, ClientOrderId], None] = _nothing
        self.is_opened = False
        self._changed: asyncio.Future[None] | None = None
        self._clock = clock
        self._recorder = recorder
        self._flush = flush
        self.settlement = Settlement(
            recorder=recorder, state=state, clock=clock, listener=self, fee_rate=marks.price
        )

    # The market sink.

    def on_market(self, event: MarketEvent) -> None:
        """Take one decoded message."""
        self.pipeline.on_market(event)

    def on_book_invalid(self, symbol: Symbol, reason: str) -> None:
        """Learn that a stream broke."""
        self.pipeline.lose(symbol, reason)
        self._flush()

    def on_frame_end(self) -> None:
        """Learn that a frame is done: the journal's writer is woken."""
        if not self.is_opened and self.marks.are_known:
            self.on_first_marks()
        self._flush()

    def on_ping(self, connection: Pingable, payload: bytes) -> None:
        """Take a ping; in paper mode it carries the time."""
        if self.pacer is None:
            connection.pong(payload)
        else:
            self.pacer.on_ping(connection, payload)

    # The account and order sinks.

    def on_report(self, report: OrderReport) -> None:
        """Take one report of the user stream."""
        self.settlement.on_report(report)

    def on_account_connected(self) -> None:
        """Learn that the user stream is up: the venue has to be compared with the journal."""
        self.on_connected()

    def on_account_lost(self, reason: str) -> None:
        """Learn that the user stream is gone: no new risk from here."""
        self.state.halts.block(UNRECONCILED, reason)

    def on_submission(self, client_order_id: ClientOrderId, answer: Submission) -> None:
        """Take the answer to a submission."""
        self.settlement.on_submission(client_order_id, answer)
        self._flush()

    def on_cancel(self, cancel: CancelOrder, answer: CancelAnswer) -> None:
        """Take the answer to a cancel."""
        self.settlement.on_cancel(cancel, answer)
        self._flush()

    # What became of orders, once it is in force.

    def on_order_changed(self, client_order_id: ClientOrderId, event: ev.Event) -> None:
        """Show an order's new state to its strategy."""
        order = self.state.account.find(client_order_id)
        if order is None:
            return
        request = order.request
        self._touch(request)
        host = self._host(request.strategy)
        if host is not None:
            reason = getattr(event, "reason", "") or getattr(event, "message", "")
            self.pipeline.answer(host, host.order(order_update(order, reason=reason)))

    def on_filled(self, event: ev.OrderFilled) -> None:
        """Show a fill, durable and booked, to its strategy."""
        order = self.state.account.find(ClientOrderId(event.client_order_id))
        if order is None:
            return
        request = order.request
        self._touch(request)
        host = self._host(request.strategy)
        if host is not None:
            self.pipeline.answer(host, host.fill(fill_of(event, self.state)))
            self.pipeline.answer(host, host.order(order_update(order)))

    def on_in_doubt(self, symbol: Symbol, client_order_id: ClientOrderId) -> None:
        """Have the venue asked what became of an order."""
        self.on_doubt(symbol, client_order_id)

    def on_timer(self, strategy: StrategyId, name: str, at_ns: int) -> None:
        """Wake a strategy."""
        host = self._host(strategy)
        if host is not None:
            self.pipeline.answer(host, host.timer(name, at_ns))
            self._flush()

    # The acts of a run.

    def open_balances(self, balances: list[BalanceReport], *, source: str) -> None:
        """Write the opening balances of the assets that are traded, at their first marks."""
        instruments = self.state.account.instruments.values()
        quotes = sorted({i.quote for i in instruments})
        traded = {a for i in instruments for a in (i.base, i.quote)}
        for balance in sorted(balances, key=lambda b: b.asset):
            if balance.asset not in traded or not balance.total:
                continue
            currency = balance.asset if balance.asset in quotes else quotes[0]
            for quote in quotes:
                if self.marks.price(balance.asset, quote):
                    currency = Asset(quote)
                    break
            mark = self.marks.price(balance.asset, currency)
            self._recorder.decide(
                ev.BalanceOpened(
                    balance.asset, amount_text(balance.total), mark or "0", currency, source
                )
            )
        self.marks.keep_recording()
        self.is_opened = True

    def start_strategies(self) -> None:
        """Begin every strategy, with what it saved when it ran last."""
        for join in self.joins:
            join()
        for host in self.hosts:
            self._recorder.decide(
                ev.StrategyStarted(host.id, sorted(host.symbols), self.digests.get(host.id, ""))
            )
            saved = self.state.saved.get(host.id)
            self.pipeline.answer(host, host.start(History(), saved=saved))
        self._flush()

    def resume(self) -> None:
        """Go on with the balances of the journal."""
        self.marks.keep_recording()
        self.is_opened = True

    def cancel_all(self, *, reason: str, including_stops: bool = False) -> int:
        """Cancel every resting entry and exit of every strategy; stops only when asked for."""
        strategies = {h.order.request.strategy for h in self.state.account.orders.values()}
        return sum(
            self.pipeline.cancel_orders(
                strategy, symbol, reason=reason, including_stops=including_stops
            )
            for strategy in sorted(strategies)
            for symbol in self.pipeline.lanes
        )

    def cancel_without_journal(self) -> None:
        """Cancel what rests when nothing can be recorded any more: cancels act first."""
        for held in list(self.state.account.orders.values()):
            if held.order.request.purpose is not Purpose.PROTECTIVE:
                self.pipeline.cancel_unrecorded(held.order)

    def begin_stop(self, reason: str) -> None:
        """Stop the strategies and cancel what rests."""
        self.state.halts.block("stopping", reason)
        for host in self.hosts:
            answer = host.stop(reason)
            self.pipeline.answer(host, answer)
            saved = host.save()
            if isinstance(saved, bytes):
                self._recorder.decide(ev.StrategySaved(host.id, saved))
            elif isinstance(saved, StrategyFailed):
                self.pipeline.halt(host, str(saved))
        self.cancel_all(reason=reason)
        self._flush()

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing rests and nothing waits for disk; stops may rest."""
        account = self.state.account
        return self._recorder.is_idle and all(
            held.order.request.purpose is Purpose.PROTECTIVE for held in account.orders.values()
        )

    async def quiet(self) -> None:
        """Wait until nothing rests any more."""
        while not self.is_quiet:
            self._changed = asyncio.get_running_loop().create_future()
            await self._changed

    def end(self, reason: str) -> str:
        """Write the last marks, counts and the barrier; gives the state hash."""
        for event in self.pipeline.refusals.close():
            self._recorder.decide(event)
        self.marks.record()
        self._recorder.decide(ev.RunEnded(reason))
        state_hash = self.state.digest()
        self._recorder.decide(ev.BarrierPassed(STATE_FORM, state_hash))
        self._flush()
        return state_hash

    def _touch(self, request: NewOrder) -> None:
        self.pipeline.working.touch(request.strategy, request.symbol)
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    def _host(self, strategy: str) -> Hosted | None:
        return next((host for host in self.hosts if host.id == strategy), None)


def fill_of(event: ev.OrderFilled, state: State) -> Fill:
    """Give a fill in the units of its instrument."""
    instrument = state.account.instruments[Symbol(event.symbol)]
    return Fill(
        account=AccountId(state.account.account),
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
