"""Reservations: worst price plus fee for a buy, the asset for a sell, rounded up."""

from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain.instrument import Product
from holdfast.domain.money import amount_text
from holdfast.domain.order import Side
from holdfast.risk.limits import Limits, compile_limits
from holdfast.risk.reservation import PPM, reserve
from holdfast.testing.market import instrument

BTCUSDT = instrument()
PERPETUAL = instrument(product=Product.LINEAR)
units = st.integers(1, 10**15)


def held(side: Side, quantity: str, price: str, *, product: Product = Product.SPOT) -> str:
    traded = instrument(product=product)
    reservation = reserve(
        traded,
        side,
        quantity=traded.quantity(quantity),
        worst_price=traded.price(price),
        limits=compile_limits(Limits(), traded),
    )
    return f"{amount_text(reservation.amount)} {reservation.asset}"


def test_a_buy_holds_its_worst_price_and_its_fee() -> None:
    assert held(Side.BUY, "2", "100.5") == "201.201 USDT"


def test_a_sell_holds_the_asset() -> None:
    assert held(Side.SELL, "2", "100.5") == "2 BTC"


def test_a_contract_holds_margin_and_fee_on_either_side() -> None:
    for side in Side:
        assert held(side, "2", "100", product=Product.LINEAR) == "10.2 USDT"


@given(quantity=units, price=units, fee_ppm=st.integers(0, 100_000))
def test_a_reservation_never_falls_short_by_more_than_rounding(
    quantity: int, price: int, fee_ppm: int
) -> None:
    limits = compile_limits(Limits(fee_ppm=fee_ppm), BTCUSDT)
    amount = reserve(
        BTCUSDT, Side.BUY, quantity=quantity, worst_price=price, limits=limits
    ).amount
    exact_times_ppm = BTCUSDT.notional(price, quantity) * (PPM + fee_ppm)
    assert exact_times_ppm <= amount * PPM < exact_times_ppm + PPM
