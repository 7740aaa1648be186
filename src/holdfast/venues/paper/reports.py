"""The simulated exchange's values as the domain's, and back; pure.

Both sides count in 10^-8, so prices and quantities pass as they are; amounts of assets are
counts of 10^-18 in the domain.
"""

from collections.abc import Callable

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import DEFAULT_EXPONENT, Instrument, Product
from holdfast.domain.market import (
    Bar,
    BookTop,
    DepthDiff,
    DepthSnapshot,
    MarketEvent,
    TradePrint,
)
from holdfast.domain.money import (
    AMOUNT_EXPONENT,
    AmountUnits,
    Asset,
    PriceUnits,
    QuantityUnits,
    to_text,
)
from holdfast.domain.order import LiquiditySide, NewOrder, OrderType, Side, TimeInForce
from holdfast.domain.submission import Acked, Rejected, Submission, Unknown
from holdfast.domain.venue import (
    CancelAcked,
    CancelAnswer,
    CancelRefused,
    Execution,
    OrderReport,
    ReportKind,
    TradeReport,
)
from holdfast.simexchange.filters import DUPLICATE
from holdfast.simexchange.model import Bar as Candle
from holdfast.simexchange.model import (
    Canceled,
    Depth,
    DepthView,
    OrderUpdate,
    OwnTrade,
    Placed,
    PlaceRequest,
    Record,
    Reject,
    SimOrder,
    SymbolRules,
    Ticker,
    Trade,
)
from holdfast.simexchange.numbers import parse_e8

DUPLICATE_MEANS = "an order with this id rests at the venue"
VENUE = "simulated"
_book_top: Callable[..., BookTop] = BookTop  # the same integers under the domain's types
_trade_print: Callable[..., TradePrint] = TradePrint
_depth_diff: Callable[..., DepthDiff] = DepthDiff
_depth_snapshot: Callable[..., DepthSnapshot] = DepthSnapshot
_TO_AMOUNT = 10 ** (AMOUNT_EXPONENT - DEFAULT_EXPONENT)
_NO_PREVIOUS = -1
_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
_ORDER_TYPES = {
    OrderType.LIMIT: "LIMIT",
    OrderType.MARKET: "MARKET",
    OrderType.LIMIT_MAKER: "LIMIT_MAKER",
}
_TYPES_BACK = {name: order_type for order_type, name in _ORDER_TYPES.items()}
_TIMES = {TimeInForce.GTC: "GTC", TimeInForce.IOC: "IOC", TimeInForce.FOK: "FOK"}
_TIMES_BACK = {name: time_in_force for time_in_force, name in _TIMES.items()}
_KINDS = {
    "NEW": ReportKind.ACKED,
    "TRADE": ReportKind.FILLED,
    "CANCELED": ReportKind.CANCELED,
    "EXPIRED": ReportKind.EXPIRED,
    "TRADE_PREVENTION": ReportKind.EXPIRED,
    "REJECTED": ReportKind.REJECTED,
}
_STATUSES = {
    "NEW": ReportKind.ACKED,
    "PARTIALLY_FILLED": ReportKind.ACKED,
    "CANCELED": ReportKind.CANCELED,
    "EXPIRED": ReportKind.EXPIRED,
    "EXPIRED_IN_MATCH": ReportKind.EXPIRED,
}


def instrument_of(rules: SymbolRules) -> Instrument:
    """Give a symbol's rules as an instrument in units of 10^-8; 0 stays "off"."""
    multipliers = {rules.bid_multiplier_up, rules.ask_multiplier_up}
    down = max(rules.bid_multiplier_down, rules.ask_multiplier_down)
    return Instrument(
        symbol=Symbol(rules.symbol),
        venue=VENUE,
        product=Product.SPOT if rules.product == "spot" else Product.LINEAR,
        base=Asset(rules.base),
        quote=Asset(rules.quote),
        settle=Asset(rules.quote),
        tick=PriceUnits(rules.tick),
        step=QuantityUnits(rules.step),
        market_step=QuantityUnits(rules.market_step),
        min_price=PriceUnits(rules.min_price),
        max_price=PriceUnits(rules.max_price),
        min_quantity=QuantityUnits(rules.min_quantity),
        max_quantity=QuantityUnits(rules.max_quantity),
        market_max_quantity=QuantityUnits(rules.market_max_quantity),
        min_notional=to_text(rules.min_notional, DEFAULT_EXPONENT),
        multiplier_up=to_text(min(multipliers), DEFAULT_EXPONENT) if all(multipliers) else "",
        multiplier_down=to_text(down, DEFAULT_EXPONENT) if down else "",
        status=rules.status,
    )


def market_event(record: Record) -> MarketEvent | None:
    """Give a record as the market sink takes it; None for a snapshot, which is asked for."""
    at_ns = record.at_ns
    if isinstance(record, Ticker):
        return _book_top(
            record.symbol,
            record.update_id,
            record.bid,
            record.bid_quantity,
            record.ask,
            record.ask_quantity,
            at_ns,
            at_ns,
        )
    if isinstance(record, Trade):
        return _trade_print(
            record.symbol,
            record.trade_id,
            record.price,
            record.quantity,
            record.buyer_is_maker,
            at_ns,
            at_ns,
        )
    if isinstance(record, Depth):
        return _depth_diff(
            record.symbol,
            record.first_id,
            record.last_id,
            record.prev_id or _NO_PREVIOUS,
            record.bids,
            record.asks,
            at_ns,
            at_ns,
        )
    return None


def depth_snapshot(view: DepthView, received_at_ns: UtcNs) -> DepthSnapshot:
    """Give a book as the snapshot that was asked for."""
    return _depth_snapshot(
        view.symbol, view.last_update_id, view.bids, view.asks, received_at_ns
    )


def unsupported(order: NewOrder) -> str:
    """Say why the simulated exchange cannot take an order; empty when it can."""
    if order.order_type not in _ORDER_TYPES:
        return f"the simulated exchange has no {order.order_type.value} orders"
    if order.time_in_force not in _TIMES:
        return f"the simulated exchange has no {order.time_in_force.value} orders"
    return ""


def place_request(order: NewOrder) -> PlaceRequest:
    """Give an order for which `unsupported` is empty as the exchange takes it, by its texts."""
    is_limit = order.order_type is OrderType.LIMIT
    return PlaceRequest(
        symbol=order.symbol,
        side=order.side.name,
        order_type=_ORDER_TYPES[order.order_type],
        time_in_force=_TIMES[order.time_in_force] if is_limit else "",
        quantity=parse_e8(order.quantity_text),
        price=0 if order.order_type is OrderType.MARKET else parse_e8(order.price_text),
        client_order_id=order.client_order_id,
        stp_mode=order.stp_mode.name,
    )


def report_of(update: OrderUpdate, received_at_ns: UtcNs) -> OrderReport:
    """Give an execution report of the user stream."""
    kind = _KINDS[update.execution_type]
    execution = None if update.trade is None else execution_of(update.trade)
    return _report(
        update.order,
        kind,
        execution=execution,
        venue_at_ns=UtcNs(update.at_ns),
        received_at_ns=received_at_ns,
        source="stream",
    )


def submission(outcome: Placed | Reject) -> Submission:
    """Give the answer to an order; that its id rests already is no proof of a rejection."""
    if isinstance(outcome, Placed):
        return Acked(VenueOrderId(str(outcome.order.order_id)))
    if outcome == DUPLICATE:
        return Unknown(DUPLICATE_MEANS)
    return Rejected(outcome.code, outcome.message)


def cancel_answer(outcome: Canceled | Reject) -> CancelAnswer:
    """Give the answer to a cancel."""
    if isinstance(outcome, Canceled):
        return CancelAcked(QuantityUnits(outcome.orders[0].cum_quantity))
    return CancelRefused(outcome.code, outcome.message)


def queried(order: SimOrder, received_at_ns: UtcNs) -> OrderReport:
    """Give the answer to a query; STATUS for a filled order, whose executions are trades."""
    return _report(
        order,
        _STATUSES.get(order.status, ReportKind.STATUS),
        execution=None,
        venue_at_ns=UtcNs(order.updated_ns),
        received_at_ns=received_at_ns,
        source="query",
    )


def execution_of(trade: OwnTrade) -> Execution:
    """Give the trade inside a report."""
    return Execution(
        ExecId(str(trade.trade_id)),
        PriceUnits(trade.price),
        QuantityUnits(trade.quantity),
        amount(trade.fee),
        Asset(trade.fee_asset),
        LiquiditySide.MAKER if trade.is_maker else LiquiditySide.TAKER,
    )


def trade_report(trade: OwnTrade) -> TradeReport:
    """Give an execution as the trade query does."""
    return TradeReport(
        symbol=Symbol(trade.symbol),
        venue_order_id=VenueOrderId(str(trade.order_id)),
        side=_SIDES[trade.side],
        execution=execution_of(trade),
        venue_at_ns=UtcNs(trade.at_ns),
    )


def bar_of(candle: Candle, interval_ns: int) -> Bar:
    """Give a candle as a bar."""
    return Bar(
        Symbol(candle.symbol),
        interval_ns,
        UtcNs(candle.open_ns),
        PriceUnits(candle.open),
        PriceUnits(candle.high),
        PriceUnits(candle.low),
        PriceUnits(candle.close),
        QuantityUnits(candle.volume),
        candle.trade_count,
    )


def amount(value: int) -> AmountUnits:
    """Give a count of 10^-8 as a count of 10^-18."""
    return AmountUnits(value * _TO_AMOUNT)


def _report(
    order: SimOrder,
    kind: ReportKind,
    *,
    execution: Execution | None,
    venue_at_ns: UtcNs,
    received_at_ns: UtcNs,
    source: str,
) -> OrderReport:
    return OrderReport(
        kind=kind,
        client_order_id=ClientOrderId(order.client_order_id),
        venue_order_id=VenueOrderId(str(order.order_id)),
        symbol=Symbol(order.symbol),
        side=_SIDES[order.side],
        order_type=_TYPES_BACK[order.order_type],
        time_in_force=_TIMES_BACK[order.time_in_force],
        price=PriceUnits(order.price),
        quantity=QuantityUnits(order.quantity),
        cum_quantity=QuantityUnits(order.cum_quantity),
        execution=execution,
        reason=order.expiry_reason,
        status_text=order.status,
        venue_at_ns=venue_at_ns,
        received_at_ns=received_at_ns,
        source=source,
    )
