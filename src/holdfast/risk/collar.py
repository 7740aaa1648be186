"""The collar gate: no price may be far through the market; a reduction has a wider collar.

A price away from the market only rests and is not this gate's concern. A stop is measured from
its trigger, and the pending leg of a list from its working leg: there the market will be.
"""

from holdfast.domain.approval import Refusal
from holdfast.risk.view import BPS, Ask, View


def check(ask: Ask, view: View) -> Refusal | None:
    """Refuse a worst price beyond the collar around the market."""
    top = ask.top
    if (top is None and not ask.anchor) or not ask.worst_price:
        return Refusal("collar", "no market price")
    bid = ask.anchor or (top.bid if top is not None else 0)
    offer = ask.anchor or (top.ask if top is not None else 0)
    limits = view.limits
    bps = limits.reduction_collar_bps if ask.reduces else limits.collar_bps
    tick = view.instrument.tick
    if ask.is_buy:
        end = offer * (BPS + bps)
        if ask.worst_price * BPS < end + tick * BPS and offer:
            return None
    else:
        end = bid * (BPS - bps)
        if ask.worst_price * BPS > end - tick * BPS and bid:
            return None
    text = view.instrument.price_text
    return Refusal(
        "collar",
        "the price is too far through the market",
        text(ask.worst_price),
        text(end // BPS),
    )
