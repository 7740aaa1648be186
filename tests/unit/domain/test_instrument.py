"""The door between decimal text and integer units."""

import pytest

from holdfast.domain.money import AmountUnits
from holdfast.testing.market import instrument

BTCUSDT = instrument()


def test_prices_and_quantities_go_through_the_door_unchanged() -> None:
    assert BTCUSDT.price_text(BTCUSDT.price("60000.10")) == "60000.1"
    assert BTCUSDT.quantity_text(BTCUSDT.quantity("0.00001")) == "0.00001"


def test_finer_than_a_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 8 decimals"):
        BTCUSDT.price("0.000000001")
    with pytest.raises(ValueError, match="finer than a unit of BTCUSDT"):
        BTCUSDT.quantity_of(AmountUnits(1))


def test_a_notional_is_exact() -> None:
    notional = BTCUSDT.notional(BTCUSDT.price("60000.01"), BTCUSDT.quantity("0.00001"))
    assert notional == 600_000_100_000_000_000
    assert BTCUSDT.base_amount(BTCUSDT.quantity("1.5")) == 1_500_000_000_000_000_000
    assert BTCUSDT.quantity_of(AmountUnits(15 * 10**17)) == BTCUSDT.quantity("1.5")


def test_rounding_says_its_direction_and_ends_on_a_tick() -> None:
    price = BTCUSDT.price("100.017")
    assert BTCUSDT.round_price(price, "down") == BTCUSDT.price("100.01")
    assert BTCUSDT.round_price(price, "up") == BTCUSDT.price("100.02")
    assert BTCUSDT.round_price(BTCUSDT.price("100.01"), "up") == BTCUSDT.price("100.01")
    assert BTCUSDT.floor_quantity(BTCUSDT.quantity("1.000019")) == BTCUSDT.quantity("1.00001")
