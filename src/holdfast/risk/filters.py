"""The filter gate: what the venue would refuse anyway is not sent; reductions obey it too."""

from fractions import Fraction

from holdfast.domain.approval import Refusal
from holdfast.domain.instrument import Instrument
from holdfast.domain.money import AMOUNT_EXPONENT, to_units
from holdfast.risk.texts import product_text
from holdfast.risk.view import Ask, View

TRADING = "TRADING"


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse what breaks a filter of the venue; the first one that breaks is named."""
    instrument = view.instrument
    if instrument.status != TRADING:
        return Refusal(
            "filters", "the venue does not trade the symbol", instrument.status, TRADING
        )
    return (
        _quantity(ask, instrument)
        or (_price(ask, instrument) if ask.price else None)
        or _notional(ask, view)
        or (_percent_price(ask, view) if instrument.multiplier_up else None)
    )


def _quantity(ask: Ask, instrument: Instrument) -> Refusal | None:
    quantity, step = ask.quantity, instrument.step
    most = instrument.max_quantity
    if not ask.price:
        step = instrument.market_step or step
        most = instrument.market_max_quantity or most
    text = instrument.quantity_text
    if quantity <= 0 or quantity < instrument.min_quantity:
        low = max(instrument.min_quantity, 1)
        return Refusal("filters", "the quantity is too small", text(quantity), text(low))
    if most and quantity > most:
        return Refusal("filters", "the quantity is too large", text(quantity), text(most))
    if quantity % step:
        return Refusal("filters", "the quantity is no multiple", text(quantity), text(step))
    return None


def _price(ask: Ask, instrument: Instrument) -> Refusal | None:
    price, text = ask.price, instrument.price_text
    if price < max(instrument.min_price, 1):
        low = max(instrument.min_price, 1)
        return Refusal("filters", "the price is too low", text(price), text(low))
    if instrument.max_price and price > instrument.max_price:
        return Refusal(
            "filters", "the price is too high", text(price), text(instrument.max_price)
        )
    if price % instrument.tick:
        return Refusal(
            "filters", "the price is no multiple", text(price), text(instrument.tick)
        )
    return None


def _notional(ask: Ask, view: View) -> Refusal | None:
    instrument = view.instrument
    if instrument.min_notional == "0":
        return None
    top = view.desk.tops.get(instrument.symbol)
    price = ask.price or (min(top.bid, ask.worst_price) if top else ask.worst_price)
    notional = instrument.notional(price, ask.quantity)
    if notional >= to_units(instrument.min_notional, AMOUNT_EXPONENT):
        return None
    return Refusal(
        "filters",
        "the order is worth too little",
        product_text(price * ask.quantity, instrument),
        f"{instrument.min_notional} {instrument.quote}",
    )


def _percent_price(ask: Ask, view: View) -> Refusal | None:
    instrument = view.instrument
    top = view.desk.tops.get(instrument.symbol)
    if top is None or not ask.price:
        return None
    middle = Fraction(top.bid + top.ask, 2)
    high = middle * Fraction(instrument.multiplier_up)
    low = middle * Fraction(instrument.multiplier_down or "0")
    if low <= ask.price <= high:
        return None
    end = int(high if ask.price > high else low)
    text = instrument.price_text
    return Refusal(
        "filters", "the price is too far from the market", text(ask.price), text(end)
    )
