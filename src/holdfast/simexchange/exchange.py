"""The exchange itself: market time, accounts and matching behind one pure, synchronous object.

It reads no clock and opens no socket: time comes in as market nanoseconds and never goes
back; what happened comes out as a list of emissions, in the order in which it happened.
Linear symbols trade in `Exchange.futures`, all others here. Queries stand in
`Exchange.accounts` (orders, trades, balances) and, of both products, `Exchange.market` (book,
trades, candles, statistics).
"""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, TypeAlias

from holdfast.simexchange.accounts import AccountSpec, Holdings
from holdfast.simexchange.admission import Admission
from holdfast.simexchange.amending import Amending
from holdfast.simexchange.assumptions import Assumptions
from holdfast.simexchange.clearing import Clearing
from holdfast.simexchange.contingency import Contingency
from holdfast.simexchange.futures.exchange import FuturesExchange
from holdfast.simexchange.futures.requests import FuturesEmission
from holdfast.simexchange.latency import Inbox
from holdfast.simexchange.listing import Listing
from holdfast.simexchange.model import (
    NEVER_NS,
    CancelRequest,
    Emission,
    Outcome,
    PlaceRequest,
    Published,
    Record,
    Reject,
    SymbolRules,
    Ticket,
    TicketDone,
)
from holdfast.simexchange.operators import Operator
from holdfast.simexchange.pair import MakerFill, Pair
from holdfast.simexchange.placing import Placing
from holdfast.simexchange.queries import AccountQueries, HistoryQueries, MarketQueries
from holdfast.simexchange.requests import (
    AmendRequest,
    CancelListRequest,
    ListRequest,
    ReplaceRequest,
    Request,
)

AnyEmission: TypeAlias = Emission | FuturesEmission
Schedules: TypeAlias = Mapping[str, Sequence[tuple[int, int]]]

_NOTHING: tuple[AnyEmission, ...] = ()


class Exchange:
    """One simulated venue over some symbols and accounts.

    `funding` names the funding rates that are known of linear symbols.
    """

    def __init__(
        self,
        symbols: dict[str, SymbolRules],
        accounts: Sequence[AccountSpec],
        *,
        assumptions: Assumptions,
        seed: int = 0,
        funding: Schedules | None = None,
    ) -> None:
        self.symbols = dict(symbols)
        self.now_ns = 0
        self._due_ns = NEVER_NS
        self._numbers = count(1)
        linear = {name: rules for name, rules in symbols.items() if rules.product == "linear"}
        self.futures = FuturesExchange(
            linear,
            accounts,
            assumptions=assumptions,
            seed=seed,
            numbers=self._numbers,
            funding=funding,
        )
        self._pairs = {
            name: Pair(rules, assumptions.queue)
            for name, rules in symbols.items()
            if name not in linear
        }
        holdings = {spec.name: Holdings(spec) for spec in accounts}
        self.clearing = Clearing(self._pairs, holdings, assumptions.fees)
        placing = Placing(self.clearing)
        self._contingency = Contingency(self.clearing, placing)
        self._admission = Admission(self.clearing, placing, self._contingency)
        self._listing = Listing(
            self.clearing, placing, admission=self._admission, contingency=self._contingency
        )
        self._amending = Amending(self.clearing, self._admission, self._contingency)
        self.operator = Operator(self.symbols, self.clearing, self._admission)
        self._inbox: Inbox[Ticket] = Inbox(assumptions.latency, seed=seed)
        self._next_ticket_id = 1
        self.accounts = AccountQueries(self.clearing)
        self.history = HistoryQueries(self.clearing)
        self.market = MarketQueries({**self._pairs, **self.futures.pairs}, lambda: self.now_ns)

    @property
    def next_due_ns(self) -> int:
        """Return when something is next due by itself, `NEVER_NS` when nothing is."""
        return min(self._due_ns, self.futures.next_due_ns)

    def advance(self, now_ns: int) -> list[AnyEmission]:
        """Move market time to `now_ns` and do what is due by then; earlier times do nothing."""
        out: list[AnyEmission] = []
        futures = self.futures
        while self._due_ns <= now_ns:
            if futures.next_due_ns < self._due_ns:
                out += futures.advance(min(futures.next_due_ns or now_ns, self._due_ns))
                continue
            out += self._resolve_next()
        if futures.next_due_ns <= now_ns:
            out += futures.advance(now_ns)
        self.now_ns = max(self.now_ns, now_ns)
        return out

    def apply(self, record: Record) -> list[AnyEmission]:
        """Advance to the record's time, publish it, update the book, fill resting orders."""
        out = self.advance(record.at_ns)
        out.append(Published(record))
        out += self._take(record)
        return out

    def absorb(self, record: Record) -> Sequence[AnyEmission]:
        """Do as `apply` without a `Published` emission, for callers that hold the record."""
        at_ns = record.at_ns
        pair = self._pairs.get(record.symbol)
        if pair is None and self._due_ns > at_ns:
            if at_ns > self.now_ns:
                self.now_ns = at_ns
            return self.futures.absorb(record)
        if pair is None or self._due_ns <= at_ns or self.futures.next_due_ns <= at_ns:
            return [*self.advance(at_ns), *self._take(record)]
        if at_ns > self.now_ns:
            self.now_ns = at_ns
        fills = pair.takers[type(record)](record)
        if fills or pair.triggers.fired:
            return self._book_fills(pair, fills)
        return _NOTHING

    def flush(self) -> list[AnyEmission]:
        """Resolve every waiting request at the present instant, whatever its latency."""
        out: list[AnyEmission] = []
        while self._inbox:
            out += self._resolve_next(is_early=True)
        out += self.futures.flush()
        return out

    def place(self, account: str, request: PlaceRequest, *, arrived_ns: int) -> Ticket:
        """Take a new order in; it is checked and matched when its entry latency has passed."""
        return self._enter(account, request, request.symbol, arrived_ns=arrived_ns)

    def cancel(self, account: str, request: CancelRequest, *, arrived_ns: int) -> Ticket:
        """Take a cancel in; its outcome is `Canceled` with one order, or `Reject`."""
        return self._enter(account, request, request.symbol, arrived_ns=arrived_ns)

    def cancel_all(self, account: str, symbol: str, *, arrived_ns: int) -> Ticket:
        """Take a cancel of all open orders in; -2011 when none is open, as at the venue."""
        return self._enter(account, None, symbol, arrived_ns=arrived_ns)

    def submit(self, account: str, request: Request, *, arrived_ns: int) -> Ticket:
        """Take an order list, its cancel, a cancel-and-replace or an amendment in."""
        symbol = request.place.symbol if isinstance(request, ReplaceRequest) else request.symbol
        return self._enter(account, request, symbol, arrived_ns=arrived_ns)

    def change_rules(self, symbol: str, **changes: Any) -> list[Emission]:
        """Change fields of a symbol's rules while it trades, its status among them.

        The venue tells nobody: what the public sees is the next exchangeInfo. Raise TypeError
        for a field that rules do not have and KeyError for an unknown symbol.
        """
        if symbol in self.futures.contracts:
            self.futures.change_rules(symbol, **changes)
            self.symbols[symbol] = self.futures.contracts[symbol].rules
            return []
        self.operator.change_rules(symbol, **changes)
        return self.clearing.drain()

    def settle(self) -> list[Emission]:
        """Draw the consequences of what the operator did to orders, and hand out all of it."""
        self._contingency.settle(at_ns=self.now_ns)
        return self.clearing.drain()

    def check(self, account: str, request: PlaceRequest) -> Reject | None:
        """Say what would refuse the order now (`order/test`), without any effect."""
        return self._admission.check(account, request, at_ns=self.now_ns)

    def _enter(
        self,
        account: str,
        request: PlaceRequest | CancelRequest | Request | None,
        symbol: str,
        *,
        arrived_ns: int,
    ) -> Ticket:
        number = next(self._numbers)
        is_order = isinstance(request, PlaceRequest | ListRequest | ReplaceRequest)
        due_ns = self._inbox.due_ns(
            account, arrived_ns=max(arrived_ns, self.now_ns), number=number, is_order=is_order
        )
        ticket = Ticket(
            ticket_id=number,
            account=account,
            request=request,
            symbol=symbol,
            arrived_ns=arrived_ns,
            due_ns=due_ns,
        )
        self._inbox.add(ticket)
        self._due_ns = self._inbox.next_due_ns()
        return ticket

    def _resolve_next(self, *, is_early: bool = False) -> list[AnyEmission]:
        ticket = self._inbox.pop()
        self._due_ns = self._inbox.next_due_ns()
        if not is_early and ticket.due_ns > self.now_ns:
            self.now_ns = ticket.due_ns
        ticket.outcome = self._resolve(ticket, at_ns=self.now_ns)
        self._contingency.settle(at_ns=self.now_ns)
        ticket.done = True
        out: list[AnyEmission] = [*self.clearing.drain()]
        out.append(TicketDone(ticket, self.now_ns))
        return out

    def _resolve(self, ticket: Ticket, *, at_ns: int) -> Outcome:
        account, request = ticket.account, ticket.request
        match request:
            case PlaceRequest():
                return self._admission.place(account, request, at_ns=at_ns)
            case CancelRequest():
                return self._admission.cancel(account, request, at_ns=at_ns)
            case ReplaceRequest():
                return self._admission.replace(account, request, at_ns=at_ns)
            case AmendRequest():
                return self._amending.amend(account, request, at_ns=at_ns)
            case ListRequest():
                return self._listing.place(account, request, at_ns=at_ns)
            case CancelListRequest():
                return self._listing.cancel(account, request, at_ns=at_ns)
            case None:
                return self._admission.cancel_all(account, ticket.symbol, at_ns=at_ns)

    def _take(self, record: Record) -> Sequence[AnyEmission]:
        pair = self._pairs.get(record.symbol)
        if pair is None:
            return self.futures.absorb(record)
        fills = pair.takers[type(record)](record)
        if fills or pair.triggers.fired:
            return self._book_fills(pair, fills)
        return _NOTHING

    def _book_fills(self, pair: Pair, fills: Sequence[MakerFill]) -> Sequence[Emission]:
        self.clearing.fill_makers(pair, fills, at_ns=self.now_ns)
        self._contingency.settle(at_ns=self.now_ns)
        if pair.triggers.fired:
            self._contingency.fire(pair, at_ns=self.now_ns)
        return self.clearing.drain()
