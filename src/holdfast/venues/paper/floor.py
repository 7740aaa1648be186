"""Where the three protocols of the paper venue meet: one exchange, one clock, the sinks.

A request travels for the latency that the assumptions name, on the clock that everything else
runs by, so a run repeats to the last event. Answers are given from the clock, never from
inside the call that asked.
"""

from collections.abc import Sequence

from holdfast.domain.instant import Clock
from holdfast.domain.order import NewOrder
from holdfast.domain.submission import Unknown
from holdfast.domain.venue import AccountSink, CancelOrder, OrderReport, OrderSink
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
from holdfast.venues.paper.reports import (
    cancel_answer,
    place_request,
    report_of,
    submission,
)

_CLOSED = "the connection was closed before the answer came"


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
        """Hand over what happened: the answer to a request before the reports it caused."""
        reports: list[OrderReport] = []
        now_ns = self.clock.now_ns()
        for emission in emissions:
            if isinstance(emission, AccountEvent):
                event = emission.event
                if emission.account == self.account and isinstance(event, OrderUpdate):
                    reports.append(report_of(event, now_ns))
            elif isinstance(emission, TicketDone):
                self._answer(emission.ticket)
                self._release(reports)
        self._release(reports)
        if self.account_sink is not None:
            self.account_sink.on_frame_end()

    def give_up(self) -> None:
        """Answer Unknown for all that travels; the exchange still gets it."""
        asked, self._asked = list(self._asked.values()), {}
        sink = self.order_sink
        for request in asked:
            if isinstance(request, NewOrder) and sink is not None:
                sink.on_submission(request.client_order_id, Unknown(_CLOSED))
            elif isinstance(request, CancelOrder) and sink is not None:
                sink.on_cancel(request, Unknown(_CLOSED))

    def _wait(self, ticket: Ticket, asked: NewOrder | CancelOrder) -> None:
        self._asked[ticket.ticket_id] = asked
        self.clock.call_at(ticket.due_ns, self._run_due)

    def _run_due(self) -> None:
        self.deliver(self.exchange.advance(self.clock.now_ns()))

    def _release(self, reports: list[OrderReport]) -> None:
        if self.account_sink is not None:
            for report in reports:
                self.account_sink.on_report(report)
        reports.clear()

    def _answer(self, ticket: Ticket) -> None:
        asked = self._asked.pop(ticket.ticket_id, None)
        sink, outcome = self.order_sink, ticket.outcome
        if asked is None or sink is None:
            return
        if isinstance(asked, NewOrder) and isinstance(outcome, Placed | Reject):
            sink.on_submission(asked.client_order_id, submission(outcome))
        elif isinstance(asked, CancelOrder) and isinstance(outcome, Canceled | Reject):
            sink.on_cancel(asked, cancel_answer(outcome))
        else:
            raise InvariantBroken(f"request {ticket.ticket_id} was answered with {outcome}")
