"""Short words for stories about the simulated exchange."""

from typing import Any

from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.model import (
    AccountEvent,
    CancelRequest,
    Emission,
    OrderUpdate,
    Outcome,
    Placed,
    PlaceRequest,
    SimOrder,
    Trade,
)
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


def trade(exchange: Exchange, price: int, quantity: int, *, sold: bool) -> list[Emission]:
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


def updates(emissions: list[Emission]) -> list[OrderUpdate]:
    """Return the order updates among emissions."""
    return [
        emission.event
        for emission in emissions
        if isinstance(emission, AccountEvent) and isinstance(emission.event, OrderUpdate)
    ]


def free(exchange: Exchange, asset: str, account: str = "ann") -> int:
    """Return a free amount in whole units of 10^-8."""
    return next(b.free for b in exchange.accounts.balances(account) if b.asset == asset)
