"""What the spot side of the simulated exchange is asked: orders, lists, cancel-and-replace.

Numbers pass by their canonical texts, as they would over a wire.
"""

from holdfast.domain.order import (
    NewOrder,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    TriggerPrice,
)
from holdfast.domain.venue import CancelOrder
from holdfast.simexchange.model import CancelRequest, PlaceRequest
from holdfast.simexchange.numbers import parse_e8
from holdfast.simexchange.requests import ListKind, ListRequest, ReplaceRequest

_TYPES = {
    OrderType.LIMIT: "LIMIT",
    OrderType.MARKET: "MARKET",
    OrderType.LIMIT_MAKER: "LIMIT_MAKER",
    OrderType.STOP_MARKET: "STOP_LOSS",
    OrderType.STOP_LIMIT: "STOP_LOSS_LIMIT",
    OrderType.TAKE_PROFIT_MARKET: "TAKE_PROFIT",
    OrderType.TAKE_PROFIT_LIMIT: "TAKE_PROFIT_LIMIT",
}
_PRICED = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
_STOPS = ("STOP_LOSS", "STOP_LOSS_LIMIT")
_KINDS: dict[str, ListKind] = {"OCO": "OCO", "OTO": "OTO", "OTOCO": "OTOCO"}
_BOTH = PositionSide.BOTH


def obstacle(order: NewOrder) -> str:
    """Say why spot cannot have an order; empty when it can."""
    if order.reduce_only:
        return "spot orders cannot be reduce-only"
    if order.position_side is not _BOTH:
        return "spot has no position sides"
    if order.time_in_force is TimeInForce.GTD:
        return "an order of spot cannot be good till a date"
    if order.trigger_by is not TriggerPrice.LAST:
        return "stops of spot wait for the last price alone"
    return ""


def list_obstacle(orders: tuple[NewOrder, ...]) -> str:
    """Say why spot cannot have these orders as one list; empty when it can."""
    if orders[0].contingency not in _KINDS:
        return f"{len(orders)} orders are no list of kind {orders[0].contingency[:20]!r}"
    return next(filter(None, map(obstacle, orders)), "")


def place_request(order: NewOrder) -> PlaceRequest:
    """Give an order without an obstacle as the exchange takes it."""
    order_type = _type(order)
    is_priced = order_type in _PRICED
    is_timed = is_priced and order_type != "LIMIT_MAKER"
    trigger = order.activation_price if order.callback_bps else order.trigger_price
    return PlaceRequest(
        symbol=order.symbol,
        side=order.side.name,
        order_type=order_type,
        time_in_force=order.time_in_force.name if is_timed else "",
        quantity=parse_e8(order.quantity_text),
        price=parse_e8(order.price_text) if is_priced else 0,
        client_order_id=order.client_order_id,
        stp_mode=order.stp_mode.name,
        iceberg_quantity=order.display_quantity,
        stop_price=trigger,
        trailing_delta=order.callback_bps,
    )


def cancel_request(cancel: CancelOrder) -> CancelRequest:
    """Give a cancel as the exchange takes it."""
    return CancelRequest(symbol=cancel.symbol, original_client_order_id=cancel.client_order_id)


def replace_request(cancel: CancelOrder, order: NewOrder) -> ReplaceRequest:
    """Give a cancel and the order that only lives if it succeeds."""
    return ReplaceRequest(
        cancel=cancel_request(cancel), place=place_request(order), goes_on=False
    )


def list_request(orders: tuple[NewOrder, ...]) -> ListRequest:
    """Give the orders of one list, a pair as the one above and the one below the market."""
    kind = _KINDS[orders[0].contingency]
    legs = [place_request(order) for order in orders]
    if kind != "OTO":
        legs[-2:] = _above_and_below(legs[-2], legs[-1])
    return ListRequest(
        symbol=orders[0].symbol,
        kind=kind,
        orders=tuple(legs),
        list_client_order_id=orders[0].order_list_id,
    )


def _above_and_below(one: PlaceRequest, other: PlaceRequest) -> list[PlaceRequest]:
    """Order a pair: above the market lies a sell's profit, and a buy's stop."""
    stop, taking = (one, other) if one.order_type in _STOPS else (other, one)
    return [taking, stop] if stop.side == Side.SELL.name else [stop, taking]


def _type(order: NewOrder) -> str:
    if order.order_type is OrderType.TRAILING_STOP:
        return "STOP_LOSS_LIMIT" if order.price else "STOP_LOSS"
    return _TYPES[order.order_type]
