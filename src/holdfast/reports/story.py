"""What a journal tells, gathered in one pass over its records, with the books folded beside it.

Nothing here comes from the trader's objects. Numbers that are only drawn are floats; everything
that stands in a table is exact.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import msgspec

from holdfast.domain import events as ev
from holdfast.domain import fold
from holdfast.domain.account import Account
from holdfast.domain.event import Record
from holdfast.domain.ids import UNATTRIBUTED, AccountId, Symbol
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.market import MarketReference
from holdfast.domain.money import canonical
from holdfast.ledger import Ledger, Pnl
from holdfast.reports.series import Point

REFUSAL_REASONS_KEPT = 200
NOTABLE_KEPT = 500

Execution = ev.OrderFilled | ev.ForeignFillSeen


class Trade(msgspec.Struct, frozen=True, gc=False):
    """An execution that the ledger posted, and when its record was written."""

    seq: int
    at_ns: int
    event: Execution

    @property
    def strategy(self) -> str:
        """Name the strategy whose order this was."""
        return self.event.strategy if isinstance(self.event, ev.OrderFilled) else UNATTRIBUTED


class Notable(msgspec.Struct, frozen=True):
    """Something that happened to the run itself: a start, a pause, a command, a halt."""

    at_ns: int
    what: str
    detail: str


class Refusals(msgspec.Struct):
    """How often a gate said no, with one of its reasons."""

    count: int
    reason: str


class Story:
    """Everything that a report of a run shows; `add` is given every record, in order."""

    def __init__(self, account: str) -> None:
        self.ledger = Ledger(AccountId(account))
        self.account = Account(AccountId(account))
        self.journal: ev.JournalOpened | None = None
        self.run: ev.RunStarted | None = None
        self.notes: list[str] = []
        self.ended = ""
        self.first_at_ns = self.last_at_ns = 0
        self.events = 0
        self.trades: list[Trade] = []
        self.outcomes: dict[str, str] = {}
        self.answers: Counter[str] = Counter()
        self.refusals: dict[tuple[str, str], Refusals] = {}
        self.reconciliations: list[tuple[int, ev.ReconciliationCompleted]] = []
        self.movements: dict[tuple[str, str], tuple[int, Decimal]] = {}
        self.notable: list[Notable] = []
        self.prices: dict[str, list[Point]] = {}
        self.equity: dict[str, list[Point]] = {}
        self.results: dict[str, list[Point]] = {}
        self.marks: dict[str, str] = {}
        self._valued_at_ns = 0
        self._fees: defaultdict[str, float] = defaultdict(float)

    def add(self, record: Record) -> None:
        """Take the next record."""
        at_ns, event = record.header.recorded_at_ns, record.event
        self.first_at_ns = self.first_at_ns or at_ns
        self.last_at_ns = at_ns
        self.events += 1
        fold.apply(self.account, event)
        moved = self.ledger.apply(record) is not None
        if moved and isinstance(event, Execution):
            self.trades.append(Trade(record.header.seq, at_ns, event))
            self.marks.setdefault(event.symbol, event.last_price)
            self._fees[event.symbol] += float(event.fee_value or 0)
        tell = _TELL.get(type(event))
        if tell is not None:
            tell(self, at_ns, event)
        if isinstance(event, ev.MarkRecorded) or (
            moved
            and not isinstance(event, ev.BalanceOpened)  # the books are open at the first mark
            and at_ns - self._valued_at_ns >= NS_PER_S
        ):
            self.value()

    def pnl(self) -> Pnl:
        """Value the books at the last marks."""
        return self.ledger.pnl(self.marks)

    def quote(self, trade: Trade) -> str:
        """Name the currency that a trade was priced in."""
        return self.account.instruments[Symbol(trade.event.symbol)].quote

    def note_price(self, at_ns: int, symbol: str, *, price: str) -> None:
        """Remember a price, for the picture and for valuing what follows."""
        self.marks[symbol] = price
        points = self.prices.setdefault(symbol, [])
        _put(points, at_ns, float(price))

    def note(self, at_ns: int, what: str, *, detail: str) -> None:
        """Remember something that happened to the run itself."""
        if len(self.notable) < NOTABLE_KEPT:
            self.notable.append(Notable(at_ns, what, detail))

    def value(self) -> None:
        """Add a point to the equity of each currency, at the last record."""
        self._valued_at_ns = at_ns = self.last_at_ns
        for figures in self.pnl().currencies:
            if figures.equity or figures.start:
                _put(self.equity.setdefault(figures.currency, []), at_ns, float(figures.equity))
        for currency, result in self._estimate_results().items():
            _put(self.results.setdefault(currency, []), at_ns, result)

    def _estimate_results(self) -> dict[str, float]:
        """Estimate what all strategies made so far, per currency, for the picture."""
        made: defaultdict[str, float] = defaultdict(float)
        for (_, symbol, _), position in self.account.positions.items():
            instrument = self.account.instruments[symbol]
            price = float(self.marks.get(symbol, 0)) * 10**instrument.price_exponent
            open_result = price * position.quantity - position.cost
            unit = 10.0 ** -(instrument.price_exponent + instrument.quantity_exponent)
            made[instrument.quote] += (position.realized + open_result) * unit
        for symbol_name, fees in self._fees.items():
            made[self.account.instruments[Symbol(symbol_name)].quote] -= fees
        return made


def read(records: Iterable[Record]) -> Story:
    """Gather a whole journal."""
    story = Story("")
    for record in records:
        if story.events == 0:
            story = Story(record.header.account)
        story.add(record)
    story.value()
    return story


def _put(points: list[Point], at_ns: int, value: float) -> None:
    """Add a point; of several at one instant the last stands."""
    if points and points[-1][0] == at_ns:
        points.pop()
    points.append((at_ns, value))


def _opened(story: Story, _: int, event: ev.JournalOpened) -> None:
    story.journal = event


def _started(story: Story, at_ns: int, event: ev.RunStarted) -> None:
    story.run = event
    story.notes.extend(note for note in event.notes if note not in story.notes)
    story.note(at_ns, "Run started", detail=f"{event.mode}, seed {event.seed}, {event.version}")


def _ended(story: Story, at_ns: int, event: ev.RunEnded) -> None:
    story.ended = event.reason
    story.note(at_ns, "Run ended", detail=event.reason)


def _epoch(story: Story, at_ns: int, event: ev.EpochTaken) -> None:
    story.note(at_ns, f"Epoch {event.epoch} taken", detail=event.reason)


def _marked(story: Story, at_ns: int, event: ev.MarkRecorded) -> None:
    story.note_price(at_ns, event.symbol, price=event.price)


def _decided(story: Story, at_ns: int, event: ev.IntentAccepted | ev.OrderApproved) -> None:
    middle = _middle(event.reference)
    if middle:
        story.note_price(at_ns, event.symbol, price=middle)
    if isinstance(event, ev.OrderApproved):
        _ordered(story, at_ns, event)


def _middle(reference: MarketReference) -> str:
    if not reference.bid or not reference.ask:
        return ""
    middle = (Decimal(reference.bid) + Decimal(reference.ask)) / 2
    return canonical(middle) if middle > 0 else ""


def _ordered(story: Story, _: int, event: Any) -> None:
    """Follow an order's status as the account's fold derives it."""
    story.answers[event.TYPE] += 1
    order = story.account.find(event.client_order_id)
    if order is not None:
        story.outcomes[event.client_order_id] = order.status.value


def _refused(story: Story, _: int, event: ev.IntentRefused) -> None:
    for refusal in event.refusals:
        key = (event.strategy, refusal.gate)
        known = story.refusals.get(key)
        if known is not None:
            known.count += event.count
        elif len(story.refusals) < REFUSAL_REASONS_KEPT:
            story.refusals[key] = Refusals(event.count, refusal.reason)


def _reconciled(story: Story, at_ns: int, event: ev.ReconciliationCompleted) -> None:
    story.reconciliations.append((at_ns, event))


def _halted(story: Story, at_ns: int, event: ev.StrategyHalted) -> None:
    story.note(at_ns, f"Strategy {event.strategy} halted", detail=event.reason)


def _paused(story: Story, at_ns: int, event: ev.TradingPaused) -> None:
    story.note(at_ns, f"Trading paused: {event.scope}", detail=f"{event.actor}: {event.reason}")


def _resumed(story: Story, at_ns: int, event: ev.TradingResumed) -> None:
    story.note(
        at_ns, f"Trading resumed: {event.scope}", detail=f"{event.actor}: {event.reason}"
    )


def _commanded(story: Story, at_ns: int, event: ev.CommandReceived) -> None:
    detail = f"{event.actor}: {event.reason} ({event.outcome})"
    story.note(at_ns, f"Command {event.verb}", detail=detail)


def _adjusted(story: Story, at_ns: int, event: ev.BalanceAdjusted) -> None:
    detail = f"{event.difference} {event.asset}: {event.reason}"
    story.note(at_ns, "Balance adjusted", detail=detail)


def _funded(story: Story, _: int, event: ev.FundingPaid) -> None:
    known = story.movements.get((event.kind, event.asset), (0, Decimal(0)))
    story.movements[event.kind, event.asset] = (
        known[0] + 1,
        known[1] + Decimal(event.amount),
    )


def _stood(story: Story, at_ns: int, event: ev.PositionOpened) -> None:
    detail = f"{event.quantity} at {event.entry_price}: {event.source}"
    story.note(at_ns, f"Position of {event.symbol} taken over", detail=detail)


def _incident(story: Story, at_ns: int, event: ev.IncidentOpened) -> None:
    more = f" ({'; '.join(event.differences)})" if event.differences else ""
    story.note(at_ns, f"Incident, {event.scope}: {event.kind}", detail=event.reason + more)


def _over(story: Story, at_ns: int, event: ev.IncidentClosed) -> None:
    story.note(at_ns, f"Incident over, {event.scope}: {event.kind}", detail=event.reason)


def _quarantined(story: Story, at_ns: int, event: ev.SymbolQuarantined) -> None:
    story.note(at_ns, f"{event.symbol} quarantined", detail=event.reason)


def _released(story: Story, at_ns: int, event: ev.SymbolReleased) -> None:
    story.note(at_ns, f"{event.symbol} released", detail=event.reason)


def _strange(story: Story, at_ns: int, event: ev.ForeignOrderSeen) -> None:
    whose = event.origin if event.origin != "request" else ""
    whose = whose or ("another instance" if event.ours else "somebody else")
    detail = f"{event.client_order_id}, {event.side} {event.quantity} {event.symbol}"
    story.note(at_ns, f"Order of {whose}", detail=f"{detail}: {event.status}")


_TELL: dict[type[ev.Event], Callable[[Story, int, Any], None]] = {
    ev.JournalOpened: _opened,
    ev.EpochTaken: _epoch,
    ev.RunStarted: _started,
    ev.RunEnded: _ended,
    ev.MarkRecorded: _marked,
    ev.BalanceAdjusted: _adjusted,
    ev.PositionOpened: _stood,
    ev.FundingPaid: _funded,
    ev.WalletMoved: _funded,
    ev.IncidentOpened: _incident,
    ev.IncidentClosed: _over,
    ev.SymbolQuarantined: _quarantined,
    ev.SymbolReleased: _released,
    ev.ForeignOrderSeen: _strange,
    ev.IntentAccepted: _decided,
    ev.IntentRefused: _refused,
    ev.OrderApproved: _decided,
    ev.OrderWithheld: _ordered,
    ev.OrderAcked: _ordered,
    ev.OrderRejected: _ordered,
    ev.OrderDoubted: _ordered,
    ev.OrderFilled: _ordered,
    ev.OrderCanceled: _ordered,
    ev.OrderExpired: _ordered,
    ev.OrderAdopted: _ordered,
    ev.ReconciliationCompleted: _reconciled,
    ev.StrategyHalted: _halted,
    ev.TradingPaused: _paused,
    ev.TradingResumed: _resumed,
    ev.CommandReceived: _commanded,
}
