"""The filter gate: what the venue would refuse anyway is not sent; reductions obey it too.

The venue measures the percent-price filter against a price of its own; here it is measured
against the middle of the book, which is close enough to catch a slip of the finger.
"""

from holdfast.domain.approval import Refusal
from holdfast.domain.instrument import Instrument
from holdfast.risk.limits import MULTIPLIER_EXPONENT
from holdfast.risk.texts import product_text
from holdfast.risk.view import Ask, View

TRADING = "TRADING"
_TWICE = 2 * 10**MULTIPLIER_EXPONENT


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse what breaks a filter of the venue; the first one that breaks is named."""
    instrument, price = view.instrument, ask.price
    if instrument.status != TRADING:
        return Refusal(
            "filters", "the venue does not trade the symbol", instrument.status, TRADING
        )
    if price:
        least = price
        refusal = (
            _quantity(
                ask.quantity, instrument, step=instrument.step, most=instrument.max_quantity
            )
            or _price(price, instrument)
            or _percent_price(price, ask, view=view)
        )
    else:
        least = ask.worst_price if ask.top is None else min(ask.top.bid, ask.worst_price)
        step = instrument.market_step or instrument.step
        most = instrument.market_max_quantity or instrument.max_quantity
        refusal = _quantity(ask.quantity, instrument, step=step, most=most)
    if refusal is not None:
        return refusal
    product = least * ask.quantity
    if product >= view.limits.min_product:
        return None
    return Refusal(
        "filters",
        "the order is worth too little",
        product_text(product, instrument),
        f"{instrument.min_notional} {instrument.quote}",
    )


def _quantity(quantity: int, instrument: Instrument, *, step: int, most: int) -> Refusal | None:
    if quantity >= instrument.min_quantity and quantity > 0 and not quantity % step:
        if not most or quantity <= most:
            return None
        reason, limit = "the quantity is too large", most
    elif quantity <= 0 or quantity < instrument.min_quantity:
        reason, limit = "the quantity is too small", max(instrument.min_quantity, 1)
    else:
        reason, limit = "the quantity is no multiple of the step", step
    text = instrument.quantity_text
    return Refusal("filters", reason, text(quantity), text(limit))


def _price(price: int, instrument: Instrument) -> Refusal | None:
    if price >= instrument.min_price and price > 0 and not price % instrument.tick:
        if not instrument.max_price or price <= instrument.max_price:
            return None
        reason, limit = "the price is too high", int(instrument.max_price)
    elif price <= 0 or price < instrument.min_price:
        reason, limit = "the price is too low", max(instrument.min_price, 1)
    else:
        reason, limit = "the price is no multiple of the tick", instrument.tick
    text = instrument.price_text
    return Refusal("filters", reason, text(price), text(limit))


def _percent_price(price: int, ask: Ask, *, view: View) -> Refusal | None:
    top, limits = ask.top, view.limits
    if top is None or not limits.multiplier_up:
        return None
    both = top.bid + top.ask
    high, low = both * limits.multiplier_up, both * limits.multiplier_down
    if low <= price * _TWICE <= high:
        return None
    end = (high if price * _TWICE > high else low) // _TWICE
    text = view.instrument.price_text
    return Refusal("filters", "the price is too far from the market", text(price), text(end))
