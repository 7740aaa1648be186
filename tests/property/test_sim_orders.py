"""Laws of every order type, list and amendment, and planted bugs caught (XCH-10)."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from holdfast.simexchange.clearing import Clearing
from holdfast.simexchange.contingency import Contingency
from holdfast.simexchange.exchange import Exchange
from holdfast.simexchange.model import (
    AccountEvent,
    BalanceUpdate,
    OrderUpdate,
    SimOrder,
)
from holdfast.simexchange.pair import Pair
from holdfast.simexchange.requests import OrderList
from tests.property.sim_acts import NAMES, OPENING, rich_acts, rich_exchange
from tests.property.sim_kit import SYMBOL

Law = Callable[[Exchange, "Heard"], None]
OPEN = ("NEW", "PENDING_NEW", "PARTIALLY_FILLED")


class Heard:
    """What a listener to all user streams knows."""

    def __init__(self) -> None:
        self.orders: dict[int, SimOrder] = {}
        self.balances: dict[tuple[str, str], tuple[int, int]] = {}
        self.trades: set[tuple[int, int]] = set()
        self.execution_id = 0

    def take(self, emissions: list[Any]) -> None:
        for emission in emissions:
            if not isinstance(emission, AccountEvent):
                continue
            event = emission.event
            if isinstance(event, OrderUpdate):
                self._take_update(event)
            elif isinstance(event, BalanceUpdate):
                for held in event.balances:
                    assert held.free >= 0
                    assert held.locked >= 0
                    self.balances[emission.account, held.asset] = (held.free, held.locked)

    def _take_update(self, event: OrderUpdate) -> None:
        assert event.execution_id > self.execution_id
        self.execution_id = event.execution_id
        order, before = event.order, self.orders.get(event.order.order_id)
        if before is not None:
            assert before.status in OPEN, f"{event.execution_type} after {before.status}"
            assert order.cum_quantity >= before.cum_quantity
            assert order.quantity <= before.quantity or before.status == "PENDING_NEW"
        if event.trade is not None:
            key = (event.trade.trade_id, order.order_id)
            assert key not in self.trades
            self.trades.add(key)
        self.orders[order.order_id] = order


def orders_of(exchange: Exchange) -> list[SimOrder]:
    return [
        order
        for name in NAMES
        for order in exchange.accounts.all_orders(name, SYMBOL, limit=10**6)
    ]


def lists_of(exchange: Exchange) -> list[OrderList]:
    return [one for name in NAMES for one in exchange.history.order_lists(name)]


def check_conservation(exchange: Exchange, _heard: Heard) -> None:
    for asset, opening in OPENING.items():
        held = sum(
            balance.free + balance.locked
            for name in NAMES
            for balance in exchange.accounts.balances(name)
            if balance.asset == asset
        )
        fees = exchange.clearing.fees.get(asset, 0)
        market = exchange.clearing.market.get(asset, 0)
        assert held + fees + market == opening * len(NAMES)


def check_locks(exchange: Exchange, _heard: Heard) -> None:
    """What is locked is what open orders need, a pair once, and what pays pending orders."""
    for name in NAMES:
        needed: dict[str, dict[int, int]] = {"AAA": {}, "BBB": {}}
        holdings = exchange.clearing.holdings[name]
        for order in holdings.open_orders():
            if order.status == "PENDING_NEW":
                continue
            asset, amount = exchange.clearing.lock_needed(order)
            by_lock = needed[asset]
            paired = order.list_id > 0 and order in holdings.lists[order.list_id].pair
            key = -order.list_id if paired else order.order_id
            by_lock[key] = max(amount, by_lock.get(key, 0))
        for key, (asset, amount) in holdings.locks.items():
            is_external = key == 0
            pays_pending = key < 0 and holdings.lists[-key].is_paid
            if is_external or (pays_pending and not holdings.lists[-key].is_done):
                needed[asset].setdefault(key, amount)
        for balance in exchange.accounts.balances(name):
            assert balance.free >= 0
            assert balance.locked == sum(needed[balance.asset].values())


def check_places(exchange: Exchange, _heard: Heard) -> None:
    """An open order stands in the queue, waits for its price, or is pending: one of them."""
    pair = exchange.clearing.pairs[SYMBOL]
    queued = [r.order for s in (pair.bids, pair.asks) for ln in s.by_price.values() for r in ln]
    places = {"queue": {order.order_id for order in queued}, "wait": set(pair.triggers.orders)}
    assert len(queued) == len(places["queue"]) == pair.own_count
    assert places["queue"] == set(pair.resting)
    for order in orders_of(exchange):
        found = [place for place, ids in places.items() if order.order_id in ids]
        if order.status not in ("NEW", "PARTIALLY_FILLED"):
            assert found == []
        else:
            assert found == (["queue"] if order.is_working else ["wait"])
    for resting in pair.resting.values():
        assert 0 < resting.showing <= resting.order.leaves_quantity


def check_quantities(exchange: Exchange, _heard: Heard) -> None:
    for order in orders_of(exchange):
        trades = exchange.accounts.my_trades(order.account, SYMBOL, order_id=order.order_id)
        assert sum(trade.quantity for trade in trades) == order.cum_quantity
        assert order.cum_quantity + order.prevented_quantity <= order.quantity
        if order.status == "FILLED":
            assert order.leaves_quantity == 0
        if order.price:
            sign = 1 if order.side == "BUY" else -1
            assert all(sign * (order.price - trade.price) >= 0 for trade in trades)


def check_lists(exchange: Exchange, _heard: Heard) -> None:
    for one in lists_of(exchange):
        assert sum(bool(order.cum_quantity) for order in one.pair) <= 1
        working = [order for order in one.pair if order.status in OPEN and order.is_working]
        started = [order for order in one.pair if order.cum_quantity]
        if started:
            assert all(order is started[0] for order in working)
        if one.working is not None and one.working.status != "FILLED":
            assert all(order.cum_quantity == 0 for order in one.pending)
            assert all(order.status != "NEW" for order in one.pending)
        is_over = all(order.status not in OPEN for order in one.orders)
        assert one.is_done == is_over


def check_heard(exchange: Exchange, heard: Heard) -> None:
    """Who follows the user streams knows what a query would say."""
    for order in orders_of(exchange):
        known = heard.orders[order.order_id]
        assert (known.status, known.cum_quantity, known.quantity, known.is_working) == (
            order.status,
            order.cum_quantity,
            order.quantity,
            order.is_working,
        )
    for (name, asset), held in heard.balances.items():
        (now,) = [one for one in exchange.accounts.balances(name) if one.asset == asset]
        assert held == (now.free, now.locked)


LAWS = (
    check_conservation,
    check_locks,
    check_places,
    check_quantities,
    check_lists,
    check_heard,
)


def play(
    actions: list[Any], law: Law, *, breaks: Callable[[Exchange], None] | None = None
) -> Exchange:
    exchange, heard = rich_exchange(), Heard()
    if breaks is not None:
        breaks(exchange)
    for at, act in enumerate(actions, 2):
        heard.take(act(exchange, at))
        law(exchange, heard)
    return exchange


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_every_law_holds_after_every_act(law: Law) -> None:
    @settings(max_examples=150, deadline=None)
    @given(rich_acts)
    def check(actions: list[Any]) -> None:
        play(actions, law)

    check()


@settings(max_examples=40, deadline=None)
@given(rich_acts)
def test_the_same_acts_have_the_same_consequences(actions: list[Any]) -> None:
    def consequences() -> object:
        exchange = rich_exchange()
        return [msgspec.to_builtins(act(exchange, at)) for at, act in enumerate(actions, 2)]

    assert consequences() == consequences()


class BothFill(Contingency):
    """Pairs whose orders know nothing of each other."""

    def _end_sibling(self, order_list: OrderList, order: SimOrder, *, at_ns: int) -> None:
        pass


class Greedy(Contingency):
    """Pending orders that do not wait for the whole fill."""

    def _follow_working(self, order_list: OrderList, order: SimOrder, *, at_ns: int) -> None:
        waiting = [one for one in order_list.pending if one.status == "PENDING_NEW"]
        if order.cum_quantity and waiting:
            self._begin(order_list, waiting, at_ns=at_ns)


class LockedTwice(Clearing):
    """Pairs that lock for both orders."""

    def lock(self, order: SimOrder) -> None:
        order.lock_id = order.order_id
        super().lock(order)


class Vanishing(Pair):
    """Icebergs whose next part never comes."""

    __slots__ = ()

    def shown(self, order: SimOrder, quantity: int) -> None:
        if order.iceberg_quantity:
            self.leave(order)


def _contingent(kind: type[Contingency]) -> Callable[[Exchange], None]:
    def breaks(exchange: Exchange) -> None:
        exchange._contingency.__class__ = kind

    return breaks


def _locks_twice(exchange: Exchange) -> None:
    exchange.clearing.__class__ = LockedTwice


def _vanishing(exchange: Exchange) -> None:
    exchange.clearing.pairs[SYMBOL].__class__ = Vanishing


@pytest.mark.parametrize(
    ("law", "breaks"),
    [
        (check_lists, _contingent(BothFill)),
        (check_lists, _contingent(Greedy)),
        (check_locks, _locks_twice),
        (check_places, _vanishing),
    ],
    ids=["both fill", "greedy", "locked twice", "vanishing"],
)
def test_a_planted_bug_breaks_its_law(law: Law, breaks: Callable[[Exchange], None]) -> None:
    @settings(
        max_examples=1500,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(rich_acts)
    def check(actions: list[Any]) -> None:
        play(actions, law, breaks=breaks)

    with pytest.raises(AssertionError):
        check()
