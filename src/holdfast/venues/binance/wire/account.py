"""Messages about the account: the user stream's events, and answers about orders and trades.

Fields that are not named here are ignored, and words that are not known are kept as text: a
venue that adds a status must not end a session.
"""

import msgspec

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import AmountUnits, Asset, PriceUnits, amount_units
from holdfast.domain.order import LiquiditySide, OrderType, Side
from holdfast.domain.venue import (
    BalanceReport,
    Execution,
    OrderReport,
    ReportKind,
    TradeReport,
)
from holdfast.venues.binance.wire.numbers import instant, price_table, quantity_table
from holdfast.venues.binance.wire.unreadable import READ_ERRORS, Unreadable
from holdfast.venues.binance.wire.words import side_of, time_of

_TYPES = {
    "LIMIT": OrderType.LIMIT,
    "MARKET": OrderType.MARKET,
    "LIMIT_MAKER": OrderType.LIMIT_MAKER,
    "STOP_LOSS": OrderType.STOP_MARKET,
    "STOP_LOSS_LIMIT": OrderType.STOP_LIMIT,
    "TAKE_PROFIT": OrderType.TAKE_PROFIT_MARKET,
    "TAKE_PROFIT_LIMIT": OrderType.TAKE_PROFIT_LIMIT,
}
_EXECUTIONS = {
    "NEW": ReportKind.ACKED,
    "TRADE": ReportKind.FILLED,
    "CANCELED": ReportKind.CANCELED,
    "REJECTED": ReportKind.REJECTED,
    "EXPIRED": ReportKind.EXPIRED,
}
_STATUSES = {
    "NEW": ReportKind.ACKED,
    "PENDING_NEW": ReportKind.ACKED,
    "PARTIALLY_FILLED": ReportKind.ACKED,
    "CANCELED": ReportKind.CANCELED,
    "EXPIRED": ReportKind.EXPIRED,
    "EXPIRED_IN_MATCH": ReportKind.EXPIRED,
    "REJECTED": ReportKind.REJECTED,
}
_REPORT_STARTS = b'{"e":"executionReport"'
_ENDINGS = ("eventStreamTerminated", "serverShutdown")
_CHANGES = ("balanceUpdate", "externalLockUpdate")
_LIST_STATUS = "listStatus"
_LIST_REFUSED = "REJECT"
_STP_EXPIRED = "EXPIRED_IN_MATCH"
_NO_REASON = "NONE"


class _Report(msgspec.Struct, gc=False, rename={"expiry_reason": "eR"}):
    E: int
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
    C: str = ""
    r: str = _NO_REASON
    expiry_reason: str = ""
    l: str = "0"  # noqa: E741 - the venue's own letter
    L: str = "0"
    n: str | None = None
    N: str | None = None
    t: int = -1
    m: bool = False
    P: str = "0"
    g: int = -1
    d: int = 0


class _Order(msgspec.Struct, rename="camel"):
    symbol: str
    order_id: int
    client_order_id: str
    price: str
    orig_qty: str
    executed_qty: str
    status: str
    type: str
    side: str
    time_in_force: str = "GTC"
    update_time: int = 0
    time: int = 0
    expiry_reason: str = ""
    stop_price: str = "0"
    order_list_id: int = -1
    trailing_delta: int = 0


class _Trade(msgspec.Struct, rename="camel"):
    symbol: str
    id: int
    order_id: int
    price: str
    qty: str
    commission: str
    commission_asset: str
    time: int
    is_buyer: bool
    is_maker: bool


class _Balance(msgspec.Struct):
    asset: str
    free: str
    locked: str


class _Account(msgspec.Struct):
    balances: list[_Balance]


class _Event(msgspec.Struct):
    e: str = ""


class _ListStatus(msgspec.Struct):
    L: str = ""
    r: str = ""


_REPORT = msgspec.json.Decoder(_Report)
_LIST = msgspec.json.Decoder(_ListStatus)
_ORDER = msgspec.json.Decoder(_Order)
_ORDERS = msgspec.json.Decoder(list[_Order])
_TRADES = msgspec.json.Decoder(list[_Trade])
_ACCOUNT = msgspec.json.Decoder(_Account)
_EVENT = msgspec.json.Decoder(_Event)


class Reported:
    """Instruments of a session by symbol, with the remembered texts of their numbers."""

    def __init__(self, instruments: list[Instrument]) -> None:
        self.by_symbol = {
            instrument.symbol: (
                instrument,
                price_table(instrument.price_exponent),
                quantity_table(instrument.quantity_exponent),
            )
            for instrument in instruments
        }


class Ended(msgspec.Struct, frozen=True):
    """The venue says that this subscription or connection ends."""

    reason: str


class AccountChanged(msgspec.Struct, frozen=True):
    """Something moved that no report of an order says; it has to be asked for."""

    reason: str


def event(
    raw: bytes, reported: Reported, *, received_at_ns: UtcNs
) -> OrderReport | AccountChanged | Ended | Unreadable | None:
    """Read one event of the user stream; None for kinds and symbols that are not ours.

    A listStatus says nothing that the reports of its orders do not, except a refusal.
    outboundAccountPosition follows each report of an order, so it is left out as well.
    """
    try:
        if not raw.startswith(_REPORT_STARTS):
            kind = _EVENT.decode(raw).e
            if kind != "executionReport":
                return _other_event(kind, raw)
        read = _REPORT.decode(raw)
        return _report(read, reported, received_at_ns) if read.s in reported.by_symbol else None
    except READ_ERRORS as error:
        return Unreadable(str(error))


def _other_event(kind: str, raw: bytes) -> AccountChanged | Ended | None:
    if kind in _ENDINGS:
        return Ended(kind)
    if kind in _CHANGES:
        return AccountChanged(kind)
    if kind == _LIST_STATUS:
        status = _LIST.decode(raw)
        if status.L == _LIST_REFUSED:
            return AccountChanged(f"{kind} {status.L}: {status.r[:80]}")
    return None


def _report(read: _Report, reported: Reported, received_at_ns: UtcNs) -> OrderReport:
    instrument, prices, quantities = reported.by_symbol[Symbol(read.s)]
    kind = _EXECUTIONS.get(read.x, ReportKind.STATUS)
    if kind is ReportKind.STATUS and read.X == _STP_EXPIRED:
        kind = ReportKind.EXPIRED
    execution = None
    if kind is ReportKind.FILLED:
        if read.t < 0:
            raise ValueError(f"a trade of order {read.i} has no id")
        execution = Execution(
            ExecId(str(read.t)),
            prices[read.L],
            quantities[read.l],
            amount_units(read.n or "0"),
            Asset(read.N or instrument.quote),
            LiquiditySide.MAKER if read.m else LiquiditySide.TAKER,
        )
    price = prices[read.p]
    reason = read.expiry_reason or read.r
    return OrderReport(
        kind=kind,
        client_order_id=ClientOrderId(read.C or read.c),
        venue_order_id=VenueOrderId(str(read.i)),
        symbol=instrument.symbol,
        side=side_of(read.S),
        order_type=_order_type(read.o, price, trailing_delta=read.d),
        time_in_force=time_of(read.f),
        price=price,
        quantity=quantities[read.q],
        cum_quantity=quantities[read.z],
        execution=execution,
        reason="" if reason == _NO_REASON else reason,
        status_text=read.X,
        venue_at_ns=instant(read.E),
        received_at_ns=received_at_ns,
        trigger_price=prices[read.P],
        order_list_id=_list_id(read.g),
    )


def order(
    body: bytes, instrument: Instrument, *, received_at_ns: UtcNs
) -> OrderReport | Unreadable:
    """Read the answer to a query of one order.

    The kind is ACKED while the order rests, the ending when it ended, and STATUS when it is
    filled, because its executions come from the trades.
    """
    try:
        return _status(_ORDER.decode(body), instrument, received_at_ns)
    except READ_ERRORS as error:
        return Unreadable(str(error), instrument.symbol)


def orders(
    body: bytes, instrument: Instrument, *, received_at_ns: UtcNs
) -> list[OrderReport] | Unreadable:
    """Read the answer to a query of orders of one symbol."""
    try:
        return [_status(read, instrument, received_at_ns) for read in _ORDERS.decode(body)]
    except READ_ERRORS as error:
        return Unreadable(str(error), instrument.symbol)


def _status(read: _Order, instrument: Instrument, received_at_ns: UtcNs) -> OrderReport:
    price = instrument.price(read.price)
    return OrderReport(
        kind=_STATUSES.get(read.status, ReportKind.STATUS),
        client_order_id=ClientOrderId(read.client_order_id),
        venue_order_id=VenueOrderId(str(read.order_id)),
        symbol=instrument.symbol,
        side=side_of(read.side),
        order_type=_order_type(read.type, price, trailing_delta=read.trailing_delta),
        time_in_force=time_of(read.time_in_force),
        price=price,
        quantity=instrument.quantity(read.orig_qty),
        cum_quantity=instrument.quantity(read.executed_qty),
        reason=read.expiry_reason,
        status_text=read.status,
        venue_at_ns=instant(read.update_time or read.time),
        received_at_ns=received_at_ns,
        source="query",
        trigger_price=instrument.price(read.stop_price),
        order_list_id=_list_id(read.order_list_id),
    )


def trades(body: bytes, instrument: Instrument) -> list[TradeReport] | Unreadable:
    """Read one page of the account's trades, in the venue's order."""
    try:
        return [_trade(read, instrument) for read in _TRADES.decode(body)]
    except READ_ERRORS as error:
        return Unreadable(str(error), instrument.symbol)


def _trade(read: _Trade, instrument: Instrument) -> TradeReport:
    return TradeReport(
        symbol=instrument.symbol,
        venue_order_id=VenueOrderId(str(read.order_id)),
        side=Side.BUY if read.is_buyer else Side.SELL,
        execution=Execution(
            ExecId(str(read.id)),
            instrument.price(read.price),
            instrument.quantity(read.qty),
            amount_units(read.commission),
            Asset(read.commission_asset),
            LiquiditySide.MAKER if read.is_maker else LiquiditySide.TAKER,
        ),
        venue_at_ns=instant(read.time),
    )


def balances(body: bytes) -> list[BalanceReport] | Unreadable:
    """Read every balance that is not zero."""
    try:
        totals = [
            BalanceReport(
                Asset(read.asset), _sum(amount_units(read.free), amount_units(read.locked))
            )
            for read in _ACCOUNT.decode(body).balances
        ]
    except READ_ERRORS as error:
        return Unreadable(str(error))
    return [balance for balance in totals if balance.total]


def _sum(free: AmountUnits, locked: AmountUnits) -> AmountUnits:
    return AmountUnits(free + locked)


def _order_type(text: str, price: PriceUnits, *, trailing_delta: int) -> OrderType:
    """Read an order type; one that is not known works as what its price makes of it."""
    if trailing_delta:
        return OrderType.TRAILING_STOP
    return _TYPES.get(text) or (OrderType.LIMIT if price else OrderType.MARKET)


def _list_id(number: int) -> str:
    return str(number) if number >= 0 else ""
