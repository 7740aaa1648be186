"""What holds on USD-M whatever is asked and whatever the market does (XCH-2, XCH-10)."""

import copy
from collections.abc import Callable

import pytest
from hypothesis import given, settings

from holdfast.simexchange.exchange import AnyEmission, Exchange
from holdfast.simexchange.futures.requests import FuturesPlace
from tests.property.futures_kit import (
    History,
    check_orders,
    check_positions,
    check_updates,
    check_wallets,
    histories,
    new_futures,
)
from tests.property.sim_kit import STEP, SYMBOL, TICK


def play(history: History, seed: int = 0) -> list[AnyEmission]:
    exchange = new_futures(seed=seed)
    before: dict[tuple[str, str], int] = {}
    at_ns = 2
    out: list[AnyEmission] = []
    for act, wait_ns in history:
        at_ns += wait_ns
        emissions = act(exchange, at_ns)
        check_updates(emissions, before)
        check_positions(exchange)
        check_orders(exchange)
        out += emissions
    check_wallets(exchange)
    return out


@given(histories)
@settings(deadline=None)
def test_money_positions_and_orders_stay_right(history: History) -> None:
    assert play(history) is not None


@given(histories)
@settings(deadline=None, max_examples=30)
def test_one_seed_gives_one_run(history: History) -> None:
    assert play(history, seed=3) == play(history, seed=3)


def lose_a_digit(exchange: Exchange) -> None:
    exchange.futures.clearing.members["ann"].wallets["BBB"].balance -= 1


def forget_a_fill(exchange: Exchange) -> None:
    exchange.futures.clearing.members["ann"].trades[SYMBOL].pop()


def forget_an_order(exchange: Exchange) -> None:
    exchange.futures.clearing.members["ann"].open[SYMBOL].clear()


def forget_a_reservation(exchange: Exchange) -> None:
    exchange.futures.clearing.members["ann"].stakes[SYMBOL].bids -= 1


@pytest.mark.parametrize(
    ("plant", "check"),
    [
        (lose_a_digit, check_wallets),
        (forget_a_fill, check_positions),
        (forget_an_order, check_orders),
        (forget_a_reservation, check_orders),
    ],
)
def test_each_checker_fails_on_a_planted_error(
    plant: Callable[[Exchange], None], check: Callable[[Exchange], None]
) -> None:
    exchange = new_futures()
    for price in (0, 90 * TICK):
        request = FuturesPlace(
            symbol=SYMBOL,
            side="BUY",
            order_type="LIMIT" if price else "MARKET",
            time_in_force="GTC" if price else "",
            quantity=STEP,
            price=price,
        )
        exchange.futures.enter("ann", request, arrived_ns=2)
    exchange.advance(2)
    check(exchange)
    plant(exchange)
    with pytest.raises(AssertionError):
        check(exchange)


def test_a_reducing_order_that_opens_is_caught() -> None:
    exchange = new_futures()
    request = FuturesPlace(symbol=SYMBOL, side="BUY", order_type="MARKET", quantity=STEP)
    exchange.futures.enter("ann", request, arrived_ns=2)
    emissions = copy.deepcopy(exchange.advance(2))
    check_updates(emissions, {})
    for emission in emissions:
        order = getattr(getattr(emission, "event", None), "order", None)
        if order is not None:
            order.reduce_only = True
    with pytest.raises(AssertionError):
        check_updates(emissions, {})
