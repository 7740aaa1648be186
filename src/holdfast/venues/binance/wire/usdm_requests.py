"""What USD-M is asked: orders, conditional orders of the algo service, cancels.

`obstacle` says why something cannot be asked, before anything is written. Source: Binance's
USD-M documents of new order and new algo order; conditional types are refused at the plain
interface since 2025-12-02.
"""

from holdfast.domain.instant import NS_PER_MS, NS_PER_S
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import to_text
from holdfast.domain.order import (
    NewOrder,
    OrderType,
    PositionSide,
    Side,
    StpMode,
    TimeInForce,
    TriggerPrice,
)
from holdfast.domain.venue import CancelOrder
from holdfast.venues.binance.wire.requests import PLACE, Call, Params
from holdfast.venues.binance.wire.usdm_words import ORDER_TYPE_TEXTS
from holdfast.venues.binance.wire.words import (
    ALGO_PREFIX,
    POSITION_SIDE_TEXTS,
    POST_ONLY,
    SIDE_TEXTS,
    STP_TEXTS,
    TIME_TEXTS,
    is_conditional,
)

ORDER_PATH = "/fapi/v1/order"
ALGO_PATH = "/fapi/v1/algoOrder"
ALGO_CANCEL = "algoOrder.cancel"
LEAST_CALLBACK_BPS = 10
MOST_CALLBACK_BPS = 1_000

_LIMIT = OrderType.LIMIT
_MARKET = OrderType.MARKET
_LIMIT_MAKER = OrderType.LIMIT_MAKER
_TRAILING = OrderType.TRAILING_STOP
_PLAIN = (_LIMIT, _MARKET, _LIMIT_MAKER)
_LIMITED = (OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT_LIMIT)
_GTD = TimeInForce.GTD
_BOTH = PositionSide.BOTH
_SPOT_MODES = (StpMode.DECREMENT, StpMode.TRANSFER)
_REDUCING = ((PositionSide.LONG, Side.SELL), (PositionSide.SHORT, Side.BUY))
_WORKING = {TriggerPrice.LAST: "CONTRACT_PRICE", TriggerPrice.MARK: "MARK_PRICE"}


def obstacle(order: NewOrder) -> str:
    """Say why USD-M cannot have an order; empty when it can."""
    if order.stp_mode in _SPOT_MODES:
        return f"USD-M has no self-trade mode {order.stp_mode.value}"
    if order.display_quantity:
        return "USD-M shows the whole quantity of an order"
    if order.time_in_force is _GTD:
        if order.order_type is _LIMIT_MAKER or not _is_limited(order):
            return "only limit orders that may take can be good till a date"
        if order.good_till_ns <= 0:
            return "an order that is good till a date needs the date"
    if order.reduce_only and not _may_reduce(order):
        return "this side of this position side opens, it cannot be reduce-only"
    return "" if order.order_type in _PLAIN else _trigger_obstacle(order)


def is_plain(order: NewOrder) -> bool:
    """Tell whether an order fits a template."""
    return order.order_type in _PLAIN and order.time_in_force is not _GTD


def _may_reduce(order: NewOrder) -> bool:
    return order.position_side is _BOTH or (order.position_side, order.side) in _REDUCING


def _trigger_obstacle(order: NewOrder) -> str:
    if order.order_type is _TRAILING:
        if not LEAST_CALLBACK_BPS <= order.callback_bps <= MOST_CALLBACK_BPS:
            return (
                f"a trailing stop follows at {LEAST_CALLBACK_BPS} to {MOST_CALLBACK_BPS} basis "
                f"points, not at {order.callback_bps}"
            )
        return "a trailing stop of USD-M has no limit price" if order.price else ""
    if order.trigger_price <= 0:
        return f"a {order.order_type.value} order needs its trigger price"
    if order.order_type in _LIMITED and order.price <= 0:
        return f"a {order.order_type.value} order needs its limit price"
    return ""


def plain_params(order: NewOrder) -> Params:
    """Name what a plain order says, without key, time and signature, sorted by name."""
    params = _common(order)
    params["newClientOrderId"] = order.client_order_id
    params["newOrderRespType"] = "ACK"
    return dict(sorted(params.items()))


def place(order: NewOrder, instrument: Instrument) -> Call:
    """Ask for one order of any type; what waits for a trigger goes to the algo service."""
    if not is_conditional(order.order_type):
        return Call(PLACE, "POST", ORDER_PATH, plain_params(order))
    params = _common(order)
    params["algoType"] = "CONDITIONAL"
    params["clientAlgoId"] = order.client_order_id
    params["workingType"] = _WORKING[order.trigger_by]
    if order.order_type is _TRAILING:
        params["callbackRate"] = to_text(order.callback_bps, 2)
        if order.activation_price:
            params["activatePrice"] = instrument.price_text(order.activation_price)
    else:
        params["triggerPrice"] = instrument.price_text(order.trigger_price)
    return Call("algoOrder.place", "POST", ALGO_PATH, dict(sorted(params.items())))


def cancel_order(cancel: CancelOrder) -> Call:
    """Ask for a cancel where the order is: a stop waits at the algo service until its trigger.

    A stop that was triggered is an order of another client id, so it is named by its number.
    """
    if is_conditional(cancel.order_type):
        if not cancel.venue_order_id or cancel.venue_order_id.startswith(ALGO_PREFIX):
            params: Params = {"clientAlgoId": cancel.client_order_id}
            return Call(ALGO_CANCEL, "DELETE", ALGO_PATH, params)
        params = {"orderId": cancel.venue_order_id, "symbol": cancel.symbol}
        return Call("order.cancel", "DELETE", ORDER_PATH, params)
    params = {"origClientOrderId": cancel.client_order_id, "symbol": cancel.symbol}
    return Call("order.cancel", "DELETE", ORDER_PATH, params)


def _common(order: NewOrder) -> Params:
    params: Params = {
        "quantity": order.quantity_text,
        "selfTradePreventionMode": STP_TEXTS[order.stp_mode],
        "side": SIDE_TEXTS[order.side],
        "symbol": order.symbol,
        "type": ORDER_TYPE_TEXTS[order.order_type],
    }
    if _is_limited(order):
        params["price"] = order.price_text
        is_maker = order.order_type is _LIMIT_MAKER
        params["timeInForce"] = POST_ONLY if is_maker else TIME_TEXTS[order.time_in_force]
    if order.time_in_force is _GTD:
        params["goodTillDate"] = order.good_till_ns // NS_PER_S * (NS_PER_S // NS_PER_MS)
    if order.position_side is not _BOTH:
        params["positionSide"] = POSITION_SIDE_TEXTS[order.position_side]
    elif order.reduce_only:
        params["reduceOnly"] = "true"
    return params


def _is_limited(order: NewOrder) -> bool:
    kind = order.order_type
    return kind is _LIMIT or kind is _LIMIT_MAKER or kind in _LIMITED
