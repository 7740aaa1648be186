"""Events of the USD-M user stream as values.

`UserEvents(reported, stops).read(raw, received_at_ns=...)` gives what one message says, in its
order: `OrderReport`, `AccountChanged`, `Ended`, `Unreadable`; nothing for what concerns nobody.

A triggered stop goes on as an order with a new id, reported under the stop's client id. Its
first events may overtake the ALGO_UPDATE that names the pair, so they are held back until it
has come, at most `HELD_FOR_NS`; `release` gives what has waited when no message comes.
TRADE_LITE is left out: it names no fee, and ORDER_TRADE_UPDATE of the same execution follows.
"""

from collections import deque
from typing import TypeAlias

import msgspec

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId, is_ours
from holdfast.domain.instant import NS_PER_S, UtcNs
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import Asset, PriceUnits, amount_units
from holdfast.domain.order import LiquiditySide, Origin
from holdfast.domain.venue import Execution, OrderReport, ReportKind
from holdfast.venues.binance.wire.account import AccountChanged, Ended, Reported
from holdfast.venues.binance.wire.numbers import instant
from holdfast.venues.binance.wire.stops import TriggeredStops
from holdfast.venues.binance.wire.unreadable import READ_ERRORS, Unreadable
from holdfast.venues.binance.wire.usdm_words import (
    ALGO_STATUSES,
    algo_venue_id,
    order_type_of,
)
from holdfast.venues.binance.wire.words import (
    is_conditional,
    origin_of,
    position_side_of,
    side_of,
    time_of,
)

HELD_FOR_NS = 5 * NS_PER_S
HELD_MOST = 1_000
UserEvent: TypeAlias = OrderReport | AccountChanged | Ended | Unreadable

_ORDER_STARTS = b'{"e":"ORDER_TRADE_UPDATE"'
_KINDS = {
    "NEW": ReportKind.ACKED,
    "TRADE": ReportKind.FILLED,
    "CALCULATED": ReportKind.FILLED,
    "CANCELED": ReportKind.CANCELED,
    "EXPIRED": ReportKind.EXPIRED,
    "REJECTED": ReportKind.REJECTED,
}
_STP_EXPIRED = "EXPIRED_IN_MATCH"
_ENDINGS = ("listenKeyExpired", "eventStreamTerminated", "serverShutdown")
_CHANGES = ("MARGIN_CALL", "ACCOUNT_CONFIG_UPDATE")
_BY_ORDER = "ORDER"
_TRIGGERING = "TRIGGERING"


class _Event(msgspec.Struct):
    e: str = ""
    data: msgspec.Raw = msgspec.Raw()


class _Order(msgspec.Struct, gc=False):
    s: str
    c: str
    S: str
    o: str
    q: str
    p: str
    x: str
    X: str
    i: int
    z: str
    f: str = "GTC"
    ot: str = ""
    sp: str = "0"
    l: str = "0"  # noqa: E741 - the venue's own letter
    L: str = "0"
    n: str | None = None
    N: str | None = None
    t: int = 0
    m: bool = False
    R: bool = False
    ps: str = "BOTH"
    rp: str | None = None
    er: str | int | None = None


class _OrderUpdate(msgspec.Struct, gc=False):
    E: int
    o: _Order


class _Algo(msgspec.Struct):
    caid: str
    aid: int
    o: str
    s: str
    S: str
    X: str
    q: str | None = None
    p: str | None = None
    tp: str | None = None
    aq: str | None = None
    ai: str | int | None = None
    f: str = "GTC"
    ps: str = "BOTH"
    R: bool = False
    rm: str | None = None


class _AlgoUpdate(msgspec.Struct):
    E: int
    o: _Algo


class _Moved(msgspec.Struct):
    m: str = ""


class _AccountUpdate(msgspec.Struct):
    a: _Moved


class _Rejected(msgspec.Struct):
    s: str = ""
    i: int = 0
    r: str = ""


class _TriggerRejected(msgspec.Struct, rename={"rejected": "or"}):
    rejected: _Rejected


_EVENT = msgspec.json.Decoder(_Event)
_ORDER = msgspec.json.Decoder(_OrderUpdate)
_ALGO = msgspec.json.Decoder(_AlgoUpdate)
_ACCOUNT = msgspec.json.Decoder(_AccountUpdate)
_REJECTED = msgspec.json.Decoder(_TriggerRejected)


class UserEvents:
    """Reads the messages of one subscription; `stops` is shared with whoever asks queries."""

    def __init__(self, reported: Reported, stops: TriggeredStops) -> None:
        self._reported = reported
        self._stops = stops
        self._held: deque[OrderReport] = deque()
        self._triggering: dict[ClientOrderId, Symbol] = {}

    @property
    def is_holding(self) -> bool:
        """Tell whether reports wait to be named."""
        return bool(self._held)

    def read(self, raw: bytes, *, received_at_ns: UtcNs) -> list[UserEvent]:
        """Read one message, alone or as a combined stream wraps it."""
        try:
            found = self._read(raw, received_at_ns)
        except READ_ERRORS as error:
            found = [Unreadable(str(error))]
        return found + self.release(received_at_ns) if self._held else found

    def release(self, now_ns: UtcNs) -> list[UserEvent]:
        """Give what was held and is known by now, or waited too long, in its order."""
        freed: list[UserEvent] = []
        kept: deque[OrderReport] = deque()
        for report in self._held:
            stop = self._stops.stop_of(report.venue_order_id)
            if stop is not None:
                freed.append(msgspec.structs.replace(report, client_order_id=stop))
            elif now_ns - report.received_at_ns >= HELD_FOR_NS:
                freed.append(report)
            else:
                kept.append(report)
        self._held = kept
        return freed

    def _read(self, raw: bytes, received_at_ns: UtcNs) -> list[UserEvent]:
        if not raw.startswith(_ORDER_STARTS):
            event = _EVENT.decode(raw)
            if not event.e and bytes(event.data):
                raw = bytes(event.data)
                event = _EVENT.decode(raw)
            if event.e != "ORDER_TRADE_UPDATE":
                return self._other(event.e, raw, received_at_ns)
        read = _ORDER.decode(raw)
        if read.o.s not in self._reported.by_symbol:
            return []
        return self._order(read, received_at_ns)

    def _other(self, kind: str, raw: bytes, received_at_ns: UtcNs) -> list[UserEvent]:
        if kind == "ALGO_UPDATE":
            update = _ALGO.decode(raw)
            if update.o.s not in self._reported.by_symbol:
                return []
            return [self._algo(update, received_at_ns)]
        if kind == "ACCOUNT_UPDATE":
            moved = _ACCOUNT.decode(raw).a.m
            return [] if moved == _BY_ORDER else [AccountChanged(moved or kind)]
        if kind == "CONDITIONAL_ORDER_TRIGGER_REJECT":
            said = _REJECTED.decode(raw).rejected
            return [AccountChanged(f"{kind} {said.s} {said.i}: {said.r[:80]}")]
        if kind in _CHANGES:
            return [AccountChanged(kind)]
        return [Ended(kind)] if kind in _ENDINGS else []

    def _order(self, read: _OrderUpdate, received_at_ns: UtcNs) -> list[UserEvent]:
        report = self._report(read, received_at_ns)
        if report is None:
            return [AccountChanged(f"{read.o.x} of order {read.o.i}")]
        stop = self._stops.stop_of(report.venue_order_id)
        if stop is not None:
            return [msgspec.structs.replace(report, client_order_id=stop)]
        if self._may_be_a_stop(report) and len(self._held) < HELD_MOST:
            self._held.append(report)
            return []
        return [report]

    def _may_be_a_stop(self, report: OrderReport) -> bool:
        """Tell whether a stop that was just triggered may stand behind a strange id."""
        if report.origin is not Origin.REQUEST or is_ours(report.client_order_id):
            return False
        return is_conditional(report.order_type) or report.symbol in self._triggering.values()

    def _report(self, update: _OrderUpdate, received_at_ns: UtcNs) -> OrderReport | None:
        """Make a report; None for an execution without an id, which only a query can settle."""
        read = update.o
        instrument, prices, quantities = self._reported.by_symbol[Symbol(read.s)]
        kind = _KINDS.get(read.x, ReportKind.STATUS)
        if kind is ReportKind.STATUS and read.X == _STP_EXPIRED:
            kind = ReportKind.EXPIRED
        price = prices[read.p]
        execution = None
        if kind is ReportKind.FILLED:
            if read.t <= 0:
                return None
            execution = _execution(read, instrument, prices[read.L])
        return OrderReport(
            kind=kind,
            client_order_id=ClientOrderId(read.c),
            venue_order_id=VenueOrderId(str(read.i)),
            symbol=instrument.symbol,
            side=side_of(read.S),
            order_type=order_type_of(read.o, read.ot, price=price, time=read.f),
            time_in_force=time_of(read.f),
            price=price,
            quantity=quantities[read.q],
            cum_quantity=quantities[read.z],
            execution=execution,
            reason="" if read.er in (None, 0, "0") else str(read.er)[:80],
            status_text=read.X,
            venue_at_ns=instant(update.E),
            received_at_ns=received_at_ns,
            position_side=position_side_of(read.ps),
            reduce_only=read.R,
            trigger_price=prices[read.sp],
            origin=origin_of(read.c),
        )

    def _algo(self, update: _AlgoUpdate, received_at_ns: UtcNs) -> OrderReport:
        read = update.o
        instrument, prices, quantities = self._reported.by_symbol[Symbol(read.s)]
        venue_order_id, is_triggered = algo_venue_id(read.aid, read.ai)
        if is_triggered:
            self._stops.note(venue_order_id, ClientOrderId(read.caid))
        if read.X == _TRIGGERING and len(self._triggering) < HELD_MOST:
            self._triggering[ClientOrderId(read.caid)] = instrument.symbol
        else:
            self._triggering.pop(ClientOrderId(read.caid), None)
        price = prices[read.p or "0"]
        return OrderReport(
            kind=ALGO_STATUSES.get(read.X, ReportKind.STATUS),
            client_order_id=ClientOrderId(read.caid),
            venue_order_id=venue_order_id,
            symbol=instrument.symbol,
            side=side_of(read.S),
            order_type=order_type_of(read.o, "", price=price, time=read.f),
            time_in_force=time_of(read.f),
            price=price,
            quantity=quantities[read.q or "0"],
            cum_quantity=quantities[read.aq or "0"],
            reason=(read.rm or "")[:80],
            status_text=read.X,
            venue_at_ns=instant(update.E),
            received_at_ns=received_at_ns,
            position_side=position_side_of(read.ps),
            reduce_only=read.R,
            trigger_price=prices[read.tp or "0"],
        )


def _execution(read: _Order, instrument: Instrument, price: PriceUnits) -> Execution:
    return Execution(
        ExecId(str(read.t)),
        price,
        instrument.quantity(read.l),
        amount_units(read.n or "0"),
        Asset(read.N or instrument.settle),
        LiquiditySide.MAKER if read.m else LiquiditySide.TAKER,
        amount_units(read.rp or "0"),
    )
