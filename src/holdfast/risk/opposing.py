"""The opposing gate: two strategies never trade with each other; the later order is refused.

What is approved, Unknown or working counts as resting; an order at the market would trade with
anything on the other side. A stop that waits for its trigger rests nowhere; if it wakes up
against one of ours, the venue's self-trade prevention is the net.
"""

from holdfast.domain.approval import Refusal
from holdfast.domain.order import Side
from holdfast.risk.view import Ask, View


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse an order that could trade with an open order of another of our strategies."""
    mine, total = ask.mine, ask.total
    others = total.selling - mine.selling if ask.is_buy else total.buying - mine.buying
    if not others and not view.desk.is_hedged:
        return None
    if ask.wish.trigger_price or ask.wish.callback_bps:
        return None
    return _crossing(ask, view)


def _crossing(ask: Ask, view: View) -> Refusal | None:
    symbol = view.instrument.symbol
    opposite = Side.SELL if ask.is_buy else Side.BUY
    for (strategy, on), orders in view.account.working.items():
        if on != symbol or strategy == view.strategy:
            continue
        for order in orders.values():
            request = order.request
            if request.side is not opposite or order.ending or request.is_conditional:
                continue
            price = request.price
            if not ask.price or not price or _crosses(ask, price):
                text = view.instrument.price_text
                return Refusal(
                    "opposing",
                    f"it could trade with an order of {strategy}",
                    text(ask.worst_price),
                    text(price) if price else "market",
                )
    return None


def _crosses(ask: Ask, price: int) -> bool:
    return ask.price >= price if ask.is_buy else ask.price <= price
