"""A venue that holds the truth of one position and its orders, and a trader that is lied to.

Requests wait until the venue is told to take them, and how it answers. Nothing is ever reported
that is not so, but it may be reported late, or not at all until somebody asks.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from holdfast.domain import events as ev
from holdfast.domain.ids import ClientOrderId, VenueOrderId
from holdfast.domain.instrument import Product
from holdfast.domain.money import QuantityUnits
from holdfast.domain.order import NewOrder, OrderType, Purpose, Side
from holdfast.domain.submission import Acked, Rejected, Unknown
from holdfast.domain.venue import CancelAcked, CancelOrder, CancelRefused, ReportKind
from holdfast.execution import protect
from holdfast.risk.limits import Limits
from holdfast.runtime.config import Config
from tests.unit.runtime.kit import Floor, Watcher

if TYPE_CHECKING:
    from tests.unit.journal.kit import MemoryStore

Step = Callable[[protect.Situation], list[protect.Act]]
UNIT = 10**8
OK, REJECTED, ANSWER_LOST, REQUEST_LOST, TORN = "ok", "no", "answer lost", "lost", "torn"


class Rest(msgspec.Struct):
    """An order at the venue."""

    order: NewOrder
    leaves: int
    is_live: bool = True


class Story:
    """One trader, the truth, and everything that may happen to either."""

    def __init__(self, product: Product, *, extra: int = 0, step: Step = protect.step) -> None:
        self.product = product
        self.extra = extra
        self.step = step
        self.orders: dict[ClientOrderId, Rest] = {}
        self.fills: dict[ClientOrderId, list[tuple[str, int]]] = {}
        self.position = 0
        self.number = 0
        self.bare_since_ns = 0
        self.taken = [0, 0, 0]
        self.inbox: list[NewOrder | CancelOrder | tuple[CancelOrder, NewOrder]] = []
        self.store: MemoryStore | None = None
        self.now_ns = 0
        self.floor = self.start()

    # The trader.

    def start(self) -> Floor:
        """Start a trader on the journal, if there is one."""
        self.watcher = Watcher()
        limits = Limits(
            order_notional="9000000",
            position_notional="9000000",
            account_position_notional="9000000",
            gross_notional="9000000",
            orders_per_10s_count=100_000,
            account_orders_per_10s_count=100_000,
        )
        more = {"start_ns": self.now_ns} if self.now_ns else {}
        floor = Floor(
            config=Config(limits=limits),
            store=self.store,
            product=self.product,
            trend=self.watcher,
            **more,  # type: ignore[arg-type]
        )
        floor.trader.pipeline.stops.step = self.step  # type: ignore[attr-defined]
        self.floor, self.store = floor, floor.store
        self.taken = [0, 0, 0]
        self.inbox.clear()
        base = f"{self.extra}" if self.product is Product.SPOT else "0"
        if self.now_ns:
            floor.see(floor.market.top("100.00", "100.01", quantity="50"))
            floor.trader.resume()
            floor.commit()
            for client_order_id in list(floor.node.state.account.orders):
                self.tell_truth(client_order_id)
            floor.node.state.halts.unblock("not reconciled")
            floor.cast.start()
            floor.commit()
        else:
            floor.open({"USDT": "10000000", "BTC": base})
        self.settle()
        return floor

    def crash(self, *, is_on_disk: bool = True) -> None:
        """Kill the trader: what left is at the venue or never arrives."""
        if is_on_disk:
            self.settle()
        for _ in range(len(self.inbox)):
            self.take(REQUEST_LOST if len(self.inbox) % 2 else ANSWER_LOST, answers=False)
        self.now_ns = self.floor.clock.now_ns() + 10**6
        self.start()

    def wish(self, *intents: object) -> None:
        """Let the strategy wish."""
        self.watcher.wishes = list(intents)  # type: ignore[arg-type]
        self.floor.top()
        self.settle()

    def settle(self) -> None:
        """Let the journal catch up, and collect what left."""
        self.floor.commit()
        entry = self.floor.entry
        for index, sent in enumerate((entry.submitted, entry.canceled, entry.replaced)):
            self.inbox += sent[self.taken[index] :]  # type: ignore[arg-type]
            self.taken[index] = len(sent)
        self.look()

    def wait(self, ms: int) -> None:
        """Let time pass; nothing waits for disk, and no request for an answer, for so long."""
        for _ in range(0, ms, 100):
            while self.inbox:
                self.take(OK)
            self.floor.wait(min(ms, 100) * 10**6)
            self.settle()
        self.floor.top()
        self.settle()

    # The venue.

    def take(self, outcome: str, *, answers: bool = True) -> None:
        """Let the venue take the oldest request."""
        request = self.inbox.pop(0)
        if isinstance(request, NewOrder):
            self._answer(request, self._place(request, outcome), outcome, answers=answers)
        elif isinstance(request, CancelOrder):
            self._answer_cancel(request, outcome, answers=answers)
        else:
            self._replace(*request, outcome=outcome, answers=answers)
        if answers:
            self.settle()

    def _place(self, order: NewOrder, outcome: str) -> bool:
        if outcome in (REJECTED, REQUEST_LOST, TORN):
            return False
        is_sell = order.side is Side.SELL
        if is_sell and self.product is Product.SPOT:
            locked = sum(r.leaves for r in self.live() if r.order.side is Side.SELL)
            if self.position + self.extra * UNIT - locked < order.quantity:
                return False
        self.orders[order.client_order_id] = Rest(order, order.quantity)
        return True

    def _answer(self, order: NewOrder, is_done: bool, outcome: str, *, answers: bool) -> None:
        client_order_id = order.client_order_id
        if answers:
            if outcome in (ANSWER_LOST, REQUEST_LOST):
                self.floor.entry.answer(client_order_id, Unknown("lost"))
            elif is_done:
                self.floor.entry.answer(client_order_id, Acked(self._id(order)))
            else:
                self.floor.entry.answer(client_order_id, Rejected(-2010, "no"))
            self.floor.commit()
        self._execute(order, is_told=answers and outcome == OK, is_done=is_done)

    def _execute(self, order: NewOrder, *, is_told: bool, is_done: bool) -> None:
        if is_done and order.order_type in (OrderType.MARKET, OrderType.LIMIT):
            rest = self.orders[order.client_order_id]
            self.trade(rest, rest.leaves, is_told=is_told)

    def _answer_cancel(self, cancel: CancelOrder, outcome: str, *, answers: bool) -> None:
        rest = self.orders.get(cancel.client_order_id)
        is_done = outcome not in (REQUEST_LOST, REJECTED, TORN) and rest and rest.is_live
        if is_done and rest is not None:
            rest.is_live = False
        if not answers:
            return
        if outcome in (ANSWER_LOST, REQUEST_LOST):
            self.floor.entry.answer_cancel(cancel, Unknown("lost"))
        elif is_done and rest is not None:
            done = QuantityUnits(rest.order.quantity - rest.leaves)
            self.floor.entry.answer_cancel(cancel, CancelAcked(done))
        else:
            self.floor.entry.answer_cancel(cancel, CancelRefused(-2011, "Unknown order sent."))
            self.settle()
            self.tell_truth(cancel.client_order_id)

    def _replace(
        self, cancel: CancelOrder, order: NewOrder, *, outcome: str, answers: bool
    ) -> None:
        rest = self.orders.get(cancel.client_order_id)
        can = rest is not None and rest.is_live and rest.leaves == rest.order.quantity
        if outcome == REQUEST_LOST or (can and outcome == ANSWER_LOST):
            if can and rest is not None and outcome == ANSWER_LOST:
                rest.is_live = False
                self._execute(order, is_told=False, is_done=self._place(order, OK))
            if answers:
                self.floor.entry.answer_cancel(cancel, Unknown("lost"))
                self.floor.entry.answer(order.client_order_id, Unknown("lost"))
            return
        if not can or rest is None or outcome == REJECTED:
            if answers:
                refused = CancelRefused(-2011, "Unknown order sent.")
                self.floor.entry.answer_cancel(cancel, refused)
                self.floor.entry.answer(order.client_order_id, Rejected(-2022, "no"))
                self.settle()
                self.tell_truth(cancel.client_order_id)
            return
        rest.is_live = False
        if answers:
            self.floor.entry.answer_cancel(cancel, CancelAcked(QuantityUnits(0)))
        self._answer(order, self._place(order, outcome), outcome, answers=answers)

    def trade(self, rest: Rest, quantity: int, *, is_told: bool = True) -> None:
        """Let an order trade at the venue; one that only reduces stops at a flat position."""
        order = rest.order
        if order.side is Side.SELL and self.product is not Product.SPOT:
            quantity = min(quantity, self.position)
        self.position += order.side.sign * quantity
        rest.leaves -= quantity
        if quantity:
            self.number += 1
            rest_id = f"{self.number}"
            self.fills.setdefault(order.client_order_id, []).append((rest_id, quantity))
        if not rest.leaves or order.order_type is OrderType.MARKET:
            rest.is_live = rest.is_live and rest.leaves > 0
        if rest.leaves and (not quantity or order.order_type is OrderType.MARKET):
            rest.is_live = False
        if is_told:
            self.tell_truth(order.client_order_id)

    def tell_truth(self, client_order_id: ClientOrderId) -> None:
        """Report everything about one order, as a query would."""
        floor, account = self.floor, self.floor.node.state.account
        known = account.find(client_order_id)
        if known is None:
            return
        rest = self.orders.get(client_order_id)
        if any(self._names(request, client_order_id) for request in self.inbox):
            return
        if rest is None:
            event = ev.OrderRejected(
                client_order_id, "trend", floor.symbol, 0, "not there", 0, 0, "query"
            )
            floor.trader.settlement._hear(client_order_id, "ended", event)
        else:
            self._report(rest)
        self.settle()

    @staticmethod
    def _names(request: object, client_order_id: ClientOrderId) -> bool:
        order = request[1] if isinstance(request, tuple) else request
        return isinstance(order, NewOrder) and order.client_order_id == client_order_id

    def _report(self, rest: Rest) -> None:
        floor, order = self.floor, rest.order
        text = floor.traded.quantity_text
        cum = order.quantity - rest.leaves
        floor.hear(self._named(floor.report(order, ReportKind.ACKED), order))
        floor.commit()
        for exec_id, quantity in self.fills.get(order.client_order_id, []):
            execution = floor.execution(exec_id, text(quantity), price="100.00")
            report = floor.report(order, ReportKind.FILLED, cum=text(cum), execution=execution)
            floor.hear(self._named(report, order))
            floor.commit()
        if not rest.is_live:
            floor.hear(
                self._named(floor.report(order, ReportKind.CANCELED, cum=text(cum)), order)
            )
            floor.commit()
        else:
            known = floor.node.state.account.find(order.client_order_id)
            if known is not None and known.cancel_requested:
                self.inbox.append(CancelOrder(order.symbol, order.client_order_id))

    def _named(self, report: object, order: NewOrder) -> object:
        return msgspec.structs.replace(report, venue_order_id=self._id(order))  # type: ignore[type-var]

    def _id(self, order: NewOrder) -> VenueOrderId:
        return VenueOrderId(f"V{order.client_order_id}")

    def live(self) -> list[Rest]:
        """Give what rests."""
        return [rest for rest in self.orders.values() if rest.is_live and rest.leaves]

    def stops(self) -> list[Rest]:
        """Give the stops that rest."""
        return [r for r in self.live() if r.order.purpose is Purpose.PROTECTIVE]

    # The laws.

    def look(self) -> None:
        """Measure how long a protected position has really had no stop at the venue."""
        is_bare = self.position > 0 and not self.stops() and bool(self.protections)
        now_ns = self.floor.clock.now_ns()
        if not is_bare:
            self.bare_since_ns = 0
        elif not self.bare_since_ns:
            self.bare_since_ns = now_ns

    @property
    def protections(self) -> dict[object, object]:
        """Give what the trader keeps."""
        return self.floor.node.state.account.protections.open  # type: ignore[return-value]

    def check(self) -> None:
        """No position is turned over; no stop is missing for long without an alarm."""
        assert self.position >= 0, "the position was turned over"
        held = self.floor.node.state.account.positions
        assert all(position.quantity >= 0 for position in held.values())
        bare_ns = self.floor.clock.now_ns() - self.bare_since_ns if self.bare_since_ns else 0
        if bare_ns > protect.BOUND_NS + protect.RETRY_NS:
            kept = list(self.protections.values())
            alarmed = any(each.response for each in kept)  # type: ignore[attr-defined]
            believed = any(each.since_ns == 0 for each in kept)  # type: ignore[attr-defined]
            assert alarmed or believed, "nobody noticed that there is no stop"

    def end(self) -> None:
        """Let the venue behave: what is left is one right stop, or nothing at all."""
        for _ in range(40):
            while self.inbox:
                self.take(OK)
            for client_order_id in list(self.floor.node.state.account.orders):
                self.tell_truth(client_order_id)
            self.wait(300)
            self.check()
        if not self.protections:
            assert not self.stops() or self.position, "a stop was left behind"
            return
        assert self.position > 0, "a protection outlived its position"
        stops = self.stops()
        waiting = [rest for rest in stops if rest.leaves == rest.order.quantity]
        assert len(waiting) == 1 or len(stops) == 1, f"{len(stops)} stops for one position"
        assert sum(r.leaves for r in stops) == self.position, "the stops fit no position"
        [protection] = self.protections.values()
        woken = stops[0].leaves < stops[0].order.quantity
        fits = protection.terms.are_of(stops[0].order)  # type: ignore[attr-defined]
        assert fits or woken, "the stop is on other terms"
        assert not protection.since_ns, "a stop that is there counts as missing"  # type: ignore[attr-defined]
