"""USD-M's answers about orders and trades as values; `Unreadable` when they are none.

    order, orders            GET order, openOrders, allOrders
    algo_order, algo_orders  GET algoOrder, openAlgoOrders, allAlgoOrders
    trades                   GET userTrades

Orders of triggered stops are given under the stop's client id as far as `stops` knows it. Rows
of algo orders teach it, so ask for those first after a start.
"""

import msgspec

from holdfast.domain.ids import ClientOrderId, ExecId, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import Asset, amount_units
from holdfast.domain.order import LiquiditySide
from holdfast.domain.venue import Execution, OrderReport, ReportKind, TradeReport
from holdfast.venues.binance.wire.numbers import instant
from holdfast.venues.binance.wire.stops import TriggeredStops
from holdfast.venues.binance.wire.unreadable import READ_ERRORS, Unreadable
from holdfast.venues.binance.wire.usdm_words import (
    ALGO_STATUSES,
    algo_venue_id,
    order_type_of,
)
from holdfast.venues.binance.wire.words import (
    origin_of,
    position_side_of,
    side_of,
    time_of,
)

_STATUSES = {
    "NEW": ReportKind.ACKED,
    "PARTIALLY_FILLED": ReportKind.ACKED,
    "CANCELED": ReportKind.CANCELED,
    "EXPIRED": ReportKind.EXPIRED,
    "EXPIRED_IN_MATCH": ReportKind.EXPIRED,
    "REJECTED": ReportKind.REJECTED,
}


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
    orig_type: str = ""
    time_in_force: str = "GTC"
    position_side: str = "BOTH"
    reduce_only: bool = False
    stop_price: str = "0"
    update_time: int = 0
    time: int = 0


class _Algo(msgspec.Struct, rename="camel"):
    symbol: str
    algo_id: int
    client_algo_id: str
    order_type: str
    side: str
    algo_status: str
    quantity: str | None = None
    price: str | None = None
    trigger_price: str | None = None
    actual_order_id: str | int | None = None
    actual_qty: str | None = None
    time_in_force: str = "GTC"
    position_side: str = "BOTH"
    reduce_only: bool = False
    update_time: int = 0
    create_time: int = 0


class _Trade(msgspec.Struct, rename="camel"):
    symbol: str
    id: int
    order_id: int
    side: str
    price: str
    qty: str
    commission: str
    commission_asset: str
    time: int
    realized_pnl: str = "0"
    position_side: str = "BOTH"
    maker: bool = False


_ORDER = msgspec.json.Decoder(_Order)
_ORDERS = msgspec.json.Decoder(list[_Order])
_ALGO = msgspec.json.Decoder(_Algo)
_ALGOS = msgspec.json.Decoder(list[_Algo])
_TRADES = msgspec.json.Decoder(list[_Trade])


def order(
    body: bytes, instrument: Instrument, *, stops: TriggeredStops, received_at_ns: UtcNs
) -> OrderReport | Unreadable:
    """Read one order; the kind is as of spot's queries: a filled one is STATUS."""
    try:
        return _status(_ORDER.decode(body), instrument, stops, received_at_ns=received_at_ns)
    except READ_ERRORS as error:
        return Unreadable(str(error), instrument.symbol)


def orders(
    body: bytes, instrument: Instrument, *, stops: TriggeredStops, received_at_ns: UtcNs
) -> list[OrderReport] | Unreadable:
    """Read orders of one symbol, in the venue's order."""
    try:
        return [
            _status(read, instrument, stops, received_at_ns=received_at_ns)
            for read in _ORDERS.decode(body)
        ]
    except READ_ERRORS as error:
        return Unreadable(str(error), instrument.symbol)


def _status(
    read: _Order, instrument: Instrument, stops: TriggeredStops, *, received_at_ns: UtcNs
) -> OrderReport:
    price = instrument.price(read.price)
    venue_order_id = VenueOrderId(str(read.order_id))
    own_id = ClientOrderId(read.client_order_id)
    return OrderReport(
        kind=_STATUSES.get(read.status, ReportKind.STATUS),
        client_order_id=stops.stop_of(venue_order_id) or own_id,
        venue_order_id=venue_order_id,
        symbol=instrument.symbol,
        side=side_of(read.side),
        order_type=order_type_of(
            read.type, read.orig_type, price=price, time=read.time_in_force
        ),
        time_in_force=time_of(read.time_in_force),
        price=price,
        quantity=instrument.quantity(read.orig_qty),
        cum_quantity=instrument.quantity(read.executed_qty),
        status_text=read.status,
        venue_at_ns=instant(read.update_time or read.time),
        received_at_ns=received_at_ns,
        source="query",
        position_side=position_side_of(read.position_side),
        reduce_only=read.reduce_only,
        trigger_price=instrument.price(read.stop_price),
        origin=origin_of(own_id),
    )


def algo_order(
    body: bytes, instrument: Instrument, *, stops: TriggeredStops, received_at_ns: UtcNs
) -> OrderReport | Unreadable:
    """Read one conditional order.

    Its id is `algo:N` while it waits and its order's id afterwards. FINISHED is STATUS: ask for
    that order, because what became of it stands there.
    """
    try:
        return _algo(_ALGO.decode(body), instrument, stops, received_at_ns=received_at_ns)
    except READ_ERRORS as error:
        return Unreadable(str(error), instrument.symbol)


def algo_orders(
    body: bytes, instrument: Instrument, *, stops: TriggeredStops, received_at_ns: UtcNs
) -> list[OrderReport] | Unreadable:
    """Read conditional orders of one symbol, in the venue's order."""
    try:
        return [
            _algo(read, instrument, stops, received_at_ns=received_at_ns)
            for read in _ALGOS.decode(body)
        ]
    except READ_ERRORS as error:
        return Unreadable(str(error), instrument.symbol)


def _algo(
    read: _Algo, instrument: Instrument, stops: TriggeredStops, *, received_at_ns: UtcNs
) -> OrderReport:
    price = instrument.price(read.price or "0")
    own_id = ClientOrderId(read.client_algo_id)
    venue_order_id, is_triggered = algo_venue_id(read.algo_id, read.actual_order_id)
    if is_triggered:
        stops.note(venue_order_id, own_id)
    return OrderReport(
        kind=ALGO_STATUSES.get(read.algo_status, ReportKind.STATUS),
        client_order_id=own_id,
        venue_order_id=venue_order_id,
        symbol=instrument.symbol,
        side=side_of(read.side),
        order_type=order_type_of(read.order_type, "", price=price, time=read.time_in_force),
        time_in_force=time_of(read.time_in_force),
        price=price,
        quantity=instrument.quantity(read.quantity or "0"),
        cum_quantity=instrument.quantity(read.actual_qty or "0"),
        status_text=read.algo_status,
        venue_at_ns=instant(read.update_time or read.create_time),
        received_at_ns=received_at_ns,
        source="query",
        position_side=position_side_of(read.position_side),
        reduce_only=read.reduce_only,
        trigger_price=instrument.price(read.trigger_price or "0"),
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
        side=side_of(read.side),
        execution=Execution(
            ExecId(str(read.id)),
            instrument.price(read.price),
            instrument.quantity(read.qty),
            amount_units(read.commission),
            Asset(read.commission_asset),
            LiquiditySide.MAKER if read.maker else LiquiditySide.TAKER,
            amount_units(read.realized_pnl),
        ),
        venue_at_ns=instant(read.time),
        position_side=position_side_of(read.position_side),
    )
