"""A linear symbol of the simulator: what it is, and positions instead of base balances."""

import asyncio

from holdfast.domain.instrument import Product
from holdfast.runtime.linear import with_positions, with_products
from holdfast.testing.market import instrument
from holdfast.testing.venue import TrueAccount

SPOT = instrument("ETHUSDT")
LISTED = instrument("BTCUSDT")
LINEAR = instrument("BTCUSDT", product=Product.LINEAR)


def test_an_instrument_becomes_what_the_simulator_says_that_it_is() -> None:
    products = {"BTCUSDT": Product.LINEAR, "ETHUSDT": Product.SPOT}
    assert with_products([SPOT, LISTED], products) == [SPOT, LINEAR]


def test_an_instrument_of_which_nothing_is_said_stays_as_it_is() -> None:
    assert with_products([LISTED], {}) == [LISTED]


def test_a_short_position_is_told_from_a_base_balance_below_zero() -> None:
    held = TrueAccount({"BTC": "-0.5", "ETH": "2", "USDT": "100"})
    view = with_positions(held, [SPOT, LINEAR])
    positions = asyncio.run(view.positions())
    held_there = [(p.symbol, p.quantity) for p in positions]
    assert held_there == [(LINEAR.symbol, LINEAR.quantity("-0.5"))]


def test_the_base_of_a_contract_is_no_balance() -> None:
    held = TrueAccount({"BTC": "-0.5", "ETH": "2", "USDT": "100"})
    balances = asyncio.run(with_positions(held, [SPOT, LINEAR]).balances())
    assert sorted(balance.asset for balance in balances) == ["ETH", "USDT"]


def test_a_flat_contract_has_no_position() -> None:
    held = TrueAccount({"USDT": "100"})
    assert asyncio.run(with_positions(held, [LINEAR]).positions()) == []


def test_an_account_of_spot_alone_keeps_its_own_view() -> None:
    held = TrueAccount({"BTC": "1"})
    assert with_positions(held, [SPOT, LISTED]) is held
