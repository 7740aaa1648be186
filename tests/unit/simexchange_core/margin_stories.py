"""Short words for stories about USD-M at the simulated exchange."""

from collections.abc import Sequence
from typing import Any

from holdfast.simexchange.exchange import AnyEmission, Exchange
from holdfast.simexchange.futures.model import FuturesEvent, FuturesFact, PositionView
from holdfast.simexchange.futures.requests import (
    AlgoPlace,
    FuturesOutcome,
    FuturesPlace,
    FuturesPlaced,
    FuturesRequest,
)
from holdfast.simexchange.model import Reject, Ticker, Trade
from holdfast.simexchange.numbers import E8
from tests.property.futures_kit import new_futures
from tests.property.sim_kit import STEP, SYMBOL, TICK

__all__ = ["E8", "STEP", "SYMBOL", "TICK", "new_futures"]
SECOND_NS = 10**9


def ask(exchange: Exchange, request: FuturesRequest, account: str = "ann") -> FuturesOutcome:
    """Ask and let the latency pass."""
    ticket = exchange.futures.enter(account, request, arrived_ns=exchange.now_ns)
    exchange.advance(ticket.due_ns)
    assert ticket.outcome is not None
    return ticket.outcome


def order(side: str, quantity: int, price: int = 0, **more: Any) -> FuturesPlace:
    """Ask for whole units at a whole price; without a price at the market."""
    fields: dict[str, Any] = {
        "symbol": SYMBOL,
        "side": side,
        "order_type": "LIMIT" if price else "MARKET",
        "time_in_force": "GTC" if price else "",
        "quantity": quantity * STEP,
        "price": price * TICK,
    }
    return FuturesPlace(**(fields | more))


def conditional(side: str, trigger: int, **more: Any) -> AlgoPlace:
    """Ask for a stop that closes the position, unless something else is named."""
    fields: dict[str, Any] = {
        "symbol": SYMBOL,
        "side": side,
        "order_type": "STOP_MARKET",
        "trigger_price": trigger * TICK,
        "close_position": "quantity" not in more,
    }
    return AlgoPlace(**(fields | more))


def placed(exchange: Exchange, request: FuturesPlace, account: str = "ann") -> FuturesPlaced:
    """Place an order that has to be accepted."""
    outcome = ask(exchange, request, account)
    assert isinstance(outcome, FuturesPlaced), outcome
    return outcome


def code(outcome: FuturesOutcome) -> int:
    """Return the code of a refusal, 0 of what was done."""
    return outcome.code if isinstance(outcome, Reject) else 0


def touch(
    exchange: Exchange, bid: int, *, after_s: int = 1, size: int = 50
) -> list[AnyEmission]:
    """Move best bid and ask (one above it) some seconds later, and so the mark price."""
    at_ns = exchange.now_ns + after_s * SECOND_NS
    ticker = Ticker(
        at_ns, SYMBOL, at_ns, bid * TICK, size * STEP, (bid + 1) * TICK, size * STEP
    )
    return list(exchange.apply(ticker))


def trade(exchange: Exchange, price: int, quantity: int = 1) -> list[AnyEmission]:
    """Print a trade whose aggressor sold."""
    at_ns = exchange.now_ns + 1
    printed = Trade(at_ns, SYMBOL, at_ns, price * TICK, quantity * STEP, True, at_ns, at_ns)
    return list(exchange.apply(printed))


def held(exchange: Exchange, account: str = "ann", side: str = "BOTH") -> PositionView:
    """Return a position, flat or not."""
    found = exchange.futures.margin.positions(account, SYMBOL)
    return next(view for view in found if view.side == side)


def balance(exchange: Exchange, account: str = "ann") -> int:
    """Return the wallet."""
    return exchange.futures.margin.wallets(account)[0].wallet


def facts(emissions: Sequence[AnyEmission], account: str = "ann") -> list[FuturesFact]:
    """Return what an account was told."""
    return [
        emission.event
        for emission in emissions
        if isinstance(emission, FuturesEvent) and emission.account == account
    ]
