"""Executions that the venue tells of, attributed by their venue order id, each booked once."""

from collections.abc import Callable, Collection

from holdfast.domain import events as ev
from holdfast.domain.account import Account
from holdfast.domain.ids import UNATTRIBUTED, ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instrument import Instrument
from holdfast.domain.order import NewOrder, Order, Origin
from holdfast.domain.venue import Execution, OrderReport, TradeReport
from holdfast.execution.fill_events import filled, foreign_fill

FeeValue = Callable[[Instrument, Execution], tuple[str, str]]


class Executions:
    """Makes the events of executions that an account has not booked, and books them on paper.

    `after` is the account's balances and positions as they will be when the events are applied;
    the account itself is not touched.
    """

    def __init__(
        self, account: Account, *, fee_value: FeeValue, beginning: Collection[Symbol] = ()
    ) -> None:
        self._beginning = beginning
        self.after = Account(account.account)
        self.after.instruments = account.instruments
        self.after.balances = dict(account.balances)
        self.after.symbol_positions = dict(account.symbol_positions)
        self.after.contracts = account.contracts.copy()
        self._account = account
        self._fee_value = fee_value
        self._requests: dict[tuple[Symbol, VenueOrderId], NewOrder] = {}
        self._quantities: dict[ClientOrderId, int] = {}
        self._booked: set[tuple[Symbol, ExecId]] = set()
        self._origins: dict[tuple[str, str], str] = dict(account.foreign_orders)
        self._unread = reversed(account.closed.values())
        for held in account.orders.values():
            self.know(held.order.venue_order_id, held.order.request, order=held.order)

    def know(
        self, venue_order_id: VenueOrderId, request: NewOrder, *, order: Order | None = None
    ) -> None:
        """Learn which order of ours a venue order id is."""
        if venue_order_id:
            self._requests[request.symbol, venue_order_id] = request
        self._quantities.setdefault(
            request.client_order_id, order.cum_quantity if order is not None else 0
        )
        for exec_id in order.executions if order is not None else ():
            self._booked.add((request.symbol, exec_id))

    def know_foreign(self, report: OrderReport) -> None:
        """Learn who made an order that is not ours."""
        self._origins[report.symbol, report.venue_order_id] = report.origin.value

    def is_unclaimed(self, trade: TradeReport) -> bool:
        """Tell whether an execution is of an order that nobody has shown yet.

        It may be of one that is on its way here, so it is nobody's until its order is known.
        """
        key = (trade.symbol, trade.venue_order_id)
        seen = self._account.foreign_execs.get(trade.symbol, ())
        return not (
            key in self._origins
            or trade.symbol in self._beginning
            or trade.execution.exec_id in seen
            or self._find(trade) is not None
        )

    def knows(self, client_order_id: ClientOrderId) -> bool:
        """Tell whether an order is ours."""
        return client_order_id in self._quantities

    def cum_quantity(self, client_order_id: ClientOrderId) -> int:
        """Give what will be booked of an order of ours."""
        return self._quantities.get(client_order_id, 0)

    def book(self, trade: TradeReport) -> ev.OrderFilled | ev.ForeignFillSeen | None:
        """Give the event of an execution; None when it is booked or may be older than we."""
        request = self._find(trade)
        key = (trade.symbol, trade.execution.exec_id)
        if key in self._booked:
            return None
        if request is None:
            seen = self._account.foreign_execs.get(trade.symbol, ())
            if trade.execution.exec_id in seen or trade.symbol in self._beginning:
                return None
            foreign = self._foreign(trade)
            self.after.book(UNATTRIBUTED, foreign)
            self._booked.add(key)
            return foreign
        event = self._filled(trade, request)
        self.after.book(request.strategy, event)
        self._booked.add(key)
        return event

    def _find(self, trade: TradeReport) -> NewOrder | None:
        """Find the order of an execution, reading closed ones from the latest back."""
        key = (trade.symbol, trade.venue_order_id)
        while key not in self._requests:
            held = next(self._unread, None)
            if held is None:
                return None
            self.know(held.order.venue_order_id, held.order.request, order=held.order)
        return self._requests[key]

    def _filled(self, trade: TradeReport, request: NewOrder) -> ev.OrderFilled:
        instrument, execution = self._account.instruments[trade.symbol], trade.execution
        cum_quantity = self.cum_quantity(request.client_order_id) + execution.last_quantity
        self._quantities[request.client_order_id] = cum_quantity
        return filled(
            request,
            execution,
            instrument=instrument,
            venue_order_id=trade.venue_order_id,
            cum_quantity=cum_quantity,
            fee_value=self._fee_value(instrument, execution),
            venue_at_ns=trade.venue_at_ns,
        )

    def _foreign(self, trade: TradeReport) -> ev.ForeignFillSeen:
        instrument, execution = self._account.instruments[trade.symbol], trade.execution
        return foreign_fill(
            execution,
            instrument=instrument,
            side=trade.side,
            venue_order_id=trade.venue_order_id,
            fee_value=self._fee_value(instrument, execution),
            venue_at_ns=trade.venue_at_ns,
            position_side=trade.position_side,
            origin=self._origins.get(
                (trade.symbol, trade.venue_order_id), Origin.REQUEST.value
            ),
        )
