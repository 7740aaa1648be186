"""Lots against an oracle that keeps every unit by itself, and planted bugs that it catches."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from holdfast.ledger.lots import LotPool

Trades = list[tuple[int, int]]


class UnitQueue:
    """First in first out by brute force: one entry a unit, each with its own cost."""

    def __init__(self) -> None:
        self.units: list[Fraction] = []
        self.sign = 1

    def trade(self, quantity: int, value: Fraction) -> Fraction:
        realized = Fraction(0)
        each = value / abs(quantity)
        sign = 1 if quantity > 0 else -1
        for _ in range(abs(quantity)):
            if self.units and sign != self.sign:
                realized += self.sign * (each - self.units.pop(0))
            else:
                self.sign = sign
                self.units.append(each)
        return realized


priced = st.lists(
    st.tuples(st.integers(-9, 9).filter(bool), st.integers(0, 10**6)), max_size=30
)


def check_oldest_first(make_pool: Callable[[], LotPool], trades: Trades) -> None:
    pool, oracle = make_pool(), UnitQueue()
    for quantity, price in trades:
        realized = pool.trade(quantity, price)
        assert realized == oracle.trade(quantity, Fraction(price * abs(quantity)))
    assert pool.quantity == oracle.sign * len(oracle.units)
    assert pool.cost == oracle.sign * sum(oracle.units)
    assert sum(cost for _, cost in pool.open_lots()) == pool.cost
    assert sum(quantity for quantity, _ in pool.open_lots()) == pool.quantity


def check_nothing_is_lost(make_pool: Callable[[], LotPool], trades: Trades) -> None:
    """What was paid, less what was received, is in open lots or realized: to the last unit."""
    pool = make_pool()
    paid = realized = 0
    for quantity, value in trades:
        realized += pool.exchange(quantity, value)
        paid += value if quantity > 0 else -value
        assert paid == pool.cost - realized
        assert sum(cost for _, cost in pool.open_lots()) == pool.cost
        assert sum(size for size, _ in pool.open_lots()) == pool.quantity
        assert all(size * pool.quantity > 0 for size, _ in pool.open_lots())


def check_close_to_exact(make_pool: Callable[[], LotPool], trades: Trades) -> None:
    """Shares round at the 28th digit or the last unit, so they stay near the fractions."""
    pool, oracle = make_pool(), UnitQueue()
    for quantity, value in trades:
        realized = pool.exchange(quantity, value)
        assert abs(realized - oracle.trade(quantity, Fraction(value))) <= len(trades)


class NewestFirst(LotPool):
    """A planted bug: closes the newest lot."""

    def trade(self, quantity: int, price: int, *, rest: int = 0) -> int:
        closes = self.quantity * quantity < 0
        if closes:
            self.lots.reverse()
        realized = super().trade(quantity, price, rest=rest)
        if closes:
            self.lots.reverse()
        return realized


class ForgetsTheRest(LotPool):
    """A planted bug: a value that is no price times a quantity loses its remainder."""

    def exchange(self, quantity: int, value: int) -> int:
        return self.trade(quantity, value // abs(quantity))


class RoundsTheShare(LotPool):
    """A planted bug: part of a lot costs its size times a rounded price."""

    def trade(self, quantity: int, price: int, *, rest: int = 0) -> int:
        return super().trade(quantity, price - price % 7, rest=rest)


@given(priced)
def test_lots_close_oldest_first_as_the_oracle_does(trades):
    check_oldest_first(LotPool, trades)


@given(priced)
def test_no_share_of_a_lot_is_lost(trades):
    check_nothing_is_lost(LotPool, trades)


@given(priced)
def test_shares_stay_near_the_exact_fractions(trades):
    check_close_to_exact(LotPool, trades)


@pytest.mark.parametrize(
    ("check", "planted"),
    [
        (check_oldest_first, NewestFirst),
        (check_nothing_is_lost, ForgetsTheRest),
        (check_oldest_first, RoundsTheShare),
        (check_close_to_exact, NewestFirst),
    ],
)
def test_a_planted_bug_in_the_lots_is_caught(check, planted):
    @settings(database=None, phases=[Phase.generate], max_examples=300, derandomize=True)
    @given(priced)
    def attack(trades):
        check(planted, trades)

    with pytest.raises(AssertionError):
        attack()
