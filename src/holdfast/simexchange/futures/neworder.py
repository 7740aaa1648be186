"""Make a plain order of USD-M of what was asked, or of the conditional order behind it."""

from holdfast.simexchange.futures.model import AlgoOrder, FuturesOrder, PositionSide
from holdfast.simexchange.futures.requests import FuturesPlace


def new_order(
    account: str,
    request: FuturesPlace,
    *,
    price: int,
    position_side: PositionSide,
    at_ns: int,
    algo: AlgoOrder | None,
) -> FuturesOrder:
    """Make an order without a number; `algo` is the conditional one that it comes from."""
    order = FuturesOrder(
        account=account,
        symbol=request.symbol,
        order_id=0,
        client_order_id=request.client_order_id,
        side="BUY" if request.side == "BUY" else "SELL",
        order_type=request.order_type,
        time_in_force=request.time_in_force or "GTC",
        quantity=request.quantity,
        quote_quantity=0,
        price=price,
        stp_mode=request.stp_mode or "EXPIRE_MAKER",
        created_ns=at_ns,
        updated_ns=at_ns,
        working_ns=at_ns,
        position_side=position_side,
        reduce_only=bool(request.reduce_only),
        good_till_ns=request.good_till_ns,
        price_match=request.price_match or "NONE",
        original_type=request.order_type,
    )
    if algo is not None:
        order.algo_id = algo.algo_id
        order.original_type = algo.order_type
        order.close_position = algo.close_position
        order.reduce_only = algo.reduce_only or algo.close_position
        order.trigger_price = algo.trigger_price
        order.working_type = algo.working_type
        order.price_protect = algo.price_protect
        order.activate_price = algo.activate_price
        order.callback_rate = algo.callback_rate
        if order.good_till_ns and order.good_till_ns <= at_ns:
            order.good_till_ns = at_ns + 1
    return order
