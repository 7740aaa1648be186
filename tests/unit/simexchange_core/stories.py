"""Short words for stories about the simulated exchange."""

from collections.abc import Iterable
from typing import Any

import msgspec

from holdfast.simexchange.exchange import AnyEmission, Exchange
from holdfast.simexchange.model import (
    AccountEvent,
    CancelRequest,
    OrderUpdate,
    Outcome,
    Placed,
    PlaceRequest,
    SimOrder,
    Trade,
)
from holdfast.simexchange.requests import Listed, ListRequest, ListUpdate, Request
from tests.property.sim_kit import STEP, SYMBOL, TICK, new_exchange

__all__ = ["STEP", "SYMBOL", "TICK", "new_exchange"]


def request(side: str, quantity: int, price: int = 0, **more: Any) -> PlaceRequest:
    """Ask for whole units at a whole price; without a price at the market."""
    fields: dict[str, Any] = {
        "symbol": SYMBOL,
        "side": side,
        "order_type": "LIMIT" if price else "MARKET",
        "time_in_force": "GTC" if price else "",
        "quantity": quantity * STEP,
        "price": price * TICK,
    }
    return PlaceRequest(**(fields | more))


def place(exchange: Exchange, asked: PlaceRequest, account: str = "ann") -> Outcome:
    """Place and let the latency pass."""
    ticket = exchange.place(account, asked, arrived_ns=exchange.now_ns)
    exchange.advance(ticket.due_ns)
    assert ticket.outcome is not None
    return ticket.outcome


def placed(exchange: Exchange, asked: PlaceRequest, account: str = "ann") -> SimOrder:
    """Place an order that has to be accepted."""
    outcome = place(exchange, asked, account)
    assert isinstance(outcome, Placed), outcome
    return outcome.order


def cancel(exchange: Exchange, account: str = "ann", **fields: Any) -> Outcome:
    """Cancel and let the latency pass."""
    asked = CancelRequest(symbol=SYMBOL, **fields)
    ticket = exchange.cancel(account, asked, arrived_ns=exchange.now_ns)
    exchange.advance(ticket.due_ns)
    assert ticket.outcome is not None
    return ticket.outcome


def submit(exchange: Exchange, asked: Request, account: str = "ann") -> Outcome:
    """Submit a request beyond order and cancel and let the latency pass."""
    ticket = exchange.submit(account, asked, arrived_ns=exchange.now_ns)
    exchange.advance(ticket.due_ns)
    assert ticket.outcome is not None
    return ticket.outcome


def stop(
    side: str, quantity: int, at: int = 0, *, limit: int = 0, profit: bool = False, **more: Any
) -> PlaceRequest:
    """Ask for a stop at a price, with a limit for a stop-limit order."""
    order_type = "TAKE_PROFIT" if profit else "STOP_LOSS"
    fields: dict[str, Any] = {
        "order_type": f"{order_type}_LIMIT" if limit else order_type,
        "time_in_force": "GTC" if limit else "",
        "stop_price": at * TICK,
    }
    return request(side, quantity, limit, **(fields | more))


def oco(side: str, quantity: int, above: PlaceRequest, below: PlaceRequest) -> ListRequest:
    """Ask for a pair, both of one side and quantity."""
    same: dict[str, Any] = {"side": side, "quantity": quantity * STEP}
    orders = tuple(msgspec.structs.replace(one, **same) for one in (above, below))
    return ListRequest(symbol=SYMBOL, kind="OCO", orders=orders)


def maker(side: str, quantity: int, price: int, **more: Any) -> PlaceRequest:
    """Ask for an order that only rests."""
    return request(
        side, quantity, price, **({"order_type": "LIMIT_MAKER", "time_in_force": ""} | more)
    )


def listed(exchange: Exchange, asked: ListRequest, account: str = "ann") -> list[SimOrder]:
    """Place a list that has to be accepted; return its orders."""
    outcome = submit(exchange, asked, account)
    assert isinstance(outcome, Listed), outcome
    return [placed.order for placed in outcome.placed]


def statuses(exchange: Exchange, orders: list[SimOrder]) -> list[str]:
    """Return how orders stand now."""
    return [order_of(exchange, order).status for order in orders]


def trade(exchange: Exchange, price: int, quantity: int, *, sold: bool) -> list[AnyEmission]:
    """Let the recorded market trade."""
    at_ns = exchange.now_ns + 1
    return exchange.apply(
        Trade(at_ns, SYMBOL, at_ns, price * TICK, quantity * STEP, sold, at_ns, at_ns)
    )


def order_of(exchange: Exchange, order: SimOrder) -> SimOrder:
    """Ask for an order again."""
    found = exchange.accounts.order(order.account, SYMBOL, order_id=order.order_id)
    assert isinstance(found, SimOrder)
    return found


def updates(emissions: Iterable[object]) -> list[OrderUpdate]:
    """Return the order updates among emissions."""
    return [
        emission.event
        for emission in emissions
        if isinstance(emission, AccountEvent) and isinstance(emission.event, OrderUpdate)
    ]


def list_states(emissions: Iterable[object]) -> list[str]:
    """Return the status types of the list events among emissions."""
    return [
        emission.event.view.status_type
        for emission in emissions
        if isinstance(emission, AccountEvent) and isinstance(emission.event, ListUpdate)
    ]


def locked(exchange: Exchange, asset: str, account: str = "ann") -> int:
    """Return a locked amount in units of 10^-8."""
    return next(b.locked for b in exchange.accounts.balances(account) if b.asset == asset)


def free(exchange: Exchange, asset: str, account: str = "ann") -> int:
    """Return a free amount in whole units of 10^-8."""
    return next(b.free for b in exchange.accounts.balances(account) if b.asset == asset)
