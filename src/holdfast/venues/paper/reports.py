"""The simulated exchange's values as the domain's, and back; pure.

Both sides count in 10^-8, so prices and quantities pass as they are; amounts of assets are
counts of 10^-18 in the domain.
"""

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from holdfast.domain.ids import ClientOrderId, ExecId, Symbol, VenueOrderId
from holdfast.domain.instant import UtcNs
from holdfast.domain.instrument import DEFAULT_EXPONENT, Instrument, Product
from holdfast.domain.market import (
    Bar,
    BookTop,
    DepthDiff,
    DepthSnapshot,
    MarketEvent,
    MarkPrice,
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
from holdfast.domain.order import Contingency, LiquiditySide, OrderType, Side, TimeInForce
from holdfast.domain.venue import (
    Execution,
    OrderReport,
    ReportKind,
    TradeReport,
)
from holdfast.simexchange.futures.model import FuturesTrade
from holdfast.simexchange.model import Bar as Candle
from holdfast.simexchange.model import (
    Depth,
    DepthView,
    Mark,
    OrderUpdate,
    OwnTrade,
    Record,
    SimOrder,
    SymbolRules,
    Ticker,
    Trade,
)

VENUE = "simulated"
_book_top: Callable[..., BookTop] = BookTop  # the same integers under the domain's types
_trade_print: Callable[..., TradePrint] = TradePrint
_mark_price: Callable[..., MarkPrice] = MarkPrice
_depth_diff: Callable[..., DepthDiff] = DepthDiff
_depth_snapshot: Callable[..., DepthSnapshot] = DepthSnapshot
_TO_AMOUNT = 10 ** (AMOUNT_EXPONENT - DEFAULT_EXPONENT)
_NO_PREVIOUS = -1
SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}
TIMES = {
    "GTC": TimeInForce.GTC,
    "IOC": TimeInForce.IOC,
    "FOK": TimeInForce.FOK,
    "GTD": TimeInForce.GTD,
}
_ORDER_TYPES = {
    "LIMIT": OrderType.LIMIT,
    "MARKET": OrderType.MARKET,
    "LIMIT_MAKER": OrderType.LIMIT_MAKER,
    "STOP_LOSS": OrderType.STOP_MARKET,
    "STOP_LOSS_LIMIT": OrderType.STOP_LIMIT,
    "TAKE_PROFIT": OrderType.TAKE_PROFIT_MARKET,
    "TAKE_PROFIT_LIMIT": OrderType.TAKE_PROFIT_LIMIT,
}
_KINDS = {
    "NEW": ReportKind.ACKED,
    "REPLACED": ReportKind.STATUS,
    "TRADE": ReportKind.FILLED,
    "CANCELED": ReportKind.CANCELED,
    "EXPIRED": ReportKind.EXPIRED,
    "TRADE_PREVENTION": ReportKind.EXPIRED,
    "REJECTED": ReportKind.REJECTED,
}
_OPEN = ("NEW", "PARTIALLY_FILLED")
_STATUSES = {
    "NEW": ReportKind.ACKED,
    "PENDING_NEW": ReportKind.ACKED,
    "PARTIALLY_FILLED": ReportKind.ACKED,
    "CANCELED": ReportKind.CANCELED,
    "EXPIRED": ReportKind.EXPIRED,
    "EXPIRED_IN_MATCH": ReportKind.EXPIRED,
}


def instrument_of(rules: SymbolRules) -> Instrument:
    """Give a symbol's rules as an instrument in units of 10^-8; 0 stays "off".

    The same rules over a wire make the same instrument, so that the gates of a replay pass and
    refuse what those of a run in paper mode do.
    """
    text = partial(to_text, exponent=DEFAULT_EXPONENT)
    multipliers = {rules.bid_multiplier_up, rules.ask_multiplier_up}
    down = max(rules.bid_multiplier_down, rules.ask_multiplier_down)
    instrument = Instrument(
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
        market_min_quantity=QuantityUnits(rules.market_min_quantity),
        min_notional=text(rules.min_notional),
        multiplier_up=text(min(multipliers)) if all(multipliers) else "",
        multiplier_down=text(down) if down else "",
        status=rules.status,
        max_orders_count=rules.max_orders,
        has_icebergs=rules.product == "spot",
    )
    return _of_spot(instrument, rules) if rules.product == "spot" else instrument


def _of_spot(instrument: Instrument, rules: SymbolRules) -> Instrument:
    """Add what spot alone has: lists, icebergs, bounds by side, and counts of stops."""

    def bound(multiplier: int) -> str:
        return to_text(multiplier, DEFAULT_EXPONENT) if multiplier else ""

    return replace(
        instrument,
        bid_multiplier_up=bound(rules.bid_multiplier_up),
        bid_multiplier_down=bound(rules.bid_multiplier_down),
        ask_multiplier_up=bound(rules.ask_multiplier_up),
        ask_multiplier_down=bound(rules.ask_multiplier_down),
        average_price_minutes=rules.notional_average_minutes,
        max_notional=to_text(rules.max_notional, DEFAULT_EXPONENT),
        min_notional_on_market=rules.min_notional_on_market,
        max_notional_on_market=rules.max_notional_on_market,
        max_algo_orders_count=rules.max_algo_orders,
        max_iceberg_orders_count=rules.max_iceberg_orders,
        max_order_lists_count=rules.max_order_lists,
        iceberg_parts_count=rules.iceberg_parts,
        max_position=QuantityUnits(rules.max_position),
        min_trailing_above_bps=rules.trailing_above[0],
        max_trailing_above_bps=rules.trailing_above[1],
        min_trailing_below_bps=rules.trailing_below[0],
        max_trailing_below_bps=rules.trailing_below[1],
        order_lists=tuple(kind.value for kind in Contingency),
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
    if isinstance(record, Mark):
        return _mark_price(
            record.symbol,
            record.mark,
            record.index,
            to_text(record.funding_rate, DEFAULT_EXPONENT),
            record.next_funding_ns,
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


def report_of(update: OrderUpdate, received_at_ns: UtcNs) -> OrderReport:
    """Give an execution report of the user stream; a prevented match may leave an order."""
    kind = _KINDS[update.execution_type]
    if update.execution_type == "TRADE_PREVENTION" and update.order.status in _OPEN:
        kind = ReportKind.STATUS
    execution = None if update.trade is None else execution_of(update.trade)
    return _report(
        update.order,
        kind,
        execution=execution,
        venue_at_ns=UtcNs(update.at_ns),
        received_at_ns=received_at_ns,
        source="stream",
    )


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
        amount(trade.realized) if isinstance(trade, FuturesTrade) else None,
    )


def trade_report(trade: OwnTrade) -> TradeReport:
    """Give an execution as the trade query does."""
    return TradeReport(
        symbol=Symbol(trade.symbol),
        venue_order_id=VenueOrderId(str(trade.order_id)),
        side=SIDES[trade.side],
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
        side=SIDES[order.side],
        order_type=_order_type(order),
        time_in_force=TIMES[order.time_in_force],
        price=PriceUnits(order.price),
        quantity=QuantityUnits(order.quantity),
        cum_quantity=QuantityUnits(order.cum_quantity),
        execution=execution,
        reason=order.expiry_reason,
        status_text=order.status,
        venue_at_ns=venue_at_ns,
        received_at_ns=received_at_ns,
        source=source,
        trigger_price=PriceUnits(order.stop_price),
    )


def _order_type(order: SimOrder) -> OrderType:
    """Give the domain's type; a stop that trails is a type of its own there."""
    return OrderType.TRAILING_STOP if order.trailing_delta else _ORDER_TYPES[order.order_type]
