"""Keeps the protective stops that strategies wish for; `execution/protect.py` says how.

Here the account, the market and the clock become the situation that it is asked about, and what
it answers becomes events and orders. It is asked whenever an order of a protected position
changes, when all strategies have joined, and at the instants that it names.
"""

from typing import TYPE_CHECKING, assert_never

from msgspec.structs import replace

from holdfast.decision.sizing import CancelWish
from holdfast.domain import events as ev
from holdfast.domain.approval import Refusal, Refused
from holdfast.domain.ids import StrategyId
from holdfast.domain.instant import Clock, Timer
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.intent import Protect, SizedIntent
from holdfast.domain.money import AMOUNT_EXPONENT, PriceUnits, QuantityUnits, to_units
from holdfast.domain.order import Order, PositionSide, Purpose, Side, TriggerPrice
from holdfast.domain.protection import Protection, ProtectionKey, StopTerms
from holdfast.execution import protect
from holdfast.execution.protect import Situation
from holdfast.runtime.lane import Stopless
from holdfast.runtime.pipeline import Pipeline
from holdfast.runtime.recorder import Recorder
from holdfast.runtime.state import State
from holdfast.runtime.stop_wishes import NOTHING, objection

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_STEPS = 16
"""How often one change may lead to another act at once; the next change goes on from there."""
INCIDENT = "uncovered"
_FAILURES = ("not_sent", "rejected", "expired")


class Stops(Stopless):
    """Keeps every protection of an account; `step` says what to do."""

    def __init__(
        self, pipeline: Pipeline, *, recorder: Recorder, state: State, clock: Clock
    ) -> None:
        self._pipeline = pipeline
        self._recorder = recorder
        self._state = state
        self._account = state.account
        self._clock = clock
        self._failed_at_ns: dict[ProtectionKey, int] = {}
        self._told: dict[ProtectionKey, str] = {}
        self._refused: dict[ProtectionKey, tuple[StopTerms, str]] = {}
        self._timers: dict[ProtectionKey, Timer] = {}
        self.step: Callable[[Situation], list[protect.Act]] = protect.step
        self._is_on = False
        self._is_stepping = False
        self._changed: dict[ProtectionKey, None] = {}

    def keep(self, strategy: StrategyId, wish: Protect) -> None:
        """Take a strategy's wish for a stop; the same wish again changes nothing."""
        key = (strategy, wish.symbol, wish.position_side)
        known = self._account.protections.open.get(key)
        if not wish.stop_price:
            if known is not None:
                self._give_up(key)
            return
        terms = StopTerms(wish.stop_price, wish.stop_limit_price, wish.trigger_by)
        side = self._closing_side(key)
        if side is None:
            self._refuse(key, Protection(terms, Side.SELL), NOTHING)
            return
        if known is None or (known.terms, known.side) != (terms, side):
            wanted = Protection(terms, side)
            if (against := self._objection(key, wanted)) is not None:
                self._refuse(key, wanted, against)
                return
            self._refused.pop(key, None)
            self._set(key, terms, side=side, reason="asked by the strategy")
        self.look_at(key)

    def _objection(self, key: ProtectionKey, wanted: Protection) -> Refusal | None:
        lane = self._pipeline.lanes[key[1]]
        lane.refresh(view := lane.views[key[0]], now_ns=self._clock.now_ns())
        quantity = self._quantity(key, wanted)
        opening = () if self._size(key) else self._opening(key)
        stop = self._stop(key, wanted, protect.Place(wanted.terms, quantity or 1))
        return objection(stop, view, is_held=quantity > 0, opening=opening)

    def _refuse(self, key: ProtectionKey, wanted: Protection, why: Refusal) -> None:
        """Journal a wish that is refused, and tell it: the strategy always, the user once."""
        if self._refused.get(key) != (wanted.terms, why.reason):
            self._refused[key] = (wanted.terms, why.reason)
            price = self._instrument(key).price_text(wanted.terms.trigger_price)
            stop = f"the stop of {key[1]} at {price}"
            self._pipeline.tell(f"strategy {key[0]}: {stop} is refused: {why.reason}")
        asked = self._stop(key, wanted, protect.Place(wanted.terms, self._size(key)))
        self._pipeline.refuse(key[0], asked, refused=Refused((why,)))

    def make_way(self, strategy: StrategyId, intent: SizedIntent) -> SizedIntent:
        """Let an exit of spot take the place of the stop that holds what it would sell."""
        key = (strategy, intent.symbol, intent.position_side)
        protection = self._account.protections.open.get(key)
        instrument = self._account.instruments[intent.symbol]
        if protection is None or instrument.product is not Product.SPOT:
            return intent
        if intent.side is not protection.side or intent.legs or intent.replaces:
            return intent
        situation = self._situation(key, protection)
        held = sum(order.leaves_quantity for order in situation.orders)
        stop = next(iter(situation.confirmed), None)
        if stop is None or self._size(key) - held >= intent.quantity:
            return intent
        return replace(intent, replaces=stop.request.client_order_id)

    def on_order(self, order: Order) -> None:
        """Learn that an order changed, and with it perhaps the position of its strategy."""
        request = order.request
        for key in list(self._account.protections.open):
            if key[:2] != (request.strategy, request.symbol):
                continue
            if order.ending in _FAILURES and request.purpose is not Purpose.ENTRY:
                self._failed_at_ns[key] = self._clock.now_ns()
            self.look_at(key)

    def look_at_all(self) -> None:
        """Begin, and go on with every protection of the journal: all strategies are there."""
        self._is_on = True
        for key in list(self._account.protections.open):
            self.look_at(key)

    def look_at(self, key: ProtectionKey) -> None:
        """Do what is to be done now; what that changes is looked at before this returns."""
        self._changed[key] = None
        if self._is_stepping or not self._is_on:
            return
        self._is_stepping = True
        try:
            for _ in range(MOST_STEPS):
                if not self._changed:
                    break
                changed = next(iter(self._changed))
                del self._changed[changed]
                self._step(changed)
        finally:
            self._is_stepping = False
        for late in self._changed:
            self._wake(late, self._clock.now_ns() + protect.RETRY_NS)
        self._changed.clear()

    def _step(self, key: ProtectionKey) -> None:
        protection = self._account.protections.open.get(key)
        if protection is None:
            return
        for act in self.step(self._situation(key, protection)):
            self._carry_out(key, protection, act)

    def _carry_out(self, key: ProtectionKey, protection: Protection, act: protect.Act) -> None:
        match act:
            case protect.Place():
                self._send(key, self._stop(key, protection, act))
            case protect.Leave():
                if not protection.response:
                    self._say(key, "the market has passed its stop; what has none is left")
                self._send(key, self._exit(key, protection, act))
            case protect.Drop():
                wish = CancelWish(key[1], act.client_order_id, act.reason)
                self._pipeline.cancel(key[0], wish)
            case protect.Wake():
                self._wake(key, act.at_ns)
            case protect.Retreat():
                against = Refusal("protect", f"{act.reason}; the last terms are back")
                self._refuse(key, protection, against)
                self._set(key, act.terms, side=protection.side, reason=act.reason)
                self._changed[key] = None
            case _:
                self._record(key, act)
                self._changed[key] = None

    def _record(
        self,
        key: ProtectionKey,
        act: protect.Covered | protect.Uncovered | protect.Overdue | protect.Ended,
    ) -> None:
        strategy, symbol, side = key[0], key[1], key[2].value
        decide = self._recorder.decide
        match act:
            case protect.Covered():
                request, price_text = act.order.request, self._instrument(key).price_text
                decide(
                    ev.ProtectionCovered(
                        strategy,
                        symbol,
                        side,
                        request.client_order_id,
                        act.uncovered_ns,
                        price_text(request.trigger_price),
                        price_text(request.price),
                        request.trigger_by.value,
                    )
                )
                self._close_incident(key, "a stop is confirmed")
                self._told.pop(key, None)
            case protect.Uncovered():
                now_ns = self._clock.now_ns()
                decide(ev.ProtectionUncovered(strategy, symbol, side, now_ns, act.reason))
            case protect.Overdue():
                decide(
                    ev.ProtectionOverdue(strategy, symbol, side, act.uncovered_ns, act.response)
                )
                self._open_incident(key, act)
            case protect.Ended():
                decide(ev.ProtectionEnded(strategy, symbol, side, act.uncovered_ns, act.reason))
                self._close_incident(key, act.reason)
                self._failed_at_ns.pop(key, None)
            case _:
                assert_never(act)

    def _send(self, key: ProtectionKey, intent: SizedIntent) -> None:
        refused = self._pipeline.place(key[0], intent)
        if refused:
            self._failed_at_ns[key] = self._clock.now_ns()
            self._changed[key] = None
            self._say(key, f"refused: {refused}")

    def _say(self, key: ProtectionKey, what: str) -> None:
        """Tell the user of a stop; the same only once until one is confirmed."""
        if self._told.get(key) != what:
            self._told[key] = what
            self._pipeline.tell(f"{key[1]}, the stop of {key[0]}: {what}")

    def _wake(self, key: ProtectionKey, at_ns: int) -> None:
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()

        def look() -> None:
            self._timers.pop(key, None)
            self.look_at(key)
            self._recorder.flush()

        self._timers[key] = self._clock.call_at(at_ns, look)

    def _set(self, key: ProtectionKey, terms: StopTerms, *, side: Side, reason: str) -> None:
        price_text = self._instrument(key).price_text
        self._recorder.decide(
            ev.ProtectionSet(
                key[0],
                key[1],
                key[2].value,
                price_text(terms.trigger_price),
                price_text(terms.price),
                terms.trigger_by.value,
                reason,
                side.value,
            )
        )

    def _give_up(self, key: ProtectionKey) -> None:
        """End a protection by its strategy's wish, and cancel what stands for it."""
        protection = self._account.protections.open[key]
        stops = self._situation(key, protection).stops
        since_ns = protection.since_ns
        uncovered_ns = self._clock.now_ns() - since_ns if since_ns else 0
        self._record(key, protect.Ended(uncovered_ns, "asked by the strategy"))
        for order in stops:
            wish = CancelWish(key[1], order.request.client_order_id, "asked by the strategy")
            self._pipeline.cancel(key[0], wish)

    def _open_incident(self, key: ProtectionKey, act: protect.Overdue) -> None:
        ms = act.uncovered_ns // 1_000_000
        reason = f"{key[0]} on {key[1]} has had no stop for {ms} ms; now: {act.response}"
        self._recorder.decide(ev.IncidentOpened(INCIDENT, f"{key[0]} {key[1]}", reason))
        self._pipeline.tell(reason)

    def _close_incident(self, key: ProtectionKey, reason: str) -> None:
        if (INCIDENT, scope := f"{key[0]} {key[1]}") in self._state.incidents:
            self._recorder.decide(ev.IncidentClosed(INCIDENT, scope, reason))

    # What the situation is.

    def _situation(self, key: ProtectionKey, protection: Protection) -> Situation:
        instrument, orders = self._instrument(key), self._orders(key)
        quantity = self._quantity(key, protection)
        is_spot = instrument.product is Product.SPOT
        held = self._account.balances.get(instrument.base, 0) // instrument.base_amount(1)
        closing = [
            order
            for order in orders
            if order.request.purpose is Purpose.PROTECTIVE
            or order.request.side is protection.side
        ]
        return Situation(
            protection=protection,
            quantity=quantity,
            orders=closing,
            can_open=any(
                order.request.side is not protection.side
                and order.request.purpose is not Purpose.PROTECTIVE
                for order in orders
            ),
            is_atomic=is_spot,
            is_guarded=not is_spot or held < 2 * quantity,
            is_through=self._is_through(key, protection.terms, protection.side),
            is_covered_through=protection.covered is not None
            and self._is_through(key, protection.covered, protection.side),
            now_ns=self._clock.now_ns(),
            failed_at_ns=self._failed_at_ns.get(key, 0),
        )

    def _orders(self, key: ProtectionKey) -> list[Order]:
        orders = self._account.working.get(key[:2], {}).values()
        return sorted(
            (order for order in orders if order.request.position_side is key[2]),
            key=lambda order: order.request.client_order_id,
        )

    def _size(self, key: ProtectionKey) -> int:
        position = self._account.positions.get(key)
        return abs(position.quantity) if position is not None else 0

    def _quantity(self, key: ProtectionKey, protection: Protection) -> int:
        """Give what a stop can be for; 0 when it is dust, or turned over."""
        position, instrument = self._account.positions.get(key), self._instrument(key)
        if position is None or position.quantity * protection.side.sign >= 0:
            return 0
        quantity = abs(position.quantity) // instrument.step * instrument.step
        least: int = instrument.smallest_order
        if instrument.product is Product.SPOT:
            each = instrument.notional(protection.terms.trigger_price, 1)
            needed = to_units(instrument.min_notional, AMOUNT_EXPONENT)
            least = max(least, -(-needed // each))
        return quantity if quantity >= least else 0

    def _closing_side(self, key: ProtectionKey) -> Side | None:
        """Give the side of a stop: against the position, or the orders that will open it."""
        position = self._account.positions.get(key)
        if position is not None and position.quantity:
            return Side.SELL if position.quantity > 0 else Side.BUY
        if key[2] is not PositionSide.BOTH:
            return Side.SELL if key[2] is PositionSide.LONG else Side.BUY
        opening = self._opening(key)
        return opening[0].request.side.opposite if opening else None

    def _opening(self, key: ProtectionKey) -> list[Order]:
        return [o for o in self._orders(key) if o.request.purpose is Purpose.ENTRY]

    def _is_through(self, key: ProtectionKey, terms: StopTerms, side: Side) -> bool:
        """Tell whether the market is where a stop on these terms would trigger at once."""
        lane = self._pipeline.lanes.get(key[1])
        if lane is None:
            return False
        feed = lane.feed
        market: int = feed.last_trade.price if feed.last_trade is not None else feed.valuation
        if terms.trigger_by is TriggerPrice.MARK and feed.mark is not None:
            market = feed.mark.mark
        if not market:
            return False
        if side is Side.SELL:
            return market <= terms.trigger_price
        return market >= terms.trigger_price

    def _stop(
        self, key: ProtectionKey, protection: Protection, act: protect.Place
    ) -> SizedIntent:
        return SizedIntent(
            symbol=key[1],
            side=protection.side,
            quantity=QuantityUnits(act.quantity),
            price=act.terms.price,
            purpose=Purpose.PROTECTIVE,
            trigger_price=act.terms.trigger_price,
            trigger_by=act.terms.trigger_by,
            reduce_only=self._only_reduces(key),
            position_side=key[2],
            replaces=act.replaces,
        )

    def _exit(
        self, key: ProtectionKey, protection: Protection, act: protect.Leave
    ) -> SizedIntent:
        instrument = self._instrument(key)
        most = instrument.market_max_quantity or instrument.max_quantity or act.quantity
        return SizedIntent(
            symbol=key[1],
            side=protection.side,
            quantity=QuantityUnits(min(act.quantity, most)),
            price=PriceUnits(0),
            purpose=Purpose.EXIT,
            reduce_only=self._only_reduces(key),
            position_side=key[2],
            replaces=act.replaces,
        )

    def _only_reduces(self, key: ProtectionKey) -> bool:
        is_contract = self._instrument(key).product is not Product.SPOT
        return is_contract and key[2] is PositionSide.BOTH

    def _instrument(self, key: ProtectionKey) -> Instrument:
        return self._account.instruments[key[1]]
