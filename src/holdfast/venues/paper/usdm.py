"""What the USD-M side of the simulated exchange is asked, and what it reports; pure.

A conditional order is known by the client id of the stop from first to last: as `algo:N` while
it waits, and under the number of its plain order once it was triggered.
"""

from holdfast.domain.ids import ClientOrderId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import DEFAULT_EXPONENT
from holdfast.domain.money import Asset, PriceUnits, QuantityUnits, to_text
from holdfast.domain.order import (
    NewOrder,
    OrderType,
    Origin,
    PositionSide,
    TimeInForce,
    TriggerPrice,
)
from holdfast.domain.venue import (
    CancelOrder,
    IncomeReport,
    OrderReport,
    PositionReport,
    ReportKind,
    TradeReport,
)
from holdfast.simexchange.futures.liquidation import DELEVERAGING, LIQUIDATION, SETTLEMENT
from holdfast.simexchange.futures.model import (
    AlgoOrder,
    FuturesOrder,
    FuturesOrderUpdate,
    FuturesTrade,
    Income,
    PositionView,
)
from holdfast.simexchange.futures.requests import (
    AlgoCancel,
    AlgoPlace,
    FuturesCancel,
    FuturesPlace,
)
from holdfast.simexchange.numbers import E8, parse_e8
from holdfast.venues.paper.reports import SIDES, TIMES, amount, execution_of

ALGO_PREFIX = "algo:"
OWN_EXECUTIONS = ("REALIZED_PNL", "COMMISSION")
"""Income that the reports of executions name already."""
_TYPES = {
    OrderType.LIMIT: "LIMIT",
    OrderType.LIMIT_MAKER: "LIMIT",
    OrderType.MARKET: "MARKET",
    OrderType.STOP_MARKET: "STOP_MARKET",
    OrderType.STOP_LIMIT: "STOP",
    OrderType.TAKE_PROFIT_MARKET: "TAKE_PROFIT_MARKET",
    OrderType.TAKE_PROFIT_LIMIT: "TAKE_PROFIT",
    OrderType.TRAILING_STOP: "TRAILING_STOP_MARKET",
}
_CONDITIONAL = {
    "STOP_MARKET": OrderType.STOP_MARKET,
    "STOP": OrderType.STOP_LIMIT,
    "TAKE_PROFIT_MARKET": OrderType.TAKE_PROFIT_MARKET,
    "TAKE_PROFIT": OrderType.TAKE_PROFIT_LIMIT,
    "TRAILING_STOP_MARKET": OrderType.TRAILING_STOP,
}
_LIMITED = ("LIMIT", "STOP", "TAKE_PROFIT")
_POSITION_SIDES = {side.name: side for side in PositionSide}
_ORIGINS = (
    (LIQUIDATION, Origin.LIQUIDATION),
    (DELEVERAGING, Origin.ADL),
    (SETTLEMENT, Origin.SETTLEMENT),
)
_KINDS = {
    "NEW": ReportKind.ACKED,
    "TRADE": ReportKind.FILLED,
    "CALCULATED": ReportKind.FILLED,
    "CANCELED": ReportKind.CANCELED,
    "EXPIRED": ReportKind.EXPIRED,
    "AMENDMENT": ReportKind.STATUS,
}
_STATUSES = {
    "NEW": ReportKind.ACKED,
    "PARTIALLY_FILLED": ReportKind.ACKED,
    "CANCELED": ReportKind.CANCELED,
    "EXPIRED": ReportKind.EXPIRED,
    "EXPIRED_IN_MATCH": ReportKind.EXPIRED,
}
_ALGO_STATUSES = {
    "NEW": ReportKind.ACKED,
    "TRIGGERING": ReportKind.STATUS,
    "TRIGGERED": ReportKind.ACKED,
    "FINISHED": ReportKind.STATUS,
    "CANCELED": ReportKind.CANCELED,
    "EXPIRED": ReportKind.EXPIRED,
    "REJECTED": ReportKind.REJECTED,
}
_BPS_TO_PERCENT_E8 = E8 // 100


def obstacle(order: NewOrder) -> str:
    """Say why USD-M cannot have an order; empty when it can."""
    if order.display_quantity:
        return "USD-M shows the whole quantity of an order"
    if order.time_in_force is TimeInForce.GTD and _type(order) not in _LIMITED:
        return "only limit orders that may take can be good till a date"
    return ""


def place_request(order: NewOrder) -> FuturesPlace | AlgoPlace:
    """Give an order without an obstacle; what waits for a trigger goes to the algo book."""
    order_type = _type(order)
    is_limited = order_type in _LIMITED
    is_maker = order.order_type is OrderType.LIMIT_MAKER
    is_one_way = order.position_side is PositionSide.BOTH
    time_in_force = ("GTX" if is_maker else order.time_in_force.name) if is_limited else ""
    plain = FuturesPlace(
        symbol=order.symbol,
        side=order.side.name,
        order_type=order_type,
        position_side=order.position_side.name,
        time_in_force=time_in_force,
        quantity=parse_e8(order.quantity_text),
        price=parse_e8(order.price_text) if is_limited else 0,
        reduce_only=(order.reduce_only or None) if is_one_way else None,
        client_order_id=order.client_order_id,
        stp_mode=order.stp_mode.name,
        good_till_ns=order.good_till_ns,
    )
    return _algo_request(order, plain) if order_type in _CONDITIONAL else plain


def cancel_request(cancel: CancelOrder) -> FuturesCancel | AlgoCancel:
    """Give a cancel where the order is: in the algo book until it is triggered."""
    if cancel.order_type.name not in ("LIMIT", "MARKET", "LIMIT_MAKER"):
        order_id = cancel.venue_order_id
        if not order_id or order_id.startswith(ALGO_PREFIX):
            return AlgoCancel(client_algo_id=cancel.client_order_id)
        return FuturesCancel(symbol=cancel.symbol, order_id=int(order_id))
    return FuturesCancel(symbol=cancel.symbol, original_client_order_id=cancel.client_order_id)


def report_of(
    update: FuturesOrderUpdate, *, stop: ClientOrderId | None, received_at_ns: UtcNs
) -> OrderReport:
    """Give an ORDER_TRADE_UPDATE; `stop` is the client id of what was triggered, if any."""
    trade = update.trade
    return _report(
        update.order,
        _KINDS[update.execution_type],
        trade=trade,
        stop=stop,
        venue_at_ns=UtcNs(update.at_ns),
        received_at_ns=received_at_ns,
        source="stream",
    )


def queried(
    order: FuturesOrder, *, stop: ClientOrderId | None, received_at_ns: UtcNs
) -> OrderReport:
    """Give the answer to a query; STATUS for a filled order, whose executions are trades."""
    return _report(
        order,
        _STATUSES.get(order.status, ReportKind.STATUS),
        trade=None,
        stop=stop,
        venue_at_ns=UtcNs(order.updated_ns),
        received_at_ns=received_at_ns,
        source="query",
    )


def algo_report(algo: AlgoOrder, *, received_at_ns: UtcNs, source: str) -> OrderReport:
    """Give the state of a conditional order."""
    return OrderReport(
        kind=_ALGO_STATUSES[algo.status],
        client_order_id=ClientOrderId(algo.client_algo_id),
        venue_order_id=algo_order_id(algo),
        symbol=Symbol(algo.symbol),
        side=SIDES[algo.side],
        order_type=_CONDITIONAL[algo.order_type],
        time_in_force=_time(algo.time_in_force),
        price=PriceUnits(algo.price),
        quantity=QuantityUnits(algo.quantity),
        cum_quantity=QuantityUnits(algo.actual_quantity),
        reason=algo.reject_reason,
        status_text=algo.status,
        venue_at_ns=UtcNs(algo.updated_ns),
        received_at_ns=received_at_ns,
        source=source,
        position_side=_POSITION_SIDES[algo.position_side],
        reduce_only=algo.reduce_only,
        trigger_price=PriceUnits(algo.trigger_price),
    )


def algo_order_id(algo: AlgoOrder) -> VenueOrderId:
    """Name a conditional order: by its own number, after the trigger by its plain order's."""
    return VenueOrderId(
        str(algo.actual_order_id) if algo.actual_order_id else f"{ALGO_PREFIX}{algo.algo_id}"
    )


def trade_report(trade: FuturesTrade) -> TradeReport:
    """Give an execution as the trade query does."""
    return TradeReport(
        symbol=Symbol(trade.symbol),
        venue_order_id=VenueOrderId(str(trade.order_id)),
        side=SIDES[trade.side],
        execution=execution_of(trade),
        venue_at_ns=UtcNs(trade.at_ns),
        position_side=_POSITION_SIDES[trade.position_side],
    )


def position_report(view: PositionView) -> PositionReport:
    """Give a position; its entry price has no more digits than the exchange shows."""
    liquidation = view.liquidation_price
    return PositionReport(
        symbol=Symbol(view.symbol),
        position_side=_POSITION_SIDES[view.side],
        quantity=QuantityUnits(view.quantity),
        entry_price=to_text(view.entry_price, DEFAULT_EXPONENT),
        mark_price=to_text(view.mark_price, DEFAULT_EXPONENT),
        liquidation_price=to_text(liquidation, DEFAULT_EXPONENT) if liquidation else "",
        leverage=view.leverage,
        margin_type=view.margin_type,
    )


def income_report(income: Income) -> IncomeReport:
    """Give a movement of a wallet."""
    return IncomeReport(
        tran_id=str(income.tran_id),
        kind=income.kind,
        symbol=Symbol(income.symbol),
        asset=Asset(income.asset),
        amount=amount(income.amount),
        trade_id=str(income.trade_id) if income.trade_id else "",
        venue_at_ns=UtcNs(income.at_ns),
    )


def _algo_request(order: NewOrder, plain: FuturesPlace) -> AlgoPlace:
    return AlgoPlace(
        symbol=plain.symbol,
        side=plain.side,
        order_type=plain.order_type,
        position_side=plain.position_side,
        time_in_force=plain.time_in_force,
        quantity=plain.quantity,
        price=plain.price,
        trigger_price=order.trigger_price,
        working_type=(
            "MARK_PRICE" if order.trigger_by is TriggerPrice.MARK else "CONTRACT_PRICE"
        ),
        reduce_only=plain.reduce_only,
        client_algo_id=plain.client_order_id,
        stp_mode=plain.stp_mode,
        good_till_ns=plain.good_till_ns,
        activate_price=order.activation_price,
        callback_rate=order.callback_bps * _BPS_TO_PERCENT_E8,
    )


def _report(
    order: FuturesOrder,
    kind: ReportKind,
    *,
    trade: FuturesTrade | None,
    stop: ClientOrderId | None,
    venue_at_ns: UtcNs,
    received_at_ns: UtcNs,
    source: str,
) -> OrderReport:
    return OrderReport(
        kind=kind,
        client_order_id=stop or ClientOrderId(order.client_order_id),
        venue_order_id=VenueOrderId(str(order.order_id)),
        symbol=Symbol(order.symbol),
        side=SIDES[order.side],
        order_type=_order_type(order),
        time_in_force=_time(order.time_in_force),
        price=PriceUnits(order.price),
        quantity=QuantityUnits(order.quantity),
        cum_quantity=QuantityUnits(order.cum_quantity),
        execution=None if trade is None else execution_of(trade),
        reason=order.expiry_reason,
        status_text=order.status,
        venue_at_ns=venue_at_ns,
        received_at_ns=received_at_ns,
        source=source,
        position_side=_POSITION_SIDES[order.position_side],
        reduce_only=order.reduce_only,
        trigger_price=PriceUnits(order.trigger_price),
        origin=_origin(order.client_order_id),
    )


def _order_type(order: FuturesOrder) -> OrderType:
    conditional = _CONDITIONAL.get(order.original_type)
    if conditional is not None:
        return conditional
    if order.order_type == "MARKET":
        return OrderType.MARKET
    return OrderType.LIMIT_MAKER if order.time_in_force == "GTX" else OrderType.LIMIT


def _origin(client_order_id: str) -> Origin:
    for start, origin in _ORIGINS:
        if client_order_id.startswith(start):
            return origin
    return Origin.REQUEST


def _time(text: str) -> TimeInForce:
    return TIMES.get(text, TimeInForce.GTC)


def _type(order: NewOrder) -> str:
    return _TYPES[order.order_type]
