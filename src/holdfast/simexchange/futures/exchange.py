"""USD-M itself: market time, margin accounts and matching behind one pure, synchronous object.

It has the shape of `simexchange.exchange.Exchange`, which hands it the linear symbols: time
comes in as market nanoseconds and never goes back, what happened comes out in order. All
requests enter by one door. Queries stand in `orders`, `margin` and (book, trades, candles) in
the `market` of the exchange; what the venue or an operator forces, in `demands`.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import msgspec

from holdfast.simexchange.accounts import AccountSpec
from holdfast.simexchange.assumptions import Assumptions
from holdfast.simexchange.futures.admission import Admission
from holdfast.simexchange.futures.algobook import AlgoBook
from holdfast.simexchange.futures.algos import CONTRACT_PRICE, MARK_PRICE, Algos
from holdfast.simexchange.futures.clearing import Clearing, own
from holdfast.simexchange.futures.contracts import contract_of
from holdfast.simexchange.futures.countdown import Countdowns
from holdfast.simexchange.futures.demands import Demands
from holdfast.simexchange.futures.dispatch import Dispatch
from holdfast.simexchange.futures.liquidation import Guard
from holdfast.simexchange.futures.marks import Marks
from holdfast.simexchange.futures.member import Member
from holdfast.simexchange.futures.queries import MarginQueries, OrderQueries
from holdfast.simexchange.futures.requests import (
    AlgoPlace,
    FuturesDone,
    FuturesEmission,
    FuturesModify,
    FuturesPlace,
    FuturesRequest,
    FuturesTicket,
)
from holdfast.simexchange.futures.settings import Settings
from holdfast.simexchange.futures.timers import Timers
from holdfast.simexchange.latency import Inbox
from holdfast.simexchange.model import (
    NEVER_NS,
    Mark,
    Published,
    Record,
    Reject,
    SymbolRules,
    Trade,
)
from holdfast.simexchange.pair import NO_FILLS, MakerFill, Pair

_NOTHING: tuple[FuturesEmission, ...] = ()
_ORDERS = (FuturesPlace, FuturesModify, AlgoPlace)


class Line:
    """One symbol's pair, mark price and conditional orders."""

    __slots__ = ("by_mark", "by_trade", "marks", "pair")

    def __init__(self, pair: Pair, marks: Marks, books: Mapping[str, AlgoBook]) -> None:
        self.pair = pair
        self.marks = marks
        self.by_trade = books[CONTRACT_PRICE]
        self.by_mark = books[MARK_PRICE]
        pair.takers[Mark] = self._on_mark

    def _on_mark(self, mark: Mark) -> Sequence[MakerFill]:
        self.marks.take(mark)
        return NO_FILLS


class FuturesExchange:
    """The USD-M side of one simulated venue.

    `next_due_ns` says when something is next due by itself, `NEVER_NS` when nothing is.
    `numbers` gives the tickets their ids; `funding` names the rates known of some symbols, as
    instants and rates in order.
    """

    def __init__(
        self,
        symbols: Mapping[str, SymbolRules],
        accounts: Sequence[AccountSpec],
        *,
        assumptions: Assumptions,
        seed: int = 0,
        numbers: Iterator[int] | None = None,
        funding: Mapping[str, Sequence[tuple[int, int]]] | None = None,
    ) -> None:
        assumed = assumptions.futures
        self.contracts = {name: contract_of(rules, assumed) for name, rules in symbols.items()}
        self.pairs = {name: Pair(rules, assumptions.queue) for name, rules in symbols.items()}
        self.now_ns = 0
        self.next_due_ns = 0 if symbols else NEVER_NS
        self._numbers = numbers if numbers is not None else count(1)
        self._inbox: Inbox[FuturesTicket] = Inbox(assumptions.latency, seed=seed)
        self._timers = Timers()
        marks = self._marks(assumed.index_smoothing_s, funding or {})
        leverage = assumed.account.leverage
        members = {spec.name: Member(spec, leverage=leverage) for spec in accounts}
        clearing = Clearing(
            self.contracts, self.pairs, members=members, marks=marks, fees=assumptions.fees
        )
        admission = Admission(clearing, self._timers, assumed.orders)
        self._algos = Algos(clearing, admission, timers=self._timers, assumed=assumed.orders)
        self._guard = Guard(clearing, admission, assumed.liquidation)
        also_algos = assumed.orders.countdown_cancels_algos
        countdowns = Countdowns(
            admission, self._algos, timers=self._timers, cancels_algos=also_algos
        )
        self._dispatch = Dispatch(
            admission, self._algos, settings=Settings(clearing), countdowns=countdowns
        )
        self._lines = {
            name: Line(pair, marks[name], self._algos.books[name])
            for name, pair in self.pairs.items()
        }
        self.clearing = clearing
        self.orders = OrderQueries(clearing)
        self.margin = MarginQueries(clearing, self._now)
        self.demands = Demands(
            clearing, self._guard, algos=self._algos, now=self._now, finish=self._finished
        )

    def enter(self, account: str, request: FuturesRequest, *, arrived_ns: int) -> FuturesTicket:
        """Take a request in; it takes effect when its entry latency has passed."""
        number = next(self._numbers)
        due_ns = self._inbox.due_ns(
            account,
            arrived_ns=max(arrived_ns, self.now_ns),
            number=number,
            is_order=isinstance(request, _ORDERS),
        )
        ticket = FuturesTicket(
            ticket_id=number,
            account=account,
            request=request,
            arrived_ns=arrived_ns,
            due_ns=due_ns,
        )
        self._inbox.add(ticket)
        self.next_due_ns = min(self.next_due_ns, due_ns)
        return ticket

    def check(self, account: str, request: FuturesPlace) -> Reject | None:
        """Say what would refuse the order now (`order/test`), without any effect."""
        return self._dispatch.check(account, request, at_ns=self.now_ns)

    def advance(self, now_ns: int) -> list[FuturesEmission]:
        """Move market time to `now_ns` and do what is due by then; earlier times do nothing."""
        out: list[FuturesEmission] = []
        if not self.now_ns:
            if now_ns <= 0:
                return out
            self._begin(now_ns)
        while self.next_due_ns <= now_ns:
            out += self._run_next()
        self.now_ns = max(self.now_ns, now_ns)
        return out

    def absorb(self, record: Record) -> Sequence[FuturesEmission]:
        """Take a record in; the caller holds it, so that it is not among the emissions."""
        at_ns = record.at_ns
        if self.next_due_ns <= at_ns:
            return [*self.advance(at_ns), *self._take(record)]
        if at_ns > self.now_ns:
            self.now_ns = at_ns
        line = self._lines[record.symbol]
        fills = line.pair.takers[type(record)](record)
        if not fills and at_ns < line.marks.next_ns and not line.by_trade.count:
            return _NOTHING
        return self._follow(line, record, fills)

    def flush(self) -> list[FuturesEmission]:
        """Resolve every waiting request at the present instant, whatever its latency."""
        out: list[FuturesEmission] = []
        while self._inbox:
            out += self._resolve()
        return out

    def change_rules(self, symbol: str, **changes: Any) -> None:
        """Change fields of a symbol's rules while it trades, its status among them.

        Raise TypeError for a field that rules do not have and KeyError for an unknown symbol.
        """
        contract = self.contracts[symbol]
        rules = msgspec.structs.replace(contract.rules, **changes)
        changed = msgspec.structs.replace(contract, rules=rules)
        line = self._lines[symbol]
        self.contracts[symbol] = line.marks.contract = changed
        line.pair.rules = rules
        line.pair.book.step = rules.step
        for member in self.clearing.members.values():
            member.stake(contract).contract = changed

    def _marks(
        self, smoothing_s: int, funding: Mapping[str, Sequence[tuple[int, int]]]
    ) -> dict[str, Marks]:
        return {
            name: Marks(
                contract,
                self.pairs[name],
                smoothing_s=smoothing_s,
                schedule=funding.get(name, ()),
            )
            for name, contract in self.contracts.items()
        }

    def _now(self) -> int:
        return self.now_ns

    def _begin(self, now_ns: int) -> None:
        self.now_ns = now_ns
        for line in self._lines.values():
            line.marks.begin(now_ns)
            self._await_funding(line.marks)
        self._look_ahead()

    def _await_funding(self, marks: Marks) -> None:
        if marks.awaited_ns == marks.next_funding_ns:
            return
        marks.awaited_ns = marks.next_funding_ns
        self._timers.at(marks.next_funding_ns, lambda at_ns: self._fund(marks, at_ns))

    def _fund(self, marks: Marks, at_ns: int) -> None:
        if at_ns == marks.next_funding_ns:
            self._guard.fund(marks.fund(at_ns))
            self._await_funding(marks)

    def _run_next(self) -> list[FuturesEmission]:
        if self._timers.next_ns <= self._inbox.next_due_ns():
            self.now_ns = max(self.now_ns, self._timers.next_ns)
            self._timers.run_next()
            return self._finished()
        return self._resolve(is_due=True)

    def _resolve(self, *, is_due: bool = False) -> list[FuturesEmission]:
        ticket = self._inbox.pop()
        if is_due:
            self.now_ns = max(self.now_ns, ticket.due_ns)
        ticket.outcome = self._dispatch.run(ticket.account, ticket.request, at_ns=self.now_ns)
        ticket.done = True
        out = self._finished()
        out.append(FuturesDone(ticket, self.now_ns))
        return out

    def _take(self, record: Record) -> Sequence[FuturesEmission]:
        line = self._lines[record.symbol]
        fills = line.pair.takers[type(record)](record)
        return self._follow(line, record, fills)

    def _follow(
        self, line: Line, record: Record, fills: Sequence[MakerFill]
    ) -> list[FuturesEmission]:
        at_ns, symbol = self.now_ns, record.symbol
        for maker, quantity in fills if line.pair.rules.status == "TRADING" else ():
            self.clearing.fill_maker(own(maker.order), quantity, at_ns=at_ns)
        if type(record) is Trade and line.by_trade.count:
            self._algos.watch(symbol, CONTRACT_PRICE, price=record.price, at_ns=at_ns)
        marks = line.marks
        if type(record) is Mark:
            self._await_funding(marks)
            self._marked(line, symbol, at_ns)
        elif at_ns >= marks.next_ns and marks.sample(at_ns):
            self.clearing.reports.out.append(Published(marks.shown(at_ns)))
            self._marked(line, symbol, at_ns)
        return self._finished()

    def _marked(self, line: Line, symbol: str, at_ns: int) -> None:
        self._guard.revalue(symbol, at_ns=at_ns)
        if line.by_mark.count:
            self._algos.watch(symbol, MARK_PRICE, price=line.marks.mark, at_ns=at_ns)

    def _finished(self) -> list[FuturesEmission]:
        """Hand out what was reported, after the ends of conditional orders were noted."""
        ended = self.clearing.ended_algos
        while ended:
            self._algos.finish(ended.pop(0), at_ns=self.now_ns)
        self._look_ahead()
        return self.clearing.reports.drain()

    def _look_ahead(self) -> None:
        self.next_due_ns = min(self._inbox.next_due_ns(), self._timers.next_ns)
