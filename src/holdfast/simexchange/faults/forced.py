"""What the venue does to orders by itself, when a fault asks for it."""

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from holdfast.simexchange.desk import Pending
    from holdfast.simexchange.exchange import Exchange
    from holdfast.simexchange.floor import Floor
    from holdfast.simexchange.futures.requests import FuturesTicket
    from holdfast.simexchange.model import SimOrder, Ticket

NOWHERE = (0, 1)
"""A range of executions up to 10^-8 of the reference price."""


def resting(
    exchange: "Exchange", account: str, *, symbol: str, order_id: str, client_order_id: str
) -> "SimOrder | None":
    """Find an open order of either product by what a request says of it."""
    if symbol not in exchange.symbols:
        return None
    open_orders: Sequence[SimOrder]
    if symbol in exchange.futures.contracts:
        open_orders = exchange.futures.orders.open_orders(account, symbol)
    else:
        open_orders = exchange.accounts.open_orders(account, symbol)
    for order in open_orders:
        if str(order.order_id) == order_id or order.client_order_id == client_order_id:
            return order
    return None


def fill(floor: "Floor", order: "SimOrder", *, quantity: int) -> None:
    """Let the market fill a resting order at its own price."""
    exchange = floor.exchange
    if order.symbol in exchange.futures.contracts:
        floor.deliver(exchange.futures.demands.fill(order, quantity))
        return
    exchange.operator.fill(order, quantity, at_ns=exchange.now_ns)
    floor.deliver(exchange.settle())


def expire(floor: "Floor", order: "SimOrder", *, reason: str = "") -> None:
    """End an open order without anybody's request."""
    exchange = floor.exchange
    if order.symbol in exchange.futures.contracts:
        floor.deliver(exchange.futures.demands.end(order, "EXPIRED", reason=reason))
        return
    exchange.operator.expire(order, reason, at_ns=exchange.now_ns)
    floor.deliver(exchange.settle())


def prevent(floor: "Floor", order: "SimOrder") -> None:
    """End an open order by self-trade prevention."""
    exchange = floor.exchange
    if order.symbol in exchange.futures.contracts:
        floor.deliver(exchange.futures.demands.end(order, "EXPIRED_IN_MATCH"))
        return
    exchange.operator.prevent(order, at_ns=exchange.now_ns)
    floor.deliver(exchange.settle())


def part_fill_and_expire(floor: "Floor", order: "SimOrder", *, fraction: float) -> None:
    """Fill a part of a resting order, a whole number of steps, and end the rest."""
    step = floor.exchange.symbols[order.symbol].step
    # The fraction is an estimate; what is executed is a whole number of steps.
    wanted = int(order.leaves_quantity * fraction)
    quantity = max(step, wanted - wanted % step)
    if quantity < order.leaves_quantity:
        fill(floor, order, quantity=quantity)
    expire(floor, order)


def out_of_range(floor: "Floor", pending: "Pending", *, symbol: str) -> "Pending":
    """Let no price of a symbol be in the range of executions until the order is done.

    Source: the venue's Price Range Execution Rule; a taker then expires.
    """
    exchange = floor.exchange
    rules = exchange.symbols[symbol]
    pair = exchange.clearing.pairs[symbol]
    reference = pair.reference
    was_set, by_hand = reference.has_been_set, reference.by_hand
    start, shape = pending.start, pending.shape

    def narrowed() -> "Ticket | FuturesTicket":
        floor.deliver(exchange.change_rules(symbol, bid_range=NOWHERE, ask_range=NOWHERE))
        reference.set(pair.reference_price(now_ns=exchange.now_ns))
        return start()

    def shaped(outcome: Any) -> object:
        changed = {"bid_range": rules.bid_range, "ask_range": rules.ask_range}
        floor.deliver(exchange.change_rules(symbol, **changed))
        reference.has_been_set, reference.by_hand = was_set, by_hand
        return shape(outcome)

    return msgspec.structs.replace(pending, start=narrowed, shape=shaped)
