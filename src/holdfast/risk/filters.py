"""The filter gate: what the venue would refuse anyway is not sent; reductions obey it too.

Each reason names the venue's filter. Here are the rules that every order meets; those of stops,
lists, icebergs, position sides and the like are in `order_filters`, which plain orders skip.
Spot measures the percent-price filter against an average of its own and a contract against its
mark; where that is not known the last price, or the middle of the book, is close enough to
catch a slip of the finger.
"""

from holdfast.domain.approval import Refusal
from holdfast.domain.instrument import Instrument, Product
from holdfast.domain.intent import SizedIntent
from holdfast.domain.order import NewOrder, OrderType, PositionSide, TimeInForce, TriggerPrice
from holdfast.risk import order_filters
from holdfast.risk.limits import MULTIPLIER_EXPONENT
from holdfast.risk.texts import product_text, refusal_of
from holdfast.risk.view import Ask, View

TRADING = "TRADING"
_ONE = 10**MULTIPLIER_EXPONENT
_BOTH, _LIMIT = PositionSide.BOTH, OrderType.LIMIT  # an enum looks its members up each time
_GTC, _IOC, _LAST = TimeInForce.GTC, TimeInForce.IOC, TriggerPrice.LAST
_SPOT = Product.SPOT


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse what breaks a filter of the venue; the first one that breaks is named."""
    instrument, wish, price, time = view.instrument, ask.wish, ask.price, ask.wish.time_in_force
    if instrument.status != TRADING:
        reason = "the venue does not trade the symbol"
        return refusal_of(reason, instrument.status, TRADING)
    if (
        wish.trigger_price
        or wish.callback_bps
        or wish.contingency
        or wish.display_quantity
        or wish.good_till_ns
        or wish.reduce_only
        or wish.position_side is not _BOTH
        or (time is not _GTC and not (time is _IOC and _is_plain_limit(wish)))
        or view.desk.is_hedged
        or not view.limits.is_plain
        or not (price or ask.top)
    ):
        refusal = order_filters.check(ask, view)
        if refusal is not None:
            return refusal
    most_orders = instrument.max_orders_count
    if most_orders and len(view.account.orders) >= most_orders:
        refusal = order_filters.orders_count(ask, view)
        if refusal is not None:
            return refusal
    return _limit(ask, view) if price else _market(ask, view)


def _is_plain_limit(wish: SizedIntent | NewOrder) -> bool:
    return wish.order_type is _LIMIT and wish.trigger_by is _LAST


def _limit(ask: Ask, view: View) -> Refusal | None:
    instrument, price = view.instrument, ask.price
    quantity, most, highest = ask.quantity, instrument.max_quantity, instrument.max_price
    if (
        quantity % instrument.step
        or quantity < instrument.min_quantity
        or (most and quantity > most)
        or price % instrument.tick
        or price < instrument.min_price
        or (highest and price > highest)
    ):
        return _quantity(quantity, instrument, step=instrument.step, most=most) or _price(
            price, instrument
        )
    if view.limits.multiplier_up or instrument.max_position:
        refusal = _percent_price(price, ask, view=view) or _max_position(ask, view)
        if refusal is not None:
            return refusal
    if price * quantity >= view.limits.min_product and not view.limits.max_product:
        return None
    return _notional(price, ask, view=view)


def _market(ask: Ask, view: View) -> Refusal | None:
    instrument = view.instrument
    step = instrument.market_step or instrument.step
    most = instrument.market_max_quantity or instrument.max_quantity
    refusal = _quantity(
        ask.quantity,
        instrument,
        step=step,
        most=most,
        least=instrument.market_min_quantity,
        name="MARKET_LOT_SIZE",
    )
    return refusal or _max_position(ask, view) or _market_notional(ask, view)


def _market_notional(ask: Ask, view: View) -> Refusal | None:
    if not view.instrument.min_notional_on_market:
        return None
    least = ask.worst_price if ask.top is None else min(ask.top.bid, ask.worst_price)
    return _notional(ask.anchor or least, ask, view=view)


def _notional(price: int, ask: Ask, *, view: View) -> Refusal | None:
    limits, instrument = view.limits, view.instrument
    product = price * ask.quantity
    if product < limits.min_product:
        if instrument.product is not _SPOT and ask.wish.reduce_only:
            return None
        return refusal_of(
            "the order is worth too little (NOTIONAL)",
            product_text(product, instrument),
            f"{instrument.min_notional} {instrument.quote}",
        )
    most = limits.max_product
    if not most or product <= most or not (ask.price or instrument.max_notional_on_market):
        return None
    return refusal_of(
        "the order is worth too much (NOTIONAL)",
        product_text(product, instrument),
        f"{instrument.max_notional} {instrument.quote}",
    )


def _quantity(
    quantity: int,
    instrument: Instrument,
    *,
    step: int,
    most: int,
    least: int = 0,
    name: str = "LOT_SIZE",
) -> Refusal | None:
    least = least or instrument.min_quantity
    if quantity >= least and quantity > 0 and not quantity % step:
        if not most or quantity <= most:
            return None
        reason, limit = "the quantity is too large", most
    elif quantity <= 0 or quantity < least:
        reason, limit = "the quantity is too small", max(least, 1)
    else:
        reason, limit = "the quantity is no multiple of the step", step
    text = instrument.quantity_text
    return refusal_of(f"{reason} ({name})", text(quantity), text(limit))


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
    return refusal_of(f"{reason} (PRICE_FILTER)", text(price), text(limit))


def _percent_price(price: int, ask: Ask, *, view: View) -> Refusal | None:
    limits = view.limits
    up = limits.multiplier_up if ask.is_buy else limits.ask_multiplier_up
    if not up:
        return None
    around = order_filters.reference_of(ask, view)
    if not around:
        return None
    down = limits.multiplier_down if ask.is_buy else limits.ask_multiplier_down
    high, low = around * up, around * down
    if low <= price * _ONE <= high:
        return None
    end = (high if price * _ONE > high else low) // _ONE
    text = view.instrument.price_text
    return refusal_of(
        "the price is too far from the market (PERCENT_PRICE)", text(price), text(end)
    )


def _max_position(ask: Ask, view: View) -> Refusal | None:
    """Refuse a buy after which more of the base asset could be held than the venue allows."""
    instrument = view.instrument
    if not ask.is_buy or not instrument.max_position:
        return None
    held = view.account.balances.get(instrument.base, 0) // instrument.base_amount(1)
    most = held + ask.total.buying + ask.quantity
    if most <= instrument.max_position:
        return None
    text = instrument.quantity_text
    return refusal_of(
        "more could be held than the venue allows (MAX_POSITION)",
        text(most),
        text(instrument.max_position),
    )
