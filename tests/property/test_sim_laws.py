"""Laws of the simulated exchange under random orders and markets, and planted bugs caught."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from holdfast.simexchange.clearing import Clearing
from holdfast.simexchange.exchange import AnyEmission, Exchange
from holdfast.simexchange.model import SimOrder, SymbolRules
from holdfast.simexchange.queue import OwnSide, Resting
from tests.property.sim_kit import (
    ACCOUNTS,
    SYMBOL,
    acts,
    maker_fills,
    new_exchange,
    open_orders,
    play,
)

Checker = Callable[[Exchange, list[AnyEmission]], None]
OPENING = {
    asset: sum(
        balance.free
        for name in ACCOUNTS
        for balance in new_exchange().accounts.balances(name)
        if balance.asset == asset
    )
    for asset in ("AAA", "BBB")
}


def check_conservation(exchange: Exchange, _emissions: list[AnyEmission]) -> None:
    for asset, opening in OPENING.items():
        held = sum(
            balance.free + balance.locked
            for name in ACCOUNTS
            for balance in exchange.accounts.balances(name)
            if balance.asset == asset
        )
        fees = exchange.clearing.fees.get(asset, 0)
        market = exchange.clearing.market.get(asset, 0)
        assert held + fees + market == opening


def check_balances(exchange: Exchange, _emissions: list[AnyEmission]) -> None:
    for name in ACCOUNTS:
        locked = dict.fromkeys(("AAA", "BBB"), 0)
        for order in exchange.accounts.open_orders(name):
            asset, amount = exchange.clearing.lock_needed(order)
            locked[asset] += amount
        for balance in exchange.accounts.balances(name):
            assert balance.free >= 0
            assert balance.locked == locked[balance.asset]


def check_quantities(exchange: Exchange, _emissions: list[AnyEmission]) -> None:
    for name in ACCOUNTS:
        trades = exchange.accounts.my_trades(name, SYMBOL, limit=10**6)
        for order in exchange.accounts.all_orders(name, SYMBOL, limit=10**6):
            own = [trade for trade in trades if trade.order_id == order.order_id]
            assert sum(trade.quantity for trade in own) == order.cum_quantity
            assert sum(trade.quote_quantity for trade in own) == order.cum_quote
            assert order.cum_quantity + order.prevented_quantity <= order.quantity
            assert all(_at_limit_or_better(order, trade.price) for trade in own)


def check_queues(exchange: Exchange, _emissions: list[AnyEmission]) -> None:
    pair = exchange.clearing.pairs[SYMBOL]
    for side in (pair.bids, pair.asks):
        for line in side.by_price.values():
            ahead = [resting.ahead for resting in line]
            assert min(ahead) >= 0
            assert ahead == sorted(ahead)
    assert pair.own_count == len(open_orders(exchange, "BUY") + open_orders(exchange, "SELL"))


def check_priority(exchange: Exchange, emissions: list[AnyEmission]) -> None:
    """No order was filled as a maker while one of better price, or as good and older, waits."""
    for filled in maker_fills(emissions):
        sign = 1 if filled.side == "BUY" else -1
        for waiting in open_orders(exchange, filled.side):
            better = sign * (waiting.price - filled.price)
            assert better <= 0
            assert better or waiting.order_id >= filled.order_id


def check_uncrossed(exchange: Exchange, _emissions: list[AnyEmission]) -> None:
    """What of ours rests does not cross what could be taken of the recorded market."""
    book = exchange.clearing.pairs[SYMBOL].book
    for side, is_bid in (("BUY", False), ("SELL", True)):
        best = next(book.available(is_bid=is_bid), None)
        for order in open_orders(exchange, side):
            assert best is None or (
                order.price < best[0] if side == "BUY" else order.price > best[0]
            )


LAWS = (
    check_conservation,
    check_balances,
    check_quantities,
    check_queues,
    check_priority,
    check_uncrossed,
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_every_law_holds_after_every_event(law: Checker) -> None:
    @settings(max_examples=120, deadline=None)
    @given(acts)
    def check(actions: list[Any]) -> None:
        play(actions, law)

    check()


class YoungestFirst(OwnSide):
    """Time priority the wrong way round."""

    def add(self, order: SimOrder, *, ahead: int) -> Resting:
        resting = super().add(order, ahead=ahead)
        self.by_price[order.price].insert(0, self.by_price[order.price].pop())
        return resting


class WorstPriceFirst(OwnSide):
    """Price priority the wrong way round."""

    def best_first(self) -> Iterator[Resting]:
        yield from reversed(list(super().best_first()))


class NegativeQueue(OwnSide):
    """A queue that cancels shorten below nothing."""

    def level_changed(self, price: int, before: int, *, after: int, cancels_ahead: int) -> None:
        for resting in self.by_price[price]:
            resting.ahead -= max(0, before - after)


class DoubleFill(OwnSide):
    """A trade that fills every order with its whole quantity."""

    def traded(self, price: int, quantity: int, *, step: int) -> list[tuple[Resting, int]]:
        return [(resting, quantity) for resting in self.by_price.get(price, ())]


class FreeLunch(Clearing):
    """A market that gives and does not take."""

    def _face_market(
        self, order: SimOrder, rules: SymbolRules, price: int, quantity: int
    ) -> None:
        self.market[rules.base] = self.market.get(rules.base, 0) - quantity


class ForgottenLock(Clearing):
    """Locks that the end of an order does not give back."""

    def _unlock(self, order: SimOrder) -> None:
        self.holdings[order.account].open[order.symbol].pop(order.order_id, None)


def _with_side(kind: type[OwnSide]) -> Callable[[Exchange], None]:
    def breaks(exchange: Exchange) -> None:
        pair = exchange.clearing.pairs[SYMBOL]
        pair.bids, pair.asks = kind(is_bid=True), kind(is_bid=False)

    return breaks


def _with_clearing(kind: type[Clearing]) -> Callable[[Exchange], None]:
    def breaks(exchange: Exchange) -> None:
        exchange.clearing.__class__ = kind

    return breaks


def _deaf_to_crossing(exchange: Exchange) -> None:
    pair = exchange.clearing.pairs[SYMBOL]
    pair.queue = type(pair.queue)(
        cancels_ahead=pair.queue.cancels_ahead,
        unseen_level_as_touch=True,
        fill_when_crossed=False,
    )


@pytest.mark.parametrize(
    ("law", "breaks"),
    [
        (check_priority, _with_side(YoungestFirst)),
        (check_priority, _with_side(WorstPriceFirst)),
        (check_queues, _with_side(NegativeQueue)),
        (check_quantities, _with_side(DoubleFill)),
        (check_conservation, _with_clearing(FreeLunch)),
        (check_balances, _with_clearing(ForgottenLock)),
        (check_uncrossed, _deaf_to_crossing),
    ],
    ids=["youngest", "worst", "negative", "double", "free lunch", "forgotten lock", "crossed"],
)
def test_a_planted_bug_breaks_its_law(law: Checker, breaks: Callable[[Exchange], None]) -> None:
    @settings(
        max_examples=1500,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(acts)
    def check(actions: list[Any]) -> None:
        play(actions, law, breaks=breaks)

    with pytest.raises((AssertionError, KeyError)):
        check()


def _at_limit_or_better(order: SimOrder, price: int) -> bool:
    if order.order_type == "MARKET":
        return True
    return price <= order.price if order.side == "BUY" else price >= order.price
