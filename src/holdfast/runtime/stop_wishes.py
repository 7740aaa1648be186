"""What speaks against a wish for a protective stop, before anything is done about it.

A price that the venue would refuse, or that the market has passed already, is a slip of whoever
wished it: the wish is refused and told, no stop changes, and nothing is sold. For a position
that is still to be opened the price of its entry is what the stop is measured by.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from holdfast.domain.approval import Refusal
from holdfast.domain.intent import SizedIntent
from holdfast.domain.money import PriceUnits
from holdfast.domain.order import Order, Side
from holdfast.risk import filters, order_filters
from holdfast.risk.view import View, ask_of_intent

NOTHING = Refusal("protect", "there is nothing to protect")


def objection(
    stop: SizedIntent, view: View, *, is_held: bool, opening: Sequence[Order]
) -> Refusal | None:
    """Give the rule that a stop breaks, by the filters that its order will meet.

    `is_held` holds where there is a position that is more than dust; otherwise the quantity is
    not known yet and only the prices count. What the venue does not trade now is not judged.
    """
    if view.instrument.status != filters.TRADING:
        return None
    if is_held:
        return filters.check(ask_of_intent(stop, view), view)
    entry = _entry_price(stop, view, opening=opening) if opening else PriceUnits(0)
    if entry:
        view = replace(view, last=entry, mark=entry)
    return order_filters.check(ask_of_intent(stop, view), view)


def _entry_price(stop: SizedIntent, view: View, *, opening: Sequence[Order]) -> PriceUnits:
    """Give the price of the entry that leaves a stop the most room; 0 when it is not known."""
    is_sell = stop.side is Side.SELL
    top = view.desk.tops.get(stop.symbol)
    market = view.last or ((top.bid + top.ask) // 2 if top is not None else 0)
    prices: list[int] = []
    for order in opening:
        request = order.request
        if request.trigger_price:
            prices.append(request.trigger_price)
        elif request.price and market:
            prices.append((min if is_sell else max)(request.price, market))
        else:
            prices.append(request.price or market)
    return PriceUnits((max if is_sell else min)(prices))
