"""From an intent to what has to be bought, sold or canceled: pure, exact, idempotent.

A target is compared with filled + live + Unknown of its strategy. What rests in the way of a
target is canceled first and counts until it is gone, so that a target is never overshot; while
an Unknown stands on the symbol a target may only reduce. The part of a target that only reduces
is an exit of its own, because an exit passes limits and halts that an entry does not. A
protective order that waits for its trigger is no trade under way, and no target counts it.

A quote replaces its strategy's quote of that side: the old one is canceled first, and the new
one leaves when the old one is gone and the quote is said again; the two are never both alive.
"""

from collections.abc import Iterator
from typing import TypeAlias, assert_never

import msgspec

from holdfast.decision.lists import entry_with_exits, one_cancels_other
from holdfast.decision.view import PositionView, WorkingOrder
from holdfast.domain.ids import ClientOrderId, Symbol
from holdfast.domain.instrument import Instrument
from holdfast.domain.intent import (
    Buy,
    Cancel,
    EntryWithExits,
    Intent,
    OneCancelsOther,
    Protect,
    Quote,
    Sell,
    SizedIntent,
    Target,
)
from holdfast.domain.money import AMOUNT_EXPONENT, PriceUnits, QuantityUnits, to_units
from holdfast.domain.order import Purpose, Side, TimeInForce

QUOTE = "quote"


class CancelWish(msgspec.Struct, frozen=True):
    """The wish to cancel one order of the strategy, and why."""

    symbol: Symbol
    client_order_id: ClientOrderId
    reason: str


Sized: TypeAlias = SizedIntent | CancelWish


def size(intent: Intent, view: PositionView, *, instrument: Instrument) -> list[Sized]:
    """Turn an intent into sized intents and cancels; none when nothing is to be done.

    A protection is no order of its own: what it takes to keep it is decided where orders are.
    """
    match intent:
        case Target():
            return _target(intent, view, instrument)
        case Quote():
            return _quote(intent, view)
        case Buy() | Sell():
            return [_order(intent)]
        case OneCancelsOther():
            return [one_cancels_other(intent)]
        case EntryWithExits():
            return [entry_with_exits(intent)]
        case Protect():
            return []
        case Cancel():
            return list(_cancel(intent, view))
    assert_never(intent)


def quantity_for(instrument: Instrument, notional: str, *, price: PriceUnits) -> QuantityUnits:
    """Give the quantity that a notional in quote currency buys at a price.

    Rounded down to a step, then up to the least quantity and notional that the venue takes.
    """
    if price <= 0:
        raise ValueError(f"no quantity of {instrument.symbol} at a price of {price} units")
    per_unit = instrument.notional(price, 1)
    wanted = to_units(notional, AMOUNT_EXPONENT) // per_unit
    step = _step(instrument)
    least = -(-_least(instrument, price) // step) * step
    return QuantityUnits(max(wanted // step * step, least))


def _target(target: Target, view: PositionView, instrument: Instrument) -> list[Sized]:
    if view.filled == target.quantity and not view.orders and not view.has_undrawn:
        return []
    view = view.without_waiting_stops
    firm_buying = view.undrawn_buying + _firm(view, Side.BUY)
    firm_selling = view.undrawn_selling + _firm(view, Side.SELL)
    buy = target.quantity - (view.filled + view.buying - firm_selling)
    sell = (view.filled + firm_buying - view.selling) - target.quantity
    if buy > 0:
        return _trade(Side.BUY, buy, target=target, view=view, instrument=instrument)
    if sell > 0:
        return _trade(Side.SELL, sell, target=target, view=view, instrument=instrument)
    return []


def _trade(
    side: Side, need: int, *, target: Target, view: PositionView, instrument: Instrument
) -> list[Sized]:
    """Cancel what rests against a need, then trade what the cancels cannot give."""
    sized: list[Sized] = []
    for order in view.orders:
        if order.side is side.opposite and _can_cancel(order):
            sized.append(CancelWish(view.symbol, order.client_order_id, "against the target"))
            need -= order.counted_quantity
    leaving = _sendable(min(need, _reducible(side, view)), view.mark, instrument)
    entering = 0 if view.has_unknown else need - leaving
    parts = (
        (leaving, Purpose.EXIT),
        (_sendable(entering, view.mark, instrument), Purpose.ENTRY),
    )
    sized += [
        SizedIntent(
            symbol=view.symbol,
            side=side,
            quantity=quantity,
            price=PriceUnits(0),
            purpose=purpose,
            confidence=target.confidence,
        )
        for quantity, purpose in parts
        if quantity
    ]
    return sized


def _reducible(side: Side, view: PositionView) -> int:
    """Give how much of a side cannot raise the position, whatever else of that side fills."""
    if side is Side.SELL:
        return max(0, view.filled - view.selling)
    return max(0, -view.filled - view.buying)


def _firm(view: PositionView, side: Side) -> int:
    """Give the open quantity of a side that nobody has asked to cancel."""
    return sum(
        order.counted_quantity
        for order in view.orders
        if order.side is side and not order.cancel_requested
    )


def _can_cancel(order: WorkingOrder) -> bool:
    rests = order.price or order.trigger_price or order.callback_bps
    return bool(rests) and not order.cancel_requested and not order.is_unknown


def _sendable(quantity: int, mark: PriceUnits, instrument: Instrument) -> QuantityUnits:
    """Round down to what one market order of the venue takes; 0 when it takes no such order."""
    most = instrument.market_max_quantity or instrument.max_quantity or quantity
    step = _step(instrument)
    rounded = min(quantity, most) // step * step
    return QuantityUnits(rounded if 0 < rounded >= _least(instrument, mark) else 0)


def _step(instrument: Instrument) -> int:
    return max(instrument.step, instrument.market_step)


def _least(instrument: Instrument, mark: PriceUnits) -> int:
    """Give the least quantity that the venue takes at a price, before rounding to a step."""
    least: int = instrument.min_quantity
    if mark:
        needed = to_units(instrument.min_notional, AMOUNT_EXPONENT)
        least = max(least, -(-needed // instrument.notional(mark, 1)))
    return least


def _quote(quote: Quote, view: PositionView) -> list[Sized]:
    standing = [order for order in view.orders if order.is_quote and order.side is quote.side]
    wanted = [
        order
        for order in standing
        if quote.quantity
        and order.price == quote.price
        and order.quantity == quote.quantity
        and not order.cancel_requested
    ][:1]
    if not standing and quote.quantity:
        return [_resting(quote)]
    return [
        CancelWish(view.symbol, order.client_order_id, "quote replaced")
        for order in standing
        if order not in wanted and not order.cancel_requested and not order.is_unknown
    ]


def _resting(quote: Quote) -> SizedIntent:
    return SizedIntent(
        symbol=quote.symbol,
        side=quote.side,
        quantity=quote.quantity,
        price=quote.price,
        time_in_force=TimeInForce.GTC,
        post_only=True,
        algorithm=QUOTE,
        confidence=quote.confidence,
    )


def _order(intent: Buy | Sell) -> SizedIntent:
    return SizedIntent(
        symbol=intent.symbol,
        side=Side.BUY if isinstance(intent, Buy) else Side.SELL,
        quantity=intent.quantity,
        price=intent.price,
        time_in_force=intent.time_in_force,
        post_only=intent.post_only,
        purpose=intent.purpose,
        confidence=intent.confidence,
        trigger_price=intent.trigger_price,
        take_profit=intent.take_profit,
        trigger_by=intent.trigger_by,
        callback_bps=intent.callback_bps,
        activation_price=intent.activation_price,
        reduce_only=intent.reduce_only,
        position_side=intent.position_side,
        display_quantity=intent.display_quantity,
        good_till_ns=intent.good_till_ns,
    )


def _cancel(cancel: Cancel, view: PositionView) -> Iterator[CancelWish]:
    for order in view.orders:
        named = (
            order.client_order_id == cancel.client_order_id
            if cancel.client_order_id
            else order.purpose is not Purpose.PROTECTIVE
        )
        if named and not order.cancel_requested:
            yield CancelWish(view.symbol, order.client_order_id, "asked by the strategy")
