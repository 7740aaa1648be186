"""The venue's rules for stops, trailing stops, lists, icebergs, dates, sides and counts.

Sources: Binance spot filters and order types; USD-M new order, algo order and exchange
information. Whole numbers only.
"""

from holdfast.domain.approval import Refusal
from holdfast.domain.instant import NS_PER_S
from holdfast.domain.instrument import Product
from holdfast.domain.intent import SizedIntent
from holdfast.domain.order import NewOrder, OrderType, PositionSide, TimeInForce, TriggerPrice
from holdfast.risk.texts import refusal_of
from holdfast.risk.view import Ask, View

GOOD_TILL_LEAST_NS = 600 * NS_PER_S
GOOD_TILL_MOST_NS = 253_402_300_799 * NS_PER_S
"""USD-M: goodTillDate lies more than 600 s ahead and before the year 10000."""
CALLBACK_STEP_BPS, LEAST_CALLBACK_BPS, MOST_CALLBACK_BPS = 10, 10, 1_000
"""USD-M: callbackRate is 0.1 to 10 percent, with one decimal."""
_TAKE_PROFITS = (OrderType.TAKE_PROFIT_LIMIT, OrderType.TAKE_PROFIT_MARKET)


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse what the venue has not, or not like this; the first rule that breaks is named."""
    is_spot = view.instrument.product is Product.SPOT
    return (
        _type(ask, view)
        or _time(ask, view, is_spot=is_spot)
        or (_on_spot(ask, view) if is_spot else _on_contracts(ask, view))
        or _trigger(ask, view)
        or _list(ask, view)
    )


def reference_of(ask: Ask, view: View) -> int:
    """Give the price that the venue measures from, as well as it is known here."""
    if view.mark:
        return view.mark
    if view.last:
        return view.last
    return (ask.top.bid + ask.top.ask) // 2 if ask.top is not None else 0


def orders_count(ask: Ask, view: View) -> Refusal | None:
    """Refuse an order beyond what may rest on the symbol."""
    most = view.instrument.max_orders_count
    count = len(_resting(ask, view))
    if count < most:
        return None
    return refusal_of("too many orders rest (MAX_NUM_ORDERS)", str(count + 1), str(most))


def _resting(ask: Ask, view: View) -> list[NewOrder]:
    """Give our other orders of the symbol, of all strategies."""
    symbol = view.instrument.symbol
    own = ask.order.client_order_id if ask.order is not None else ""
    return [
        order.request
        for (_, traded), orders in view.account.working.items()
        if traded == symbol
        for name, order in orders.items()
        if name not in (own, ask.wish.replaces) and not order.ending
    ]


def _type(ask: Ask, view: View) -> Refusal | None:
    """Refuse a type that the product does not have."""
    instrument, wish = view.instrument, ask.wish
    order_type = wish.order_type.value
    if instrument.order_types and order_type not in instrument.order_types:
        known = ", ".join(instrument.order_types)
        return refusal_of("the product has no such order type", order_type, known)
    if wish.time_in_force is TimeInForce.FOK and not wish.price:
        return refusal_of("an order at the market is filled at once as far as it goes", "fok")
    if isinstance(wish, SizedIntent) and wish.post_only and not _is_post_only(ask):
        return refusal_of("only a limit order that rests at once can be post-only", order_type)
    if wish.callback_bps and (wish.price or wish.trigger_price or is_take_profit(ask)):
        return refusal_of("a trailing stop has no other price", order_type)
    return None


def is_take_profit(ask: Ask) -> bool:
    """Tell whether it waits for a better price than the market's and not for a worse one."""
    wish = ask.wish
    if isinstance(wish, SizedIntent):
        return wish.take_profit
    return wish.order_type in _TAKE_PROFITS


def _is_post_only(ask: Ask) -> bool:
    return ask.wish.order_type is OrderType.LIMIT_MAKER


def _time(ask: Ask, view: View, *, is_spot: bool) -> Refusal | None:
    """Refuse a time in force that the type does not have, and a date that is not to come."""
    wish = ask.wish
    time = wish.time_in_force
    if _is_post_only(ask) and time in (TimeInForce.IOC, TimeInForce.FOK):
        return refusal_of("a post-only order rests", time.value, "gtc")
    if time is not TimeInForce.GTD:
        if not wish.good_till_ns:
            return None
        return refusal_of("only a GTD order has an end", time.value, "gtd")
    if is_spot:
        return refusal_of("spot orders cannot be good till a date", "gtd", "gtc, ioc, fok")
    if not wish.price or _is_post_only(ask):
        return refusal_of("only a limit order can be good till a date", wish.order_type.value)
    least = view.now_ns + GOOD_TILL_LEAST_NS
    if least < wish.good_till_ns < GOOD_TILL_MOST_NS:
        return None
    ahead = (wish.good_till_ns - view.now_ns) // NS_PER_S
    return refusal_of("the end of a GTD order is too near or too far", f"{ahead} s", "600 s")


def _on_spot(ask: Ask, view: View) -> Refusal | None:
    wish = ask.wish
    if wish.reduce_only:
        return refusal_of("spot has no reduce-only orders", "reduce-only")
    if wish.position_side is not PositionSide.BOTH:
        return refusal_of("spot has no position sides", wish.position_side.value, "both")
    if wish.trigger_by is not TriggerPrice.LAST:
        return refusal_of("spot has no mark price", wish.trigger_by.value, "last")
    return _iceberg(ask, view) or _trailing(ask, view)


def _on_contracts(ask: Ask, view: View) -> Refusal | None:
    wish = ask.wish
    if view.desk.is_hedged:
        if wish.position_side is PositionSide.BOTH:
            return refusal_of("hedge mode needs a position side", "both", "long or short")
        if wish.reduce_only:
            return refusal_of("hedge mode has no reduce-only orders", "reduce-only")
    elif wish.position_side is not PositionSide.BOTH:
        return refusal_of(
            "one-way mode has no position sides", wish.position_side.value, "both"
        )
    if wish.display_quantity:
        return refusal_of("contracts have no icebergs", str(wish.display_quantity), "0")
    if wish.callback_bps:
        inside = LEAST_CALLBACK_BPS <= wish.callback_bps <= MOST_CALLBACK_BPS
        if not inside or wish.callback_bps % CALLBACK_STEP_BPS:
            limit = "10 to 1000 bps, in steps of 10"
            return refusal_of(
                "no such callback of a trailing stop", f"{wish.callback_bps}", limit
            )
    return None


def _iceberg(ask: Ask, view: View) -> Refusal | None:
    """Refuse an iceberg with too many parts, or too many of them."""
    wish, instrument = ask.wish, view.instrument
    shown = wish.display_quantity
    if not shown:
        return None
    text = instrument.quantity_text
    is_limit = wish.price and not wish.trigger_price
    if not instrument.has_icebergs or not is_limit or wish.time_in_force is not TimeInForce.GTC:
        return refusal_of("only a GTC limit order can be an iceberg", wish.order_type.value)
    if shown >= ask.quantity or shown % instrument.step or shown < instrument.min_quantity:
        return refusal_of(
            "no such part of an iceberg (LOT_SIZE)", text(shown), text(ask.quantity)
        )
    parts, most = -(-ask.quantity // shown), instrument.iceberg_parts_count
    if most and parts > most:
        return refusal_of("an iceberg of too many parts (ICEBERG_PARTS)", str(parts), str(most))
    most = instrument.max_iceberg_orders_count
    resting = [order for order in _resting(ask, view) if order.display_quantity]
    if not most or len(resting) < most:
        return None
    count = str(len(resting) + 1)
    return refusal_of("too many icebergs (MAX_NUM_ICEBERG_ORDERS)", count, str(most))


def _trailing(ask: Ask, view: View) -> Refusal | None:
    """Refuse a distance outside of the bounds: above the market, or below it."""
    wish, instrument = ask.wish, view.instrument
    if not wish.callback_bps:
        return None
    if ask.is_buy:
        least, most = instrument.min_trailing_above_bps, instrument.max_trailing_above_bps
    else:
        least, most = instrument.min_trailing_below_bps, instrument.max_trailing_below_bps
    if not most or least <= wish.callback_bps <= most:
        return None
    limit = f"{least} to {most} bps"
    return refusal_of("no such trailing delta (TRAILING_DELTA)", str(wish.callback_bps), limit)


def _trigger(ask: Ask, view: View) -> Refusal | None:
    """Refuse a trigger that is no price, on the wrong side of the market, or one too many."""
    wish, instrument = ask.wish, view.instrument
    trigger = wish.trigger_price
    if not trigger and not wish.callback_bps:
        return None
    text = instrument.price_text
    for price in (trigger, wish.activation_price):
        high = instrument.max_price and price > instrument.max_price
        if price % instrument.tick or high or (price and price < instrument.min_price):
            return refusal_of(
                "the trigger is no price here (PRICE_FILTER)",
                text(price),
                text(instrument.tick),
            )
    most = instrument.max_algo_orders_count
    if most:
        count = 1 + sum(order.is_conditional for order in _resting(ask, view))
        if count > most:
            return refusal_of(
                "too many stops wait (MAX_NUM_ALGO_ORDERS)", str(count), str(most)
            )
    return _side(ask, view) if trigger else None


def _side(ask: Ask, view: View) -> Refusal | None:
    """Refuse a stop that would trigger at once (-2010 on spot, -2021 on USD-M)."""
    wish, text = ask.wish, view.instrument.price_text
    market = _market(ask, view)
    if not market:
        return refusal_of("no market price to measure the trigger by", text(wish.trigger_price))
    rises = ask.is_buy is not is_take_profit(ask)  # a stop that buys waits for a rise
    if (wish.trigger_price > market) if rises else (wish.trigger_price < market):
        return None
    side = "above" if rises else "below"
    return refusal_of(
        f"the stop would trigger at once; it belongs {side} the market",
        text(wish.trigger_price),
        text(market),
    )


def _market(ask: Ask, view: View) -> int:
    """Give the price that a trigger is compared with; for a pending leg its working leg's."""
    if ask.is_pending and ask.parent is not None:
        return ask.parent.intent.price
    if ask.wish.trigger_by is TriggerPrice.MARK and view.mark:
        return view.mark
    return view.last or ((ask.top.bid + ask.top.ask) // 2 if ask.top is not None else 0)


def _list(ask: Ask, view: View) -> Refusal | None:
    """Refuse a list that the venue does not have, and prices that are the wrong way round."""
    wish, instrument = ask.wish, view.instrument
    if not wish.contingency:
        return None
    if wish.contingency not in instrument.order_lists:
        known = ", ".join(instrument.order_lists) or "none"
        return refusal_of("the product has no such order list", wish.contingency, known)
    if not isinstance(wish, SizedIntent):
        return None
    most = instrument.max_order_lists_count
    open_lists = {o.order_list_id for o in _resting(ask, view) if o.order_list_id}
    if most and len(open_lists) >= most:
        count = str(len(open_lists) + 1)
        return refusal_of("too many lists (MAX_NUM_ORDER_LISTS)", count, str(most))
    exits = wish.legs if wish.contingency != "OCO" else (wish, *wish.legs)
    limit = next((leg for leg in exits if not leg.trigger_price), None)
    stop = next((leg for leg in exits if leg.trigger_price), None)
    if limit is None or stop is None:
        return None
    is_sell = limit.side.sign < 0
    if (limit.price > stop.trigger_price) is is_sell:
        return None
    text = instrument.price_text
    where = "below" if is_sell else "above"
    return refusal_of(
        f"the stop of a list belongs {where} its limit price",
        text(stop.trigger_price),
        text(limit.price),
    )
