"""What the venue does to orders by itself, when a fault asks for it."""

from typing import TYPE_CHECKING

import msgspec

from holdfast.simexchange.model import Outcome, SimOrder, Ticket
from holdfast.simexchange.numbers import E8

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast.simexchange.desk import Pending
    from holdfast.simexchange.exchange import Exchange
    from holdfast.simexchange.floor import Floor

NOWHERE = (E8, E8)
PRICE_OF_NOBODY = 1


def resting(
    exchange: "Exchange", account: str, *, symbol: str, order_id: str, client_order_id: str
) -> SimOrder | None:
    """Find an open spot order by what a request says of it."""
    if symbol not in exchange.symbols:
        return None
    for order in exchange.accounts.open_orders(account, symbol):
        if str(order.order_id) == order_id or order.client_order_id == client_order_id:
            return order
    return None


def fill(floor: "Floor", order: SimOrder, quantity: int) -> None:
    """Let the market fill a resting order at its own price."""
    exchange = floor.exchange
    exchange.operator.fill(order, quantity, at_ns=exchange.now_ns)
    floor.deliver(exchange.settle())


def expire(floor: "Floor", order: SimOrder, reason: str) -> None:
    """End an open order without anybody's request."""
    exchange = floor.exchange
    exchange.operator.expire(order, reason, at_ns=exchange.now_ns)
    floor.deliver(exchange.settle())


def prevent(floor: "Floor", order: SimOrder) -> None:
    """End an open order by self-trade prevention."""
    exchange = floor.exchange
    exchange.operator.prevent(order, at_ns=exchange.now_ns)
    floor.deliver(exchange.settle())


def part_fill_and_expire(floor: "Floor", order: SimOrder, fraction: float) -> None:
    """Fill a part of a resting order, a whole number of steps, and end the rest."""
    step = floor.exchange.symbols[order.symbol].step
    # The fraction is an estimate; what is executed is a whole number of steps.
    wanted = int(order.leaves_quantity * fraction)
    quantity = max(step, wanted - wanted % step)
    if quantity < order.leaves_quantity:
        fill(floor, order, quantity)
    expire(floor, order, "")


def out_of_range(floor: "Floor", pending: "Pending", symbol: str) -> "Pending":
    """Let no price of a symbol be in the range of executions until the order is done.

    Source: the venue's Price Range Execution Rule; a taker then expires.
    """
    exchange = floor.exchange
    rules = exchange.symbols[symbol]
    reference = exchange.clearing.pairs[symbol].reference
    was_set, by_hand = reference.has_been_set, reference.by_hand
    start: Callable[[], Ticket] = pending.start
    shape: Callable[[Outcome], object] = pending.shape

    def narrowed() -> Ticket:
        floor.deliver(exchange.change_rules(symbol, bid_range=NOWHERE, ask_range=NOWHERE))
        reference.set(PRICE_OF_NOBODY)
        return start()

    def shaped(outcome: Outcome) -> object:
        changed = {"bid_range": rules.bid_range, "ask_range": rules.ask_range}
        floor.deliver(exchange.change_rules(symbol, **changed))
        reference.has_been_set, reference.by_hand = was_set, by_hand
        return shape(outcome)

    return msgspec.structs.replace(pending, start=narrowed, shape=shaped)
