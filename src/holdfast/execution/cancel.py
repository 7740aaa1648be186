"""Which orders a cancel-all takes: entries, exits, and the stops of flat positions."""

from holdfast.domain.account import Account
from holdfast.domain.ids import StrategyId, Symbol
from holdfast.domain.order import Order, Purpose
from holdfast.domain.venue import CancelOrder


def cancel_of(order: Order) -> CancelOrder:
    """Give the wish to cancel an order, with what a venue that keeps stops apart must know."""
    request = order.request
    return CancelOrder(
        request.symbol, request.client_order_id, request.order_type, order.venue_order_id
    )


def cancelable(
    account: Account,
    *,
    strategy: StrategyId | None = None,
    symbol: Symbol | None = None,
    including_stops: bool = False,
) -> list[Order]:
    """Give the open orders that a cancel takes, in the order of their ids.

    One whose cancel is under way is given again: the venue takes a cancel twice. A protective
    order stays while its strategy holds a position, unless stops are included by name.
    """
    chosen = []
    for (owner, traded), orders in account.working.items():
        if strategy not in (None, owner) or symbol not in (None, traded):
            continue
        stops_too = including_stops or not account.position(owner, traded)
        chosen += [
            order
            for order in orders.values()
            if not order.ending
            and (stops_too or order.request.purpose is not Purpose.PROTECTIVE)
        ]
    return sorted(chosen, key=lambda order: order.request.client_order_id)


def uncovered(account: Account) -> list[Order]:
    """Give the stops of open positions, which a cancel including stops would take away."""
    kept = {order.request.client_order_id for order in cancelable(account)}
    return [
        order
        for order in cancelable(account, including_stops=True)
        if order.request.client_order_id not in kept
    ]
