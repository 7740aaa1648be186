"""A sub-position: first in first out, and exact."""

from holdfast.domain.money import PriceUnits, QuantityUnits
from holdfast.domain.position import Position


def traded(*trades: tuple[int, int]) -> Position:
    position = Position()
    for price, quantity in trades:
        position.trade(PriceUnits(price), QuantityUnits(quantity))
    return position


def test_the_oldest_lot_is_closed_first() -> None:
    position = traded((100, 5), (110, 5), (120, -7))
    assert position.realized == 5 * 20 + 2 * 10
    assert list(position.lots) == [(110, 3)]
    assert position.quantity == 3


def test_a_trade_through_zero_closes_everything_and_opens_the_rest() -> None:
    position = traded((100, 2), (90, -5))
    assert position.realized == -20
    assert list(position.lots) == [(90, -3)]
    assert position.quantity == -3


def test_a_short_earns_when_it_is_bought_back_lower() -> None:
    position = traded((100, -4), (95, 4))
    assert (position.realized, position.quantity, list(position.lots)) == (20, 0, [])


def test_unrealized_is_the_mark_against_the_cost_of_open_lots() -> None:
    position = traded((100, 2), (110, 1))
    assert position.cost == 310
    assert position.unrealized(PriceUnits(120)) == 50
    assert traded((100, -2)).unrealized(PriceUnits(90)) == 20
