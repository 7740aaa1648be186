"""What spot is asked: orders, order lists, cancel-and-replace, cancels.

`obstacle` and `list_obstacle` say why something cannot be asked, before anything is written;
the other functions are given only what has no obstacle. Source: the spot documents of new
order, order lists and cancel-and-replace.
"""

from holdfast.domain.instrument import Instrument
from holdfast.domain.order import (
    NewOrder,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    TriggerPrice,
)
from holdfast.domain.venue import CancelOrder
from holdfast.venues.binance.wire.requests import PLACE, Call, Params
from holdfast.venues.binance.wire.words import (
    SIDE_TEXTS,
    STP_TEXTS,
    TIME_TEXTS,
    is_conditional,
)

ORDER_PATH = "/api/v3/order"
REPLACE_PATH = "/api/v3/order/cancelReplace"
LIST_PATHS = {
    "OCO": "/api/v3/orderList/oco",
    "OTO": "/api/v3/orderList/oto",
    "OTOCO": "/api/v3/orderList/otoco",
}
LIST_SIZES = {"OCO": 2, "OTO": 2, "OTOCO": 3}

_LIMIT = OrderType.LIMIT
_MARKET = OrderType.MARKET
_LIMIT_MAKER = OrderType.LIMIT_MAKER
_TRAILING = OrderType.TRAILING_STOP
_PLAIN = (_LIMIT, _MARKET, _LIMIT_MAKER)
_WORKING = (_LIMIT, _LIMIT_MAKER)
_STOPS = (OrderType.STOP_MARKET, OrderType.STOP_LIMIT, _TRAILING)
_TAKING = (_LIMIT_MAKER, OrderType.TAKE_PROFIT_MARKET, OrderType.TAKE_PROFIT_LIMIT)
_LIMITED = (OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT_LIMIT)
_GTC = TimeInForce.GTC
_GTD = TimeInForce.GTD
_BOTH = PositionSide.BOTH
_TYPES = {
    _LIMIT: "LIMIT",
    _MARKET: "MARKET",
    _LIMIT_MAKER: "LIMIT_MAKER",
    OrderType.STOP_MARKET: "STOP_LOSS",
    OrderType.STOP_LIMIT: "STOP_LOSS_LIMIT",
    OrderType.TAKE_PROFIT_MARKET: "TAKE_PROFIT",
    OrderType.TAKE_PROFIT_LIMIT: "TAKE_PROFIT_LIMIT",
}


def obstacle(order: NewOrder) -> str:
    """Say why spot cannot have an order; empty when it can."""
    if order.reduce_only:
        return "spot orders cannot be reduce-only"
    if order.position_side is not _BOTH:
        return "spot has no position sides"
    if order.time_in_force is _GTD:
        return "an order of spot cannot be good till a date"
    if order.order_type in _PLAIN and not order.display_quantity:
        return ""
    return _unusual_obstacle(order)


def is_plain(order: NewOrder) -> bool:
    """Tell whether an order fits a template."""
    return order.order_type in _PLAIN and not order.display_quantity


def _unusual_obstacle(order: NewOrder) -> str:
    if order.trigger_by is not TriggerPrice.LAST:
        return "stops of spot wait for the last price alone"
    if order.order_type is _TRAILING:
        if order.callback_bps <= 0:
            return "a trailing stop needs the distance at which it follows"
    elif is_conditional(order.order_type) and order.trigger_price <= 0:
        return f"a {order.order_type.value} order needs its trigger price"
    if order.order_type in _LIMITED and order.price <= 0:
        return f"a {order.order_type.value} order needs its limit price"
    if order.display_quantity:
        if not (_is_limited(order) or order.order_type is _LIMIT_MAKER):
            return "only orders with a limit price show less than their quantity"
        if order.time_in_force is not _GTC:
            return "an order that shows less than its quantity rests until it is canceled"
    return ""


def plain_params(order: NewOrder) -> Params:
    """Name what a plain order says, without key, time and signature, sorted by name."""
    params: Params = {
        "newClientOrderId": order.client_order_id,
        "newOrderRespType": "ACK",
        "quantity": order.quantity_text,
        "selfTradePreventionMode": STP_TEXTS[order.stp_mode],
        "side": SIDE_TEXTS[order.side],
        "symbol": order.symbol,
        "type": _type_text(order),
    }
    if _is_limited(order) or order.order_type is _LIMIT_MAKER:
        params["price"] = order.price_text
    if _is_limited(order):
        params["timeInForce"] = TIME_TEXTS[order.time_in_force]
    return dict(sorted(params.items()))


def place(order: NewOrder, instrument: Instrument) -> Call:
    """Ask for one order of any type."""
    params = plain_params(order) | _extra(order, instrument)
    return Call(PLACE, "POST", ORDER_PATH, dict(sorted(params.items())))


def replace(cancel: CancelOrder, placing: Call) -> Call:
    """Ask for a cancel and, only if it succeeds, what places an order.

    An order that has traded is not canceled: what takes its place would be for too much.
    """
    params: Params = {
        **placing.params,
        "cancelOrigClientOrderId": cancel.client_order_id,
        "cancelReplaceMode": "STOP_ON_FAILURE",
        "cancelRestrictions": "ONLY_NEW",
    }
    return Call("order.cancelReplace", "POST", REPLACE_PATH, dict(sorted(params.items())))


def cancel_order(cancel: CancelOrder) -> Call:
    """Ask for a cancel."""
    params: Params = {
        "origClientOrderId": cancel.client_order_id,
        "symbol": cancel.symbol,
    }
    return Call("order.cancel", "DELETE", ORDER_PATH, params)


def list_obstacle(orders: tuple[NewOrder, ...]) -> str:
    """Say why spot cannot have these orders as one list; empty when it can."""
    first = orders[0]
    if len(orders) != LIST_SIZES.get(first.contingency):
        return f"{len(orders)} orders are no list of kind {first.contingency[:20]!r}"
    if not first.order_list_id or any(
        (one.symbol, one.order_list_id, one.contingency, one.stp_mode)
        != (first.symbol, first.order_list_id, first.contingency, first.stp_mode)
        for one in orders
    ):
        return "orders of one list share symbol, list id, contingency and self-trade mode"
    if reason := next(filter(None, map(obstacle, orders)), ""):
        return reason
    if first.contingency != "OCO" and first.order_type not in _WORKING:
        return "the first order of a list that waits for it has a limit price"
    return "" if first.contingency == "OTO" else _pair_obstacle(orders[-2:])


def _pair_obstacle(pair: tuple[NewOrder, ...]) -> str:
    one, other = pair
    if (one.side, one.quantity) != (other.side, other.quantity):
        return "two orders of which one cancels the other have one side and one quantity"
    if not any(
        a.order_type in _STOPS and b.order_type in _TAKING for a, b in (pair, pair[::-1])
    ):
        return "of two orders that exclude each other one is a stop, the other takes profit"
    return ""


def place_list(orders: tuple[NewOrder, ...], instrument: Instrument) -> Call:
    """Ask for the orders of one list."""
    kind, first = orders[0].contingency, orders[0]
    params: Params = {
        "listClientOrderId": first.order_list_id,
        "newOrderRespType": "ACK",
        "selfTradePreventionMode": STP_TEXTS[first.stp_mode],
        "symbol": first.symbol,
    }
    if kind == "OCO":
        params |= {"side": SIDE_TEXTS[first.side], "quantity": first.quantity_text}
        params |= _pair(orders, instrument, "above", "below")
    else:
        params |= _sized("working", first) | _leg("working", first, instrument)
        if kind == "OTO":
            params |= _sized("pending", orders[1]) | _leg("pending", orders[1], instrument)
        else:
            params |= _sized("pending", orders[1])
            params |= _pair(orders[1:], instrument, "pendingAbove", "pendingBelow")
    name = f"orderList.place.{kind.lower()}"
    return Call(name, "POST", LIST_PATHS[kind], dict(sorted(params.items())))


def _pair(pair: tuple[NewOrder, ...], instrument: Instrument, above: str, below: str) -> Params:
    """Say which of two orders lies above the market: a sell's profit, a buy's stop."""
    is_sell = pair[0].side is Side.SELL
    stop, taking = pair if pair[0].order_type in _STOPS else pair[::-1]
    high, low = (taking, stop) if is_sell else (stop, taking)
    return _leg(above, high, instrument) | _leg(below, low, instrument)


def _sized(prefix: str, order: NewOrder) -> Params:
    return {
        f"{prefix}Side": SIDE_TEXTS[order.side],
        f"{prefix}Quantity": order.quantity_text,
    }


def _leg(prefix: str, order: NewOrder, instrument: Instrument) -> Params:
    """Name what one order of a list says beside side and quantity."""
    params = plain_params(order) | _extra(order, instrument)
    names = {"newClientOrderId": "clientOrderId"}
    kept = (
        "newClientOrderId", "type", "price", "timeInForce", "stopPrice", "trailingDelta",
        "icebergQty",
    )  # fmt: skip
    return {
        prefix + _capital(names.get(name, name)): params[name]
        for name in kept
        if name in params
    }


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]


def _extra(order: NewOrder, instrument: Instrument) -> Params:
    """Name what an order says beyond a plain one."""
    params: Params = {}
    if order.order_type is _TRAILING:
        params["trailingDelta"] = order.callback_bps
        if order.activation_price:
            params["stopPrice"] = instrument.price_text(order.activation_price)
    elif is_conditional(order.order_type):
        params["stopPrice"] = instrument.price_text(order.trigger_price)
    if order.display_quantity:
        params["icebergQty"] = instrument.quantity_text(order.display_quantity)
    return params


def _is_limited(order: NewOrder) -> bool:
    """Tell whether an order has a limit price and a time in force."""
    kind = order.order_type
    return kind is _LIMIT or kind in _LIMITED or (kind is _TRAILING and order.price > 0)


def _type_text(order: NewOrder) -> str:
    """Give the venue's type; a stop that trails is one of its stops with a distance."""
    if order.order_type is _TRAILING:
        return "STOP_LOSS_LIMIT" if order.price else "STOP_LOSS"
    return _TYPES[order.order_type]
