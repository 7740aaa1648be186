"""Where the three protocols of the paper venue meet: one exchange, one clock, the sinks.

A request travels for the latency that the assumptions name, on the clock that everything else
runs by, so a run repeats to the last event. Answers are given from the clock, never from
inside the call that asked.
"""

from collections.abc import Sequence

from holdfast.domain.ids import VenueOrderId
from holdfast.domain.instant import Clock
from holdfast.domain.money import QuantityUnits
from holdfast.domain.order import NewOrder
from holdfast.domain.submission import Acked, Rejected
from holdfast.domain.venue import (
    AccountSink,
    CancelAcked,
    CancelOrder,
    CancelRefused,
    OrderSink,
)
from holdfast.errors import InvariantBroken
from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.model import (
    AccountEvent,
    Canceled,
    CancelRequest,
    Emission,
    OrderUpdate,
    Placed,
    Reject,
    Ticket,
    TicketDone,
)
from holdfast.venues.paper.reports import place_request, report_of


class Floor:
    """One account's way into the simulated exchange, and what comes back to it."""

    def __init__(self, exchange: Exchange, clock: Clock, *, account: str) -> None:
        self.exchange = exchange
        self.clock = clock
        self.account = account
        self.account_sink: AccountSink | None = None
        self.order_sink: OrderSink | None = None
        self._asked: dict[int, NewOrder | CancelOrder] = {}

    def place(self, order: NewOrder) -> None:
        """Let an order travel to the exchange."""
        ticket = self.exchange.place(
            self.account, place_request(order), arrived_ns=self.clock.now_ns()
        )
        self._wait(ticket, order)

    def cancel(self, cancel: CancelOrder) -> None:
        """Let a cancel travel to the exchange."""
        request = CancelRequest(
            symbol=cancel.symbol, original_client_order_id=cancel.client_order_id
        )
        ticket = self.exchange.cancel(self.account, request, arrived_ns=self.clock.now_ns())
        self._wait(ticket, cancel)

    def deliver(self, emissions: Sequence[Emission]) -> None:
        """Hand the account's reports and answers over, in the order in which they happened."""
        account_sink = self.account_sink
        now_ns = self.clock.now_ns()
        for emission in emissions:
            if isinstance(emission, AccountEvent):
                event = emission.event
                is_ours = emission.account == self.account
                if is_ours and account_sink is not None and isinstance(event, OrderUpdate):
                    account_sink.on_report(report_of(event, now_ns))
            elif isinstance(emission, TicketDone):
                self._answer(emission.ticket)
        if account_sink is not None:
            account_sink.on_frame_end()

    def _wait(self, ticket: Ticket, asked: NewOrder | CancelOrder) -> None:
        self._asked[ticket.ticket_id] = asked
        self.clock.call_at(ticket.due_ns, self._run_due)

    def _run_due(self) -> None:
        self.deliver(self.exchange.advance(self.clock.now_ns()))

    def _answer(self, ticket: Ticket) -> None:
        asked = self._asked.pop(ticket.ticket_id)
        sink, outcome = self.order_sink, ticket.outcome
        if sink is None:
            return
        if isinstance(asked, NewOrder):
            if isinstance(outcome, Placed):
                answer = Acked(VenueOrderId(str(outcome.order.order_id)))
                sink.on_submission(asked.client_order_id, answer)
            elif isinstance(outcome, Reject):
                refusal = Rejected(outcome.code, outcome.message)
                sink.on_submission(asked.client_order_id, refusal)
        elif isinstance(outcome, Canceled):
            sink.on_cancel(asked, CancelAcked(QuantityUnits(outcome.orders[0].cum_quantity)))
        elif isinstance(outcome, Reject):
            sink.on_cancel(asked, CancelRefused(outcome.code, outcome.message))
        if outcome is None:
            raise InvariantBroken(f"request {ticket.ticket_id} is done without an outcome")
