"""Where the three protocols of the paper venue meet: one exchange, one clock, the sinks.

A request travels for the latency that the assumptions name, on the clock that everything else
runs by, so a run repeats to the last event. Answers are given from the clock, never from
inside the call that asked.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from holdfast.domain.ids import ClientOrderId, Symbol
from holdfast.domain.instant import Clock
from holdfast.domain.order import NewOrder
from holdfast.domain.submission import Unknown
from holdfast.domain.venue import AccountSink, CancelOrder, OrderReport, OrderSink
from holdfast.simexchange.exchange import AnyEmission, Exchange
from holdfast.simexchange.futures.model import (
    AlgoUpdate,
    FuturesEvent,
    FuturesFact,
    FuturesOrder,
    FuturesOrderUpdate,
    MarginCall,
    MarginUpdate,
)
from holdfast.simexchange.futures.requests import FuturesDone, FuturesTicket
from holdfast.simexchange.model import (
    AccountEvent,
    OrderUpdate,
    Published,
    Record,
    Ticket,
    TicketDone,
)
from holdfast.venues.paper import spot, usdm
from holdfast.venues.paper.answers import Asked, answer
from holdfast.venues.paper.reports import report_of

_CLOSED = "the connection was closed before the answer came"
_BY_ORDER = "ORDER"
_Told: TypeAlias = OrderReport | str


class Floor:
    """One account's way into the simulated exchange, and what comes back to it."""

    def __init__(self, exchange: Exchange, clock: Clock, *, account: str) -> None:
        self.exchange = exchange
        self.clock = clock
        self.account = account
        self.account_sink: AccountSink | None = None
        self.order_sink: OrderSink | None = None
        self.on_published: Callable[[Record], None] | None = None
        self._asked: dict[int, Asked] = {}

    def is_contract(self, symbol: Symbol) -> bool:
        """Tell whether a symbol trades on margin here."""
        return symbol in self.exchange.futures.contracts

    def place(self, order: NewOrder) -> None:
        """Let an order travel to the exchange."""
        now_ns = self.clock.now_ns()
        ticket: Ticket | FuturesTicket
        if self.is_contract(order.symbol):
            request = usdm.place_request(order)
            ticket = self.exchange.futures.enter(self.account, request, arrived_ns=now_ns)
        else:
            ticket = self.exchange.place(
                self.account, spot.place_request(order), arrived_ns=now_ns
            )
        self._wait(ticket, order)

    def cancel(self, cancel: CancelOrder) -> None:
        """Let a cancel travel to the exchange."""
        now_ns = self.clock.now_ns()
        ticket: Ticket | FuturesTicket
        if self.is_contract(cancel.symbol):
            request = usdm.cancel_request(cancel)
            ticket = self.exchange.futures.enter(self.account, request, arrived_ns=now_ns)
        else:
            ticket = self.exchange.cancel(
                self.account, spot.cancel_request(cancel), arrived_ns=now_ns
            )
        self._wait(ticket, cancel)

    def place_list(self, orders: tuple[NewOrder, ...]) -> None:
        """Let the orders of one list travel to spot as one request."""
        now_ns = self.clock.now_ns()
        request = spot.list_request(orders)
        self._wait(self.exchange.submit(self.account, request, arrived_ns=now_ns), orders)

    def replace(self, cancel: CancelOrder, order: NewOrder) -> None:
        """Let a cancel and the order that takes its place travel to spot as one request."""
        now_ns = self.clock.now_ns()
        request = spot.replace_request(cancel, order)
        ticket = self.exchange.submit(self.account, request, arrived_ns=now_ns)
        self._wait(ticket, (cancel, order))

    def deliver(self, emissions: Sequence[AnyEmission]) -> None:
        """Hand over what happened: the answer to a request before the reports it caused."""
        told: list[_Told] = []
        for emission in emissions:
            if isinstance(emission, AccountEvent):
                event = emission.event
                if emission.account == self.account and isinstance(event, OrderUpdate):
                    told.append(report_of(event, self.clock.now_ns()))
            elif isinstance(emission, FuturesEvent):
                if emission.account == self.account:
                    told += self._of_margin(emission.event)
            elif isinstance(emission, TicketDone | FuturesDone):
                self._answer(emission.ticket)
                self._release(told)
            elif isinstance(emission, Published) and self.on_published is not None:
                self._release(told)
                self.on_published(emission.record)
        self._release(told)
        if self.account_sink is not None:
            self.account_sink.on_frame_end()

    def stop_of(self, order: FuturesOrder) -> ClientOrderId | None:
        """Give the client id of the conditional order that became this one."""
        if not order.algo_id:
            return None
        algos = self.exchange.futures.clearing.members[self.account].algos
        return ClientOrderId(algos[order.algo_id].client_algo_id)

    def give_up(self) -> None:
        """Answer Unknown for all that travels; the exchange still gets it."""
        travels, self._asked = list(self._asked.values()), {}
        for asked in travels:
            if self.order_sink is not None:
                answer(self.order_sink, asked, came=Unknown(_CLOSED))

    def _wait(self, ticket: Ticket | FuturesTicket, asked: Asked) -> None:
        self._asked[ticket.ticket_id] = asked
        self.clock.call_at(ticket.due_ns, self._run_due)

    def _run_due(self) -> None:
        self.deliver(self.exchange.advance(self.clock.now_ns()))

    def _of_margin(self, fact: FuturesFact) -> list[_Told]:
        now_ns = self.clock.now_ns()
        if isinstance(fact, FuturesOrderUpdate):
            stop = self.stop_of(fact.order)
            return [usdm.report_of(fact, stop=stop, received_at_ns=now_ns)]
        if isinstance(fact, AlgoUpdate):
            return [usdm.algo_report(fact.algo, received_at_ns=now_ns, source="stream")]
        if isinstance(fact, MarginUpdate):
            return [] if fact.reason == _BY_ORDER else [fact.reason]
        return ["MARGIN_CALL"] if isinstance(fact, MarginCall) else []

    def _release(self, told: list[_Told]) -> None:
        if self.account_sink is not None:
            for one in told:
                if isinstance(one, str):
                    self.account_sink.on_account_changed(one)
                else:
                    self.account_sink.on_report(one)
        told.clear()

    def _answer(self, ticket: Ticket | FuturesTicket) -> None:
        asked = self._asked.pop(ticket.ticket_id, None)
        if asked is not None and ticket.outcome is not None and self.order_sink is not None:
            answer(self.order_sink, asked, came=ticket.outcome)
