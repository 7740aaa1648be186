"""The life of an order, steps 1 to 6; no other file knows how the stages follow each other.

Everything here runs on one thread without waiting. A segment ends at the journal: what waits
for durability goes on in `Recorder.on_durable`. Steps 7 and 8 are `settlement.py`.
"""

from collections.abc import Callable
from functools import partial

from holdfast.decision.host import Answer, Hosted
from holdfast.decision.sizing import QUOTE, CancelWish, size
from holdfast.decision.view import PositionView
from holdfast.domain import events as ev
from holdfast.domain.approval import Accepted, Approved, Refused
from holdfast.domain.ids import (
    ClientOrderId,
    Epoch,
    IntentId,
    StrategyId,
    Symbol,
)
from holdfast.domain.instant import Clock
from holdfast.domain.intent import Buy, Intent, Protect, Sell, SizedIntent
from holdfast.domain.market import (
    BookTop,
    DepthDiff,
    DepthSnapshot,
    MarketEvent,
    TradePrint,
)
from holdfast.domain.money import amount_text
from holdfast.domain.order import NewOrder, PositionSide
from holdfast.domain.submission import Withheld, WithheldReason
from holdfast.domain.venue import CancelOrder
from holdfast.errors import StrategyFailed
from holdfast.execution.cancel import cancel_of, cancelable
from holdfast.execution.children import Origin, children
from holdfast.gateway.gateway import Gateway
from holdfast.market.bars import Bars
from holdfast.market.feed import Invalid
from holdfast.risk.gate import Gates, review_intent, review_order, worst_price
from holdfast.risk.refusals import Refusals
from holdfast.risk.reservation import reserve_order
from holdfast.risk.view import Desk, View
from holdfast.runtime.lane import Lane, Stopless
from holdfast.runtime.latency import Latency
from holdfast.runtime.order_events import (
    accepted_event,
    approved_event,
    market_reference,
    not_sent,
)
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.state import State
from holdfast.runtime.working import Working

_NOT_LOOKED_AT = PositionView(Symbol(""))


def _tell_nobody(_: str) -> None:
    """Say nothing; stands where nobody listens."""


class Pipeline:
    """Carries market messages to orders; one for an account and all of its strategies.

    `snapshot` has a depth snapshot fetched. `stops` keeps protective
    stops. Times in `latency` run from a message to its
    order's bytes. What is canceled while its intent is on its way to disk never leaves.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        recorder: Recorder,
        state: State,
        desk: Desk,
        gates: Gates,
        gateway: Gateway,
        snapshot: Callable[[Symbol], None],
        before_send: bool = True,
    ) -> None:
        self.lanes: dict[Symbol, Lane] = {}
        self.latency = Latency()
        self.refusals = Refusals()
        self.working = Working(state.account)
        self._clock = clock
        self._monotonic_ns = clock.monotonic_ns
        self._tops = desk.tops
        self._recorder = recorder
        self._state = state
        self.desk = desk
        self._gates = gates
        self._gateway = gateway
        self._snapshot = snapshot
        self._before_send = before_send
        self.tell: Callable[[str], None] = _tell_nobody
        self.stops = Stopless()
        self._unsent: set[ClientOrderId] = set()
        self._began_ns = 0
        self._intents = 0

    def on_market(self, event: MarketEvent) -> None:
        """Steps 1 and 2: update the symbol's market and show it to the strategies."""
        self._began_ns = self._monotonic_ns()
        lane = self.lanes[event.symbol]
        feed = lane.feed
        kind = type(event)
        if kind is TradePrint:
            self._on_trade(lane, event)  # type: ignore[arg-type]
            return
        if kind is BookTop:
            changed = feed.on_top(event)  # type: ignore[arg-type]
        elif kind is DepthDiff:
            changed = feed.on_diff(event)  # type: ignore[arg-type]
        elif kind is DepthSnapshot:
            changed = feed.on_snapshot(event)  # type: ignore[arg-type]
        else:
            feed.mark = event  # type: ignore[assignment]
            return
        if changed is not None:
            self._show(lane, changed)
        if feed.expects_depth and not feed.sync.is_ready:
            self._resync(lane)

    def lose(self, symbol: Symbol, reason: str) -> None:
        """Learn that a symbol's stream broke."""
        lane = self.lanes[symbol]
        invalid = lane.feed.lose(reason)
        if invalid is not None:
            self._show(lane, invalid)
        self._resync(lane)

    def answer(self, host: Hosted, answer: Answer) -> None:
        """Carry out what a strategy answered; a failure halts it alone."""
        if not answer:
            return
        if isinstance(answer, StrategyFailed):
            self.halt(host, str(answer))
            return
        for intent in answer:
            self._intend(host, self.lanes[intent.symbol], intent)

    def halt(self, host: Hosted, reason: str) -> None:
        """Stop one strategy: an event, its entries canceled, its stops kept."""
        self.tell(f"{reason}; it is halted, the rest goes on")
        self._recorder.decide(ev.StrategyHalted(host.id, reason))
        self.cancel_all(reason="strategy halted", strategy=host.id)

    def cancel_all(
        self,
        *,
        reason: str,
        strategy: StrategyId | None = None,
        including_stops: bool = False,
    ) -> int:
        """Cancel entries and exits, of one strategy or of all; stops only when asked for."""
        orders = cancelable(
            self._state.account, strategy=strategy, including_stops=including_stops
        )
        for order in orders:
            request = order.request
            self.cancel(
                request.strategy, CancelWish(request.symbol, request.client_order_id, reason)
            )
        return len(orders)

    def cancel(self, strategy: StrategyId, wish: CancelWish) -> None:
        """Cancel one order: it acts first and is recorded after."""
        if wish.client_order_id not in self._unsent:
            order = self._state.account.find(wish.client_order_id)
            cancel = (
                CancelOrder(wish.symbol, wish.client_order_id)
                if order is None
                else cancel_of(order)
            )
            if self._gateway.cancel(cancel, epoch=Epoch(self._state.epoch)) is not None:
                return
        self._recorder.decide(
            ev.CancelRequested(wish.client_order_id, strategy, wish.symbol, wish.reason)
        )
        self.working.touch(strategy, wish.symbol)

    def cancel_unrecorded(self) -> None:
        """Cancel what rests when the journal takes nothing any more: cancels act first."""
        for order in cancelable(self._state.account):
            self._gateway.cancel(cancel_of(order), epoch=Epoch(self._state.epoch))

    def position(self, strategy: StrategyId, symbol: Symbol) -> PositionView:
        """Give filled, live and Unknown of a strategy on a symbol."""
        return self.working.view(strategy, symbol, mark=self.lanes[symbol].feed.valuation)

    def side_position(
        self, strategy: StrategyId, symbol: Symbol, *, side: PositionSide
    ) -> PositionView:
        """Give the same of one position side in hedge mode."""
        return self.working.side_view(strategy, symbol, side=side)

    def place(self, strategy: StrategyId, intent: SizedIntent) -> str:
        """Take an intent of the trader's own through both reviews; say why it was refused."""
        lane = self.lanes[intent.symbol]
        view = lane.views.get(strategy)
        if view is None:
            return "its strategy is not in this run"
        refused = self._review(lane.host(strategy), lane, view, intent)
        if refused is None:
            return ""
        return "; ".join(f"{one.gate}: {one.reason}" for one in refused.refusals)

    def refuse(self, strategy: StrategyId, wish: SizedIntent, *, refused: Refused) -> None:
        """Journal and tell a wish that comes to nothing for another reason than a gate's."""
        lane = self.lanes[wish.symbol]
        self._refuse(lane.host(strategy), lane.views[strategy], wish, refused=refused)

    def _on_trade(self, lane: Lane, trade: TradePrint) -> None:
        if not lane.feed.on_trade(trade):
            return
        for bars, host in lane.bars:
            due_at_ns = bars.due_at_ns
            closed = bars.on_trade(trade)
            if closed is not None:
                self.answer(host, host.bar(closed))
            if bars.due_at_ns != due_at_ns:
                self._clock.call_at(bars.due_at_ns, partial(self._close_bar, bars, host))
        for host in lane.tradish:
            self.answer(host, host.trade(trade))

    def _close_bar(self, bars: Bars, host: Hosted) -> None:
        closed = bars.close_due(self._clock.now_ns())
        if closed is not None:
            self.answer(host, host.bar(closed))
            self._recorder.flush()

    def _show(self, lane: Lane, changed: BookTop | Invalid) -> None:
        """Step 2: what changed, to every strategy that looks at it."""
        if not isinstance(changed, Invalid):
            self._tops[changed.symbol] = changed
            for host in lane.bookish:
                answer = host.book(changed)
                if answer:
                    self.answer(host, answer)
        else:
            for host in lane.hosts:
                self.answer(host, host.book_invalid(changed.symbol, changed.reason))

    def _resync(self, lane: Lane) -> None:
        if lane.feed.wants_snapshot(self._clock.now_ns()):
            self._snapshot(lane.feed.symbol)

    def _intend(self, host: Hosted, lane: Lane, intent: Intent) -> None:
        """Step 3, first half: size an intent against filled, live and Unknown."""
        view = lane.views[host.id]
        kind = type(intent)
        if kind is Protect:
            self.stops.keep(host.id, intent)  # type: ignore[arg-type]
            return
        if kind is Buy or kind is Sell:  # says its quantity, whatever else there is
            held = _NOT_LOOKED_AT
        else:
            held = self.position(host.id, lane.feed.symbol)
        for part in size(intent, held, instrument=view.instrument):
            if isinstance(part, CancelWish):
                self.cancel(host.id, part)
            else:
                self._review(host, lane, view, self.stops.make_way(host.id, part))

    def _review(
        self, host: Hosted | None, lane: Lane, view: View, intent: SizedIntent
    ) -> Refused | None:
        """Steps 3 and 4: ask the gates of the whole, make the child, ask those of orders."""
        lane.refresh(view, now_ns=self._clock.now_ns())
        self._intents += 1
        intent_id = IntentId(f"{self._state.epoch}-{self._intents}")
        accepted = review_intent(intent, view, gates=self._gates, intent_id=intent_id)
        if isinstance(accepted, Refused):
            self._refuse(host, view, intent, refused=accepted)
            return accepted
        origin = Origin(
            account=self._state.account.account,
            instrument=view.instrument,
            worst_price=worst_price(intent, view),
            worst=partial(worst_price, view=view),
            reference=market_reference(lane.feed, view),
        )
        leaving = []
        for order in children(accepted, origin, ids=lane.ids):
            approved = review_order(order, view, gates=self._gates, parent=accepted)
            if isinstance(approved, Refused):
                self._refuse(host, view, order, refused=approved)
                return approved
            leaving.append(approved)
        self._commit(host, view, accepted, tuple(leaving))
        return None

    def _commit(
        self, host: Hosted | None, view: View, accepted: Accepted, leaving: tuple[Approved, ...]
    ) -> None:
        """Step 5: the orders go to the journal, and are in force for every later gate."""
        write = self._recorder.write
        held = accepted.reservation
        write(accepted_event(accepted, leaving[0], reserved=amount_text(held.amount)))
        seq = 0
        for approved in leaving:
            order = approved.order
            if approved is not leaving[0]:
                held = reserve_order(order, view.instrument, limits=view.limits)
            seq = write(approved_event(approved, held, instrument=view.instrument))
            self._state.account.approve(
                order, held.asset, amount=held.amount, expires_at_ns=approved.expires_at_ns
            )
        first = leaving[0].order
        self.working.touch(first.strategy, first.symbol)
        if accepted.intent.algorithm == QUOTE:
            self.working.quotes.add(first.client_order_id)
        began_ns = self._began_ns
        if self._before_send:
            self._unsent.update(approved.order.client_order_id for approved in leaving)
            send = partial(self._send, host, leaving, began_ns)
            self._recorder.when_durable(seq, send)
        else:
            self._send(host, leaving, began_ns)

    def _send(self, host: Hosted | None, leaving: tuple[Approved, ...], began_ns: int) -> None:
        """Step 6: the gateway asks again what may have changed, and writes the bytes."""
        withheld: Withheld | None = None
        for approved in leaving:
            client_order_id = approved.order.client_order_id
            self._unsent.discard(client_order_id)
            known = self._state.account.find(client_order_id)
            if known is not None and known.cancel_requested:
                withheld = Withheld(WithheldReason.CANCELED, "before it left")
        if withheld is None:
            withheld = self._write_out(leaving)
        if withheld is None:
            self.latency.add(self._clock.monotonic_ns() - began_ns)
            return
        reason = f"{withheld.reason.value}: {withheld.detail}".rstrip(": ")
        for approved in leaving:
            order = approved.order
            known = self._state.account.find(order.client_order_id)
            event = ev.OrderWithheld(
                order.client_order_id, order.strategy, order.symbol, reason
            )
            self._recorder.decide(event)
            self.working.touch(order.strategy, order.symbol)
            if host is not None:
                self.answer(host, host.order(not_sent(order, reason)))
            if known is not None:
                self.stops.on_order(known)

    def _write_out(self, leaving: tuple[Approved, ...]) -> Withheld | None:
        """Hand one order, one list, or one order with the cancel of another to the gateway."""
        epoch = Epoch(self._state.epoch)
        if len(leaving) > 1:
            return self._gateway.submit_list(leaving, epoch=epoch)
        order = leaving[0].order
        if not order.replaces:
            return self._gateway.submit(leaving[0], epoch=epoch)
        replaced = self._state.account.find(order.replaces)
        cancel = (
            CancelOrder(order.symbol, order.replaces)
            if replaced is None
            else cancel_of(replaced)
        )
        withheld = self._gateway.replace(cancel, leaving[0], epoch=epoch)
        if withheld is None:
            self._recorder.decide(
                ev.CancelRequested(order.replaces, order.strategy, order.symbol, "replaced")
            )
        return withheld

    def _refuse(
        self,
        host: Hosted | None,
        view: View,
        asked: SizedIntent | NewOrder,
        *,
        refused: Refused,
    ) -> None:
        """Journal a refusal with all reasons; equal ones of a second become one, counted."""
        for event in self.refusals.note(
            refused,
            asked,
            strategy=view.strategy,
            instrument=view.instrument,
            now_ns=self._clock.now_ns(),
        ):
            self._recorder.decide(event)
        if host is not None:
            self.answer(host, host.order(not_sent(asked, "refused", refused=refused)))
